package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/recording"
)

// server is a server that is played in a recording, with times that are written and not measured. Tests plant regressions in it.
type server struct {
	startup      time.Duration
	instructions string
	tools        []string                 // elements of the list
	answers      map[string]string        // results of calls, by tool
	errors       map[string]string        // likewise, errors
	takes        map[string]time.Duration // calls, by tool
	calls        map[string]int           // how often each tool is called
	hangs        string                   // a call of this tool is answered after 40 s
	leaves       string                   // a call of this tool is not answered
	says         []string                 // lines on stdout besides
	code         int
	signal       string
	crashes      bool // it ends by itself
}

const (
	addTool = `{"name":"add","description":"Adds two numbers.","inputSchema":{"type":"object","properties":{` +
		`"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]},"annotations":{"readOnlyHint":true}}`
	findTool = `{"name":"find","description":"Finds notes.","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}`
)

// healthy returns a server without faults.
func healthy() *server {
	return &server{
		startup: 300 * time.Millisecond, instructions: "Use find before add.", tools: []string{addTool, findTool},
		answers: map[string]string{
			"add": `{"content":[{"type":"text","text":"3"}]}`, "find": `{"content":[{"type":"text","text":"nothing"}]}`,
		},
		errors: map[string]string{},
		takes:  map[string]time.Duration{"add": 20 * time.Millisecond, "find": 50 * time.Millisecond},
		calls:  map[string]int{"add": 20, "find": 20},
	}
}

// session is a recording that is written.
type session struct {
	recording.Recording
	at time.Duration
}

func (s *session) say(from recording.Side, format string, values ...any) {
	s.at += time.Millisecond
	s.Events = append(s.Events, recording.Event{At: s.at, From: from, Data: []byte(fmt.Sprintf(format, values...) + "\n")})
}

// play returns a session with the server.
func (v *server) play(name string) *conversation.Conversation {
	s := &session{Recording: recording.Recording{Header: recording.Header{Started: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)}}}
	s.say(recording.Client, `{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25",`+
		`"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	s.at = v.startup
	s.say(recording.Server, `{"jsonrpc":"2.0","id":"i","result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},`+
		`"serverInfo":{"name":"notes","version":"1.0.0"},"instructions":%q}}`, v.instructions)
	s.say(recording.Client, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	s.say(recording.Client, `{"jsonrpc":"2.0","id":"l","method":"tools/list"}`)
	s.say(recording.Server, `{"jsonrpc":"2.0","id":"l","result":{"tools":[%s]}}`, strings.Join(v.tools, ","))
	for _, line := range v.says {
		s.say(recording.Server, "%s", line)
	}
	id := 0
	for _, tool := range []string{"add", "find", "extra"} {
		for range v.calls[tool] {
			id++
			v.call(s, id, tool)
		}
	}
	s.at += time.Second
	if !v.crashes {
		s.Events = append(s.Events, recording.Event{At: s.at, From: recording.Client, End: recording.Whole})
	}
	s.Events = append(s.Events,
		recording.Event{At: s.at, From: recording.Server, End: recording.Whole},
		recording.Event{At: s.at, Exit: &recording.Exit{Code: v.code, Signal: v.signal}},
	)
	return conversation.Read(name, &s.Recording, conversation.Config{})
}

func (v *server) call(s *session, id int, tool string) {
	s.say(recording.Client, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":{"a":%d,"b":2}}}`, id, tool, id)
	s.at += v.takes[tool] - time.Millisecond
	if tool == v.hangs && id == 1 {
		s.at += 40 * time.Second
	}
	switch {
	case tool == v.leaves && id == 1:
	case v.errors[tool] != "":
		s.say(recording.Server, `{"jsonrpc":"2.0","id":%d,"error":%s}`, id, v.errors[tool])
	default:
		s.say(recording.Server, `{"jsonrpc":"2.0","id":%d,"result":%s}`, id, v.answers[tool])
	}
}

// tight are budgets that the healthy server is just within.
const tight = `version: 1
startup: 400ms
p95: {add: 25ms, find: 60ms}
result_tokens: 40
result_bytes: 200B
context_tokens: 100
context_bytes: 500B
tool_tokens: 45
tool_bytes: 250B
description: 40
expect_tools: [add, "f*d"]
forbid_tools: ["debug_*"]
exit: zero
`

func parse(t *testing.T, text string) *check.Rules {
	t.Helper()
	rules, problems := check.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("%+v\n%s", problems, text)
	}
	return rules
}

// over returns the headings of what is over its budget.
func over(results []check.Result) (headings []string) {
	for _, r := range results {
		if r.State == check.Failed {
			headings = append(headings, r.Heading())
		}
	}
	return headings
}

// TestRegressions: a server with a planted regression of each kind fails for the right reason and for no other; the healthy one passes.
func TestRegressions(t *testing.T) {
	baseline := check.Offered(healthy().play("before"))
	schema := func(before, after string) func(*server) {
		return func(v *server) { v.tools[0] = strings.Replace(addTool, before, after, 1) }
	}
	failed := map[check.Name]bool{check.MinCalls: true} // which only says what p95 takes
	const long = "A description that has become longer than forty characters, and nothing else."
	for _, test := range []struct {
		name  string
		plant func(v *server)
		rule  string // in the place of the tight one of its name
		want  []string
	}{
		{"healthy", func(*server) {}, "baseline: b.json", nil},
		{"slow start", func(v *server) { v.startup = 2 * time.Second }, "", []string{"startup: 2.00s, budget 400ms"}},
		{"slow tool", func(v *server) { v.takes["find"] = 90 * time.Millisecond }, "", []string{"p95 find: 90ms, budget 60ms"}},
		{"failures", func(v *server) {
			v.errors["add"], v.calls["add"] = `{"code":-32603,"message":"no such column"}`, 5
		}, "", []string{"failures: 5 requests, budget 0"}},
		{"a share of failures", func(v *server) {
			v.errors["add"], v.calls["add"] = `{"code":-32603,"message":"no such column"}`, 5
		}, `failures: 10%`, []string{"failures: 20 %, budget 10 %"}},
		{"failures of a class", func(v *server) {
			v.answers["add"], v.calls["add"] = `{"isError":true,"content":[{"type":"text","text":"429 Too Many Requests"}]}`, 5
		}, `failures: {"*": 0, rate_limited: 4}`, []string{"failures rate_limited: 5 requests, budget 4"}},
		{"a hung call", func(v *server) { v.hangs = "add" }, "", []string{"hung: 1 request, budget 0"}},
		{"no answer", func(v *server) { v.leaves = "add" }, "", []string{"unanswered: 1 request, budget 0"}},
		{"a violation", func(v *server) { v.says = []string{`{"jsonrpc":"2.0","id":77,"result":{}}`} }, "",
			[]string{"violations: 1 message, budget 0"}},
		{"a violation of a kind", func(v *server) {
			v.says = []string{`{"jsonrpc":"2.0","id":77,"result":{}}`, `{"jsonrpc":"2.0","id":78,"result":{}}`}
		},
			"violations: {orphan_response: 1}", []string{"violations orphan_response: 2 messages, budget 1"}},
		{"noise", func(v *server) { v.says = []string{"listening on stdio", "ready"} }, "", []string{"noise: 2 lines, budget 0"}},
		{"exit status", func(v *server) { v.code = 3 }, "",
			[]string{"exit: exit 3, the client closed the session, want an end by the client, and exit 0"}},
		{"crash", func(v *server) { v.code, v.crashes = 1, true }, "",
			[]string{"exit: exit 1, the server ended by itself, want an end by the client, and exit 0"}},
		{"large results", func(v *server) {
			v.answers["find"] = `{"content":[{"type":"text","text":"` + strings.Repeat("lorem ", 50) + `"}]}`
		}, "result_bytes: off", []string{"result_tokens find: ≈50 tokens, budget 40"}},
		{"large results in bytes", func(v *server) {
			v.answers["find"] = `{"content":[{"type":"text","text":"` + strings.Repeat("lorem ", 50) + `"}]}`
		}, "result_tokens: {find: off}", []string{"result_bytes find: 374 B, budget 200 B"}},
		{"a dear tool", func(v *server) {
			v.tools[1] = strings.Replace(findTool, `"type":"string"`, `"type":"string","enum":["alpha","beta","gamma",`+
				`"delta","epsilon","zeta","eta","theta"]`, 1)
		}, "",
			[]string{"tool_tokens find: ≈46 tokens, budget 45"}},
		{"a dear tool in bytes", func(v *server) {
			v.tools[1] = strings.Replace(findTool, `"type":"string"`, `"type":"string","pattern":"`+strings.Repeat("a", 150)+`"`, 1)
		}, "tool_tokens: off", []string{"tool_bytes find: 279 B, budget 250 B"}},
		{"more tools", func(v *server) { v.tools = append(v.tools, strings.Replace(addTool, `"add"`, `"sub"`, 1)) }, "context_bytes: 1kB",
			[]string{"context_tokens: ≈112 tokens, budget 100"}},
		{"more tools in bytes", func(v *server) { v.tools = append(v.tools, strings.Replace(addTool, `"add"`, `"sub"`, 1)) }, "context_tokens: off",
			[]string{"context_bytes: 534 B, budget 500 B"}},
		{"a long description", func(v *server) { v.tools[1] = strings.Replace(findTool, "Finds notes.", long, 1) }, "",
			[]string{"description find: 77 characters, budget 40"}},
		{"long instructions", func(v *server) { v.instructions = long }, "", []string{"description instructions: 77 characters, budget 40"}},
		{"a missing tool", func(v *server) { v.tools, v.calls["find"] = v.tools[:1], 0 }, "", []string{"expect_tools f*d: not listed, want listed"}},
		{"a forbidden tool", func(v *server) {
			v.tools = append(v.tools, `{"name":"debug_heap","inputSchema":{"type":"object"}}`)
		}, "", []string{"forbid_tools debug_*: listed, want not listed"}},
		{"a changed definition", schema(`"b":{"type":"number"}`, `"b":{"type":"integer"}`), "baseline: b.json", []string{"baseline: 1 difference, want none"}},
		{"a changed annotation", schema(`"readOnlyHint":true`, `"readOnlyHint":false`), "baseline: b.json", []string{"baseline: 1 difference, want none"}},
		{"changed instructions", func(v *server) { v.instructions = "Use add before find." }, "baseline: b.json", []string{"baseline: 1 difference, want none"}},
		{"another order of tools", func(v *server) { slices.Reverse(v.tools) }, "baseline: b.json", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := healthy()
			test.plant(v)
			results := check.Judge(parse(t, with(tight, test.rule)), baseline, []*conversation.Conversation{v.play("now")})
			for _, r := range results {
				failed[r.Rule] = failed[r.Rule] || r.State == check.Failed
			}
			if got := over(results); !slices.Equal(got, test.want) {
				t.Errorf("over budget:\n%s\nwant:\n%s\n%+v", strings.Join(got, "\n"), strings.Join(test.want, "\n"), results)
			}
		})
	}
	for _, r := range check.All() {
		if !failed[r.Name] {
			t.Errorf("no regression fails %s", r.Name)
		}
	}
}

// with returns a file of rules with another rule in the place of the one of that name.
func with(file, rule string) string {
	name, _, found := strings.Cut(rule, ":")
	if !found {
		return file
	}
	lines := slices.DeleteFunc(strings.Split(file, "\n"), func(line string) bool { return strings.HasPrefix(line, name+":") })
	return strings.Join(lines, "\n") + rule + "\n"
}
