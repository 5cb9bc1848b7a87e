package rules_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestValues: what is a number, and where it is found.
func TestValues(t *testing.T) {
	for _, test := range []struct {
		name, value, result string
		want                []string
	}{
		{"a number", `{from: result, path: $.n}`, `{"n":4.5}`, []string{"x 4.5"}},
		{"a text that is one", `{from: result, path: $.n}`, `{"n":" 1,234.5 "}`, []string{"x 1234.5"}},
		{"true", `{from: result, path: $.n}`, `{"n":true}`, []string{"x 1"}},
		{"the last of equal keys", `{from: result, path: $.n}`, `{"n":1,"n":2}`, []string{"x 2"}},
		{"several", `{from: result, path: "$.n[*]"}`, `{"n":[1,"2",null,{},[3]]}`, []string{"x 1", "x 2"}},
		{"scaled", `{from: result, path: $.n, scale: -0.5}`, `{"n":3}`, []string{"x -1.5"}},
		{"too large for a float", `{from: result, path: $.n}`, `{"n":1e999}`, nil},
		{"too large to be added", `{from: result, path: $.n}`, `{"n":1e101}`, nil},
		{"beside one that is too large", `{from: result, path: $.n}`, `{"n":7,"m":-1e999}`, []string{"x 7"}},
		{"words for no number", `{from: result, path: "$.n[*]"}`, `{"n":["NaN","Inf","-Infinity","0x10","1_000","1e","--1",""]}`, nil},
		{"damaged text", `{from: text, regex: 'left: (\d+)'}`, `{"content":[{"text":"\ud800 \u0000 left: 5"}]}`, []string{"x 5"}},
		{"invalid UTF-8", `{from: text, regex: 'left: (\d+)'}`, "{\"content\":[{\"text\":\"\xff left: 6\"}]}", []string{"x 6"}},
		{"no JSON", `{from: result, path: $.n}`, `{"n":1`, nil},
		{"JSON and more", `{from: result, path: $.n}`, `{"n":1} {"n":2}`, nil},
		{"deep JSON", `{from: result, path: $..n}`, strings.Repeat(`{"a":`, 700) + `{"n":8}` + strings.Repeat(`}`, 700), []string{"x 8"}},
		{"beside JSON that is deeper", `{from: result, path: $.n}`, `{"n":8,"m":` + nested(9000, "") + `}`, []string{"x 8"}},
		{"JSON that is too deep", `{from: result, path: $..n}`, strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000), nil},
		{"JSON in a text", `{from: text, path: $.n}`, text(`{"n":3}`, `no JSON`, `{"n":4}`), []string{"x 3", "x 4"}},
		{"a number in a text in a text", `{from: text, path: $.n, regex: '(\d+) left'}`, text(`{"n":"3 left"}`), []string{"x 3"}},
		{"a group with a name", `{from: text, regex: '(a)(?P<value>\d)'}`, text("a1 a2"), []string{"x 1", "x 2"}},
		{"no group", `{from: text, regex: '\d+'}`, text("12 34"), []string{"x 12", "x 34"}},
		{"a resource's text", `{from: text, regex: '\d+'}`, `{"contents":[{"uri":"x","text":"5"}]}`, []string{"x 5"}},
		{"a prompt's text", `{from: text, regex: '\d+'}`, `{"messages":[{"role":"user","content":{"type":"text","text":"5"}}]}`, []string{"x 5"}},
		{"content of other types", `{from: text, regex: '\d+'}`, `{"content":[1,null,"5",{"text":5}],"contents":{},"messages":[{"content":[]}]}`, nil},
		{"an error's message", `{from: error, regex: '\d+'}`, `!{"code":1,"message":"wait 9"}`, []string{"x 9"}},
		{"an error without one", `{from: error, regex: '\d+'}`, `!{"code":1,"message":9}`, nil},
		{"a result that is no error", `{from: error, regex: '\d+'}`, text("9"), nil},
		{"a count of nothing", `{from: result, path: "$.n[*]", as: count}`, `{}`, []string{"x 0"}},
		{"no count without a result", `{from: result, path: "$.n[*]", as: count}`, `!{"message":"x"}`, nil},
		{"the age of a date", `{from: result, path: $.t, as: age}`, `{"t":"2026-11-26"}`, []string{"x 43200"}},
		{"of an HTTP date", `{from: result, path: $.t, as: age}`, `{"t":"Thu, 26 Nov 2026 11:59:30 GMT"}`, []string{"x 30"}},
		{"of a time to come", `{from: result, path: $.t, as: age}`, `{"t":"2026-11-26T12:01:00+00:00"}`, []string{"x -60"}},
		{"of no time", `{from: result, path: "$.t[*]", as: age}`, `{"t":[true,0,-1,"soon",{}]}`, nil},
		{"a constant", `3`, `{}`, []string{"x 3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, newSession(parse(t, gauge(test.value))).call("t", `{}`, test.result), test.want...)
		})
	}
}

// TestWhen: which calls count.
func TestWhen(t *testing.T) {
	for _, test := range []struct {
		name, when string
		result     string
		counted    bool
	}{
		{"a word in any case", `{from: text, contains: [caught]}`, text("CAUGHT it"), true},
		{"not the word", `{from: text, contains: [caught]}`, text("missed"), false},
		{"all of it", `{from: result, path: $.s, equals: ["yes", 1]}`, `{"s":1}`, true},
		{"a part of it", `{from: result, path: $.s, equals: ["yes"]}`, `{"s":"yes!"}`, false},
		{"something", `{from: text, regex: 'b+'}`, text("abc"), true},
		{"nothing", `{from: text, regex: 'b+'}`, text("ac"), false},
		{"not", `{from: text, contains: [caught], not: true}`, text("missed"), true},
		{"not, and no answer", `{from: text, contains: [caught], not: true}`, ``, true},
		{"no answer", `{from: text, contains: [caught]}`, ``, false},
		{"an outcome", `{outcome: failed}`, `!{"message":"x"}`, true},
		{"one of two", `{outcome: [ok, cancelled]}`, ``, true},
		{"another outcome", `{outcome: ok}`, `!{"message":"x"}`, false},
		{"an outcome and a word", `{outcome: ok, from: text, contains: [caught]}`, text("missed"), false},
		{"an argument", `{from: arguments, path: $.level, equals: [hard]}`, `{}`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(parse(t, "rules: [{name: x, type: counter, match: {tool: t}, when: "+test.when+"}]"))
			if got := len(s.call("t", `{"level":"hard"}`, test.result)) > 0; got != test.counted {
				t.Errorf("counted: %v", got)
			}
		})
	}
}

// TestMatch: which requests a rule is for.
func TestMatch(t *testing.T) {
	for _, test := range []struct {
		match   string
		request rules.Request
		matched bool
	}{
		{`tool: "a*c"`, rules.Request{Method: semconv.ToolsCall, Target: "abc"}, true},
		{`tool: "a.c"`, rules.Request{Method: semconv.ToolsCall, Target: "abc"}, false},
		{`tool: "*"`, rules.Request{Method: semconv.PromptsGet, Target: "abc"}, false},
		{`prompt: abc`, rules.Request{Method: semconv.PromptsGet, Target: "abc"}, true},
		{`resource: "note://*"`, rules.Request{Method: semconv.ResourcesRead, URI: "note://1"}, true},
		{`method: completion/complete`, rules.Request{Method: semconv.Complete}, true},
		{`tool: "*", server: "arcade*"`, rules.Request{Method: semconv.ToolsCall, Target: "x"}, true},
		{`tool: "*", server: "bank*"`, rules.Request{Method: semconv.ToolsCall, Target: "x"}, false},
	} {
		set := parse(t, "rules: [{name: x, type: counter, match: {"+test.match+"}}]")
		s := newSession(set)
		for _, direction := range []record.Direction{record.ToServer, record.ToClient} {
			test.request.Direction = direction
			s.Request(test.request)
			got := s.Opened(&record.Operation{Number: 1, Direction: direction, Method: test.request.Method})
			if matched := len(got) > 0; matched != (test.matched && direction == record.ToServer) {
				t.Errorf("%s, %s: matched: %v", test.match, direction, matched)
			}
		}
	}
}

// TestOnlyListedWords: a label has no value that its rule does not list, and no value is anything but a number.
func TestOnlyListedWords(t *testing.T) {
	const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
	s := newSession(parse(t, `
rules:
  - name: x
    type: counter
    match: {tool: "*"}
    labels:
      - {name: a, from: arguments, path: $.a, values: [low]}
      - {name: b, from: text, regex: '(\S+)', values: [low]}
      - {name: c, from: name, values: [low]}
      - {name: d, from: error, regex: '(\S+)', values: [low]}
      - {name: e, from: outcome}
  - {name: y, type: gauge, match: {tool: "*"}, value: {from: arguments, path: $.a}}
`))
	got := s.call(secret, `{"a":"`+secret+`"}`, `{"isError":true,"content":[{"text":"`+secret+`"}]}`)
	equal(t, got, "x{a=other,b=other,c=other,d=other,e=failed} 1")
	equal(t, s.call("low", `{"a":" LOW "}`, text("Low!", "low")), "x{a=low,b=other,c=low,d=other,e=ok} 1")
	for _, p := range s.problems {
		if strings.Contains(p, secret) {
			t.Errorf("a problem quotes content: %s", p)
		}
	}
}

// TestSeriesBound: a rule has 200 series, and further values share one.
func TestSeriesBound(t *testing.T) {
	var words []string
	for i := range 50 {
		words = append(words, fmt.Sprintf("w%d", i))
	}
	list := "[" + strings.Join(words, ",") + "]"
	s := newSession(parse(t, "rules: [{name: x, type: counter, match: {tool: t}, labels: ["+
		"{name: a, from: arguments, path: $.a, values: "+list+"}, {name: b, from: arguments, path: $.b, values: "+list+"}]}]"))
	series := map[string]int{}
	for i := range 50 {
		for j := range 10 {
			for _, line := range s.call("t", fmt.Sprintf(`{"a":"w%d","b":"w%d"}`, i, j), `{}`) {
				series[line]++
			}
		}
	}
	if len(series) != rules.MaxSeries+1 || series["x{a=other,b=other} 1"] != 300 {
		t.Errorf("%d series, the last has %d values", len(series), series["x{a=other,b=other} 1"])
	}
	if len(s.problems) != 1 {
		t.Errorf("problems: %q", s.problems)
	}
}

// TestLeftOut: what cannot be measured is counted, and named once.
func TestLeftOut(t *testing.T) {
	s := newSession(parse(t, `rules:
  - {name: x, type: counter, match: {tool: t}, value: {from: arguments, path: $.n}}
  - {name: y, type: gauge, match: {tool: t}, value: {from: result, path: $.n}}`))
	for range 2 {
		equal(t, s.call("t", `{"n":-1}`, `{"n":2}`), "y 2")
	}
	for number := range uint64(2) {
		op := &record.Operation{Number: 100 + number, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "t"}
		s.Request(rules.Request{
			Direction: op.Direction, Method: op.Method, Target: "t", Content: rules.Content{TooLarge: true, Arguments: []byte(`{"n":1}`)},
		})
		all := s.Opened(op)
		s.Response(op.Number, rules.Content{TooLarge: true, Result: []byte(`{"n":1}`)}, noon)
		equal(t, written(append(all, s.Ended(op)...)))
	}
	if s.Skipped() != 6 || len(s.problems) != 3 {
		t.Errorf("left out: %d; problems: %q", s.Skipped(), s.problems)
	}
	for i, tally := range s.Tallies() {
		if tally.Matched != 4 || tally.Left != []int64{4, 2}[i] {
			t.Errorf("rule %d: %+v", i, tally)
		}
	}
}

// TestPanic: a panic in a library disables the rule, and nothing else.
func TestPanic(t *testing.T) {
	set := parse(t, gauge(`{from: arguments, path: $.n}`)+"  - {name: y, type: counter, match: {tool: t}}\n")
	set.Rules[0].Value.Source.Path = nil // of a rule that Parse has not made
	s := newSession(set)
	for range 3 {
		equal(t, s.call("t", `{"n":1}`, `{}`), "y 1")
	}
	if len(s.problems) != 1 || !strings.Contains(s.problems[0], "metric rule x is off") {
		t.Errorf("problems: %q", s.problems)
	}
}

// TestValuesBound: one message gives a rule no more than 100 values, and none that a sum could make infinite.
func TestValuesBound(t *testing.T) {
	s := newSession(parse(t, gauge(`{from: result, path: "$.n[0,0,0,0,0]"}`)+
		"  - {name: y, type: histogram, match: {tool: t}, value: {from: result, path: \"$.m[*]\", scale: 1e12}}\n"))
	got := s.call("t", `{}`, `{"n":[1],"m":[1e100`+strings.Repeat(",1", 500)+`]}`)
	if len(got) != 5+99 {
		t.Errorf("%d values", len(got))
	}
	for _, line := range got {
		var f float64
		if _, err := fmt.Sscanf(line, "y %g", &f); err == nil && math.Abs(f) > 1e100 {
			t.Errorf("measured %s", line)
		}
	}
}

// TestExpensive: what all rules together cost for a message has a bound. Each that is left out is named once.
func TestExpensive(t *testing.T) {
	var file strings.Builder
	file.WriteString("rules:\n- {name: first, type: counter, match: {tool: t}, value: {from: text, regex: '^\\d'}}\n")
	for i := range 20 {
		fmt.Fprintf(&file, "- {name: x%c, type: counter, match: {tool: t}, value: {from: text, regex: '(\\d)(.*z)?'}}\n", 'a'+i)
	}
	s := newSession(parse(t, file.String()))
	for range 2 {
		if got := s.call("t", `{}`, text(strings.Repeat("1", 16_000))); len(got) > 1000 || got[0] != "first 1" {
			t.Errorf("%d values, the first is %s", len(got), got[0])
		}
	}
	if n := len(s.problems); n < 10 || n > 20 || !strings.Contains(s.problems[0], "too expensive") {
		t.Errorf("problems: %q", s.problems)
	}
	if got := len(s.call("t", `{}`, text("12"))); got != 41 {
		t.Errorf("of a short message: %d values", got)
	}
}

// TestExpensiveAlone: one rule that costs too much for a message is left out before it is evaluated. Without that, the first of
// these takes a minute and a half.
func TestExpensiveAlone(t *testing.T) {
	ones := "1" + strings.Repeat(",1", 110_000)
	for _, test := range []struct{ name, value, result string }{
		{"all that is deep", `{from: result, path: "$..*", as: count}`, nested(9000, ones)},
		{"a filter of all that is deep", `{from: result, path: "$..[?@]", as: count}`, nested(9000, ones)},
		{"a path into all that is deep", `{from: result, path: "$..[0,1,0,1,0]", as: count}`, nested(9000, ones)},
		{"not so deep", `{from: result, path: "$..*", as: count}`, nested(300, ones)},
		{"in a text", `{from: text, path: "$..*", as: count}`, text(nested(300, ones))},
		{"every match to the end", `{from: text, regex: '(\d)((\d*)*(\d*)*(\d*)*(\d*)*(\d*)*(\d*)*z)?'}`, text(strings.Repeat("1", 16_000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(parse(t, gauge(test.value)))
			equal(t, s.call("t", `{}`, test.result))
			if len(s.problems) != 1 || !strings.Contains(s.problems[0], "too expensive") {
				t.Errorf("problems: %q", s.problems)
			}
		})
	}
}

// TestAffordable: what ordinary rules cost for the largest messages is within the bound.
func TestAffordable(t *testing.T) {
	items := `{"items":[{"id":1,"n":2}` + strings.Repeat(`,{"id":1,"n":2}`, 16_000) + `]}`
	for _, test := range []struct{ name, value, result, last string }{
		{"all members", `{from: result, path: "$.items[*].n", as: count}`, items, "x 16001"},
		{"all that is below", `{from: text, path: "$..n"}`, text(items[:strings.LastIndex(items[:110_000], ",{")] + "]}"), "x 2"},
		{"all matches", `{from: text, regex: '(\d+) ms'}`, text(strings.Repeat("took 12 ms; ", 1300) + strings.Repeat("x", 200_000)), "x 12"},
		{"the first 16 KiB", `{from: text, regex: '^x*(\d?)'}`, text(strings.Repeat("x", 16<<10) + "1"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(parse(t, gauge(test.value)))
			got := s.call("t", `{}`, test.result)
			if last := strings.Join(got[max(len(got)-1, 0):], ""); last != test.last || len(s.problems) > 0 {
				t.Errorf("the last of %d values: %q; problems: %q", len(got), last, s.problems)
			}
		})
	}
}

// nested is a list in a list.
func nested(depth int, in string) string {
	return strings.Repeat("[", depth) + in + strings.Repeat("]", depth)
}

// TestManyCalls: calls that never end take no more room than 2,000 of them.
func TestManyCalls(t *testing.T) {
	s := newSession(parse(t, gauge(`{from: result, path: $.n}`)))
	open := func(number uint64) bool {
		op := &record.Operation{Number: number, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "t"}
		s.Request(rules.Request{Direction: op.Direction, Method: op.Method, Target: op.Target})
		s.Opened(op)
		return s.WaitsFor(number)
	}
	for number := uint64(1); number <= 2000; number++ {
		if !open(number) {
			t.Fatalf("call %d is not waited for", number)
		}
	}
	if open(2001) {
		t.Error("the 2001st is waited for")
	}
	s.Ended(&record.Operation{Number: 7})
	if !open(2002) {
		t.Error("an end makes no room")
	}
}
