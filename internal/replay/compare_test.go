package replay_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/replay"
)

// parsed returns the rules of a text.
func parsed(t *testing.T, text string) *replay.Rules {
	t.Helper()
	rules, err := replay.ParseRules([]byte(text), func(string, []string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// compared replays one call with a result to a server that answers with another, and returns the differences.
func compared(t *testing.T, method, was, is string, rules *replay.Rules) []string {
	t.Helper()
	rec := recorded(t, fmt.Sprintf(`
		> {"id":1,"method":%q,"params":{"name":"a"}}
		< {"id":1,"result":%s}
		close`, method, was))
	report, _, _ := replayed(t, rec, fresh{{"", `{"id":1,"result":` + is + `}`}}, replay.Config{}, replay.Options{Rules: rules})
	return differences(report)
}

func TestCompare(t *testing.T) {
	const u1, u2, u3 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
	for _, test := range []struct{ name, was, is, want, rules string }{
		{"the order of members and white space", `{"a":1,"b":[1,2]}`, `{ "b":[ 1, 2 ], "a":1 }`, "", ""},
		{"the spelling of numbers", `{"a":1,"b":100,"c":-0.50,"d":0}`, `{"a":1.0,"b":1e2,"c":-5e-1,"d":-0.0}`, "", ""},
		{"a large integer", `{"a":9007199254740993}`, `{"a":9007199254740992}`, "result a: - 9007199254740993 + 9007199254740992", ""},
		{"a number that became a text", `{"a":1}`, `{"a":"1"}`, `result a: - 1 + "1"`, ""},
		{"null and absent", `{"a":null}`, `{}`, `result a: - null`, ""},
		{"a member that is new", `{"a":{"b":1}}`, `{"a":{"b":1,"c d":true}}`, `result a["c d"]: + true`, ""},
		{"an element in front", `{"a":[1,2,3]}`, `{"a":[0,1,2,3]}`, `result a[0]: + 0`, ""},
		{"an element less", `{"a":[1,2,3]}`, `{"a":[1,3]}`, `result a[1]: - 2`, ""},
		{"another order", `{"a":[1,2]}`, `{"a":[2,1]}`, "result a[0]: - 1 + 2\nresult a[1]: - 2 + 1", ""},
		{"another order of a set", `{"a":[{"x":1},{"x":2}]}`, `{"a":[{"x":2},{"x":1}]}`, "", "unordered: [{path: $.a}]"},
		{"another element of a set", `{"a":[1,2]}`, `{"a":[3,1]}`, "result a[1]: - 2 + 3", "unordered: [{path: $.a}]"},
		{"JSON in a text", `{"text":"{\"a\": 1, \"b\": 2}"}`, `{"text":"{\"b\":2,\"a\":3}"}`, "result text.a: - 1 + 3", ""},
		{"a UUID", `{"a":"` + u1 + `"}`, `{"a":"` + u2 + `"}`, "", ""},
		{"a UUID is compared", `{"a":"` + u1 + `"}`, `{"a":"` + u2 + `"}`, `result a: - "` + u1 + `" + "` + u2 + `"`, "normalise: {uuids: false}"},
		{"the same UUIDs twice", `["` + u1 + `","` + u2 + `","` + u1 + `"]`, `["` + u2 + `","` + u3 + `","` + u2 + `"]`, "", ""},
		{"UUIDs mixed up", `["` + u1 + `","` + u2 + `","` + u1 + `"]`, `["` + u2 + `","` + u3 + `","` + u3 + `"]`,
			`result [2]: what was the same before is another now, or the other way round - "⟨uuid 1⟩" + "⟨uuid 2⟩"`, ""},
		{"the time of the session", `{"a":"2026-11-28T10:00:05Z","b":1795860005,"c":1795860005123,"d":"at 10:00:02 AM"}`,
			`{"a":"2026-11-29T00:00:00.123Z","b":1795910400,"c":1795910400999,"d":"at 12:00:01 AM"}`, "", ""},
		{"seconds that became milliseconds", `{"a":1795860005}`, `{"a":1795910400123}`, "result a: - 1795860005 + 1795910400123", ""},
		{"a number that is data", `{"a":1595860005}`, `{"a":1595860006}`, "result a: - 1595860005 + 1595860006", ""},
		{"a date that is data", `{"a":"2024-05-01T10:00:00Z"}`, `{"a":"2024-05-02T10:00:00Z"}`,
			`result a: - "2024-05-01T10:00:00Z" + "2024-05-02T10:00:00Z"`, ""},
		{"a time of day that is data", `{"a":"08:14:00"}`, `{"a":"10:24:00"}`, `result a: - "08:14:00" + "10:24:00"`, ""},
		{"dates in words", `{"a":"Sat, 28 Nov 2026 10:00:05 GMT","b":"Sat Nov 28 10:00:05 UTC 2026","c":"Sat Nov 28 2026 11:00:05 GMT+0100 (Central European Standard Time)"}`,
			`{"a":"Sun, 29 Nov 2026 00:00:00 GMT","b":"Sun Nov 29 00:00:01 UTC 2026","c":"Sun Nov 29 2026 01:00:05 GMT+0100 (Central European Standard Time)"}`, "", ""},
		{"times are compared", `{"a":"2026-11-28T10:00:05Z"}`, `{"a":"2026-11-29T00:00:00Z"}`,
			`result a: - "2026-11-28T10:00:05Z" + "2026-11-29T00:00:00Z"`, "normalise: {times: false}"},
		{"a price", `{"text":"12.50 EUR"}`, `{"text":"12.51 EUR"}`, `result text: - "12.50 EUR" + "12.51 EUR"`, ""},
		{"paths", `{"a":"/tmp/mcp-x1/a.txt","b":"file:///home/ann/a","c":"/var/folders/a1/b2/T/x9/y"}`,
			`{"a":"/tmp/mcp-y2/a.txt","b":"file:///Users/bob/a","c":"/tmp/z/y"}`, "", ""},
		{"another file", `{"a":"/tmp/mcp-x1/a.txt"}`, `{"a":"/tmp/mcp-y2/b.txt"}`, `result a: - "⟨temporary 1⟩/a.txt" + "⟨temporary 1⟩/b.txt"`, ""},
		{"a path that is no home", `{"a":"/data/home/ann"}`, `{"a":"/data/home/bob"}`, `result a: - "/data/home/ann" + "/data/home/bob"`, ""},
		{"a port", `{"a":"http://localhost:43211/x"}`, `{"a":"http://localhost:50123/x"}`, "", ""},
		{"a port of another machine", `{"a":"http://example.com:43211"}`, `{"a":"http://example.com:43212"}`,
			`result a: - "http://example.com:43211" + "http://example.com:43212"`, ""},
		{"how long it took", `{"a":"done in 12 ms, took 1.5s"}`, `{"a":"done in 7ms, took 0.25 s"}`, "", "normalise: {uuids: true}"},
		{"how long it took is compared", `{"a":"took 12 ms"}`, `{"a":"took 7 ms"}`, `result a: - "took 12 ms" + "took 7 ms"`, "normalise: {durations: false}"},
		{"how long it will be", `{"a":"again in 5 seconds"}`, `{"a":"again in 6 seconds"}`, `result a: - "again in 5 seconds" + "again in 6 seconds"`, ""},
		{"what a rule ignores", `{"a":{"b":1,"c":2},"d":3}`, `{"a":{"b":5,"c":2,"e":1},"d":4}`, "result d: - 3 + 4", "ignore: [{path: $.a.b}, {path: $.a.e}, {path: $.d, tool: other}]"},
		{"what a rule ignores in a text", `{"text":"{\"at\":1,\"b\":2}"}`, `{"text":"{\"at\":2,\"b\":2}"}`, "", "ignore: [{path: $..at}]"},
		{"a call that a rule ignores", `{"a":1}`, `{"a":2}`, "", "ignore: [{method: tools/call, tool: a*}]"},
		{"what a rule replaces", `{"a":"build 12ab of x"}`, `{"a":"build 77cd of y"}`, `result a: - "build $1 of x" + "build $1 of y"`,
			"replace: [{regex: 'build [0-9a-f]+', with: 'build $1'}]"},
		{"texts of several lines", `{"a":"one\ntwo"}`, `{"a":"one\nthree"}`, `result a: - "one\ntwo" + "one\nthree"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.ReplaceAll(strings.Join(compared(t, "tools/call", test.was, test.is, parsed(t, test.rules)), "\n"), "1 tools/call a | ", "")
			if got != test.want {
				t.Errorf("the differences are\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestDefinitions: the definitions of a list are compared by their names.
func TestDefinitions(t *testing.T) {
	got := compared(t, "tools/list",
		`{"tools":[{"name":"a","description":"one"},{"name":"b","inputSchema":{"type":"object"}},{"name":"c"}]}`,
		`{"tools":[{"name":"d"},{"name":"b","inputSchema":{"type":"object","required":["x"]}},{"name":"a","description":"two"}]}`, nil)
	want := `1 tools/list a | result tools[a].description: - "one" + "two"
1 tools/list a | result tools[b].inputSchema.required: + ["x"]
1 tools/list a | result tools[c]: - {"name":"c"}
1 tools/list a | result tools[d]: + {"name":"d"}`
	if strings.Join(got, "\n") != want {
		t.Errorf("the differences are\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// TestExit compares how servers end.
func TestExit(t *testing.T) {
	for _, test := range []struct {
		was, is recording.Exit
		same    bool
	}{
		{recording.Exit{}, recording.Exit{}, true},
		{recording.Exit{}, recording.Exit{Code: 1}, false},
		{recording.Exit{}, recording.Exit{Signal: "SIGTERM"}, false},
		{recording.Exit{Signal: "SIGTERM"}, recording.Exit{Signal: "SIGKILL"}, true},
		{recording.Exit{Signal: "SIGTERM"}, recording.Exit{}, true},
		{recording.Exit{Code: 143}, recording.Exit{Signal: "SIGTERM"}, true},
		{recording.Exit{Signal: "SIGTERM"}, recording.Exit{Code: 1}, false},
		{recording.Exit{Signal: "SIGTERM"}, recording.Exit{Signal: "SIGSEGV"}, false},
	} {
		rec := recorded(t, "> {\"id\":1,\"method\":\"ping\"}\n< {\"id\":1,\"result\":{}}\nclose")
		rec.Events = append(rec.Events, recording.Event{At: time.Minute, Exit: &test.was})
		report, _, _ := replayed(t, rec, fresh{{"", `{"id":1,"result":{}}`}}, replay.Config{}, replay.Options{Exit: &test.is})
		if same := report.Differences() == 0; same != test.same {
			t.Errorf("%v and %v: the same: %v, want %v", test.was, test.is, same, test.same)
		}
	}
}

// TestOneDigit: one changed digit anywhere in a result is one difference, and none is none.
func TestOneDigit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		text, err := json.Marshal(anything(random, 4))
		if err != nil {
			t.Fatal(err)
		}
		was := `{"content":` + string(text) + `,"n":7}`
		if got := compared(t, "tools/call", was, was, nil); len(got) > 0 {
			t.Fatalf("%s differs from itself: %q", was, got)
		}
		var digits []int
		for i := range was {
			if was[i] >= '0' && was[i] <= '9' {
				digits = append(digits, i)
			}
		}
		at := digits[random.IntN(len(digits))]
		is := was[:at] + string('1'+(was[at]-'0')%9) + was[at+1:]
		if got := compared(t, "tools/call", was, is, nil); len(got) != 1 {
			t.Errorf("%s\n%s\nhave %d differences: %q", was, is, len(got), got)
		}
	}
}

// anything returns a value of JSON, with digits in texts, numbers and JSON in texts, but not in names.
func anything(random *rand.Rand, depth int) any {
	switch n := random.IntN(6); {
	case depth == 0 || n == 0:
		return random.IntN(1e9)
	case n == 1:
		return fmt.Sprintf("%d.%02d EUR\nfor %d", random.IntN(999)+1, random.IntN(100), random.IntN(9)+1)
	case n == 2:
		return float64(random.IntN(1e6)+1) / 8
	case n == 3:
		text, _ := json.Marshal(anything(random, depth-1))
		return string(text)
	case n == 4:
		all := []any{}
		for range random.IntN(4) + 1 {
			all = append(all, anything(random, depth-1))
		}
		return all
	}
	all := map[string]any{}
	for i := range random.IntN(4) + 1 {
		all[string(rune('a'+i))] = anything(random, depth-1)
	}
	return all
}
