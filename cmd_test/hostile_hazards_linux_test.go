package cmd_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// hazard is a conversation that has been seen where it should not be, and what telemetry is to say of it.
type hazard struct {
	what, outcome string
	turns         []exchange
	violations    map[string]int
	spans         []string // as brief has them, in order of their ends
	variables     []string
}

// steps returns the hazard's turns as a conversation.
func (h hazard) steps() []mcptest.Step {
	var steps []mcptest.Step
	for _, e := range h.turns {
		steps = append(steps, mcptest.Step{From: mcptest.FromClient, Text: e.said}, mcptest.Step{From: mcptest.FromServer, Text: e.answered})
	}
	return steps
}

func (h hazard) test(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	host := watched(t, r, scripted(t, h.steps()), append(h.variables, "SPANPIPE_LOG_LEVEL=error")...)
	host.Play(h.steps())
	fits(t, host, room)
	endQuietly(t, host)
	if host.Stderr.String() != "" {
		t.Errorf("stderr: %.400s", host.Stderr)
	}
	if got := violations(t, r); !maps.Equal(got, h.violations) {
		t.Errorf("violations %v, want %v", got, h.violations)
	}
	var spans []string
	for _, s := range r.Spans() {
		if s.Attrs.Has("mcp.method.name") {
			spans = append(spans, brief(s))
		}
	}
	if got, want := strings.Join(spans, "\n"), strings.Join(h.spans, "\n"); got != want {
		t.Errorf("spans\n%s\nwant\n%s", got, want)
	}
}

// brief is what matters of a span: its name, and what is unusual about it.
func brief(s otlptest.Span) string {
	b := s.Name
	for _, key := range []string{"error.type", "rpc.response.status_code", "spanpipe.operation.id_mismatch", "spanpipe.operation.ambiguous"} {
		if s.Attrs.Has(key) {
			b += fmt.Sprintf(" %s=%v", key[strings.LastIndexByte(key, '.')+1:], s.Attrs[key])
		}
	}
	return b
}

// call and reply are a tool's call and its response, each a line.
func call(id, tool string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s"}}`+"\n", id, tool)
}

func reply(id string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}`+"\n", id)
}

func hazards() []hazard {
	const one = "tools/call one"
	long := func(n int) string { return fmt.Sprintf(`"%d%s"`, n, strings.Repeat("x", 1<<20)) }
	return []hazard{
		{what: "logs, banners and emoji on the server's stdout", outcome: "counted as noise",
			// github.com/microsoft/azure-devops-mcp/issues/147, github.com/modelcontextprotocol/servers/issues/3173
			turns:      []exchange{{call("1", "one"), "🚀 server ready\n[INFO] listening\nDebug: x=1\n" + reply("1")}},
			violations: map[string]int{"noise to_client": 3}, spans: []string{one}},
		{what: "JSON that is no JSON-RPC on stdout", outcome: "counted as not_jsonrpc",
			// github.com/elastic/mcp-server-elasticsearch/issues/270
			turns:      []exchange{{call("1", "one"), `{"traceId":"a","name":"span"}` + "\n" + `{}` + "\n[1,2]\n" + reply("1")}},
			violations: map[string]int{"not_jsonrpc to_client": 3}, spans: []string{one}},
		{what: "OpenTelemetry told to write to stdout", outcome: "nothing of ours is there, whatever the variables say",
			// github.com/elastic/mcp-server-elasticsearch/issues/270, github.com/truffle-ai/dexto/issues/302
			variables: []string{"SPANPIPE_OTEL_TRACES_EXPORTER=console", "SPANPIPE_OTEL_METRICS_EXPORTER=console",
				"SPANPIPE_OTEL_LOGS_EXPORTER=console"},
			turns: []exchange{{call("1", "one"), reply("1")}}, violations: map[string]int{}},
		{what: "blank lines, CRLF, a byte order mark", outcome: "messages like any other; the mark is counted",
			// github.com/awslabs/mcp/issues/3823, github.com/stackql/stackql/issues/668, github.com/modelcontextprotocol/kotlin-sdk/issues/956
			turns: []exchange{
				{"\ufeff" + strings.Replace(call("1", "one"), "\n", "\r\n\r\n", 1), "\n \t\n\ufeff" + strings.Replace(reply("1"), "\n", "\r\n", 1)},
			},
			violations: map[string]int{"byte_order_mark to_client": 1, "byte_order_mark to_server": 1}, spans: []string{one}},
		{what: "JSON printed over many lines", outcome: "each line counted as what it looks like; the call is never answered",
			// github.com/Azure/azure-mcp/issues/644
			turns:      []exchange{{call("1", "one"), "{\n  \"jsonrpc\": \"2.0\",\n  \"id\": 1,\n  \"result\": {}\n}\n"}},
			violations: map[string]int{"invalid_json to_client": 1, "noise to_client": 4},
			spans:      []string{one + " type=abandoned"}},
		{what: "two messages written into one another", outcome: "counted as invalid_json; the calls are never answered",
			// github.com/MongLong0214/logic-pro-mcp/issues/232
			turns: []exchange{{call("1", "one") + call("2", "two"),
				`{"jsonrpc":"2.0","id":1,"res{"jsonrpc":"2.0","id":2,"result":{}}` + "\n" + `ult":{}}` + "\n"}},
			violations: map[string]int{"invalid_json to_client": 1, "noise to_client": 1},
			spans:      []string{one + " type=abandoned", "tools/call two type=abandoned"}},
		{what: "U+2028 and U+2029 in a string", outcome: "do not end a line",
			// github.com/anthropics/claude-agent-sdk-typescript/issues/137
			turns: []exchange{{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"one","arguments":{"a":"` + "\u2028\u2029" + `"}}}` + "\n",
				`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"` + "\u2028\u0085" + `"}]}}` + "\n"}},
			violations: map[string]int{}, spans: []string{one}},
		{what: "invalid UTF-8, in a name too", outcome: "passes untouched; the name is not shown",
			// github.com/modelcontextprotocol/python-sdk/issues/2302
			turns:      []exchange{{call("1", "o\xff\xfe"), strings.Replace(reply("1"), "[]", `[{"type":"text","text":"`+"\xc3\x28\xed\xa0\x80"+`"}]`, 1)}},
			violations: map[string]int{}, spans: []string{"tools/call [redacted:name]"}},
		{what: "Content-Length framing", outcome: "passes through; counted as foreign_framing",
			// github.com/modelcontextprotocol/python-sdk/issues/2546
			turns: []exchange{{"Content-Length: 40\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
				"Content-Length: 36\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"result":{}}`}},
			violations: map[string]int{"foreign_framing to_server": 1, "foreign_framing to_client": 1}, spans: []string{"ping"}},
		{what: "an end of file without a newline", outcome: "the last message counts",
			turns:      []exchange{{strings.TrimSuffix(call("1", "one"), "\n"), strings.TrimSuffix(reply("1"), "\n")}},
			violations: map[string]int{}, spans: []string{one}},
		{what: "an id that comes back in another type or form", outcome: "matched where that is unambiguous; counted as id_mismatch",
			// github.com/modelcontextprotocol/python-sdk/issues/961, github.com/yurineko73/Godot-MCP-Native/issues/16
			turns: []exchange{
				{call(`"7"`, "one"), reply("7")}, {call("8", "two"), reply(`"8"`)}, {call("0", "three"), reply("0.0")},
				{call("9007199254740993", "four"), reply("9007199254740993")},
			},
			violations: map[string]int{"id_mismatch to_client": 3},
			spans: []string{one + " id_mismatch=true", "tools/call two id_mismatch=true", "tools/call three id_mismatch=true",
				"tools/call four"}},
		{what: "an id that is never echoed, an error with id null, a response to a notification",
			outcome: "counted as orphan_response and null_id; the call is never answered",
			// github.com/radareorg/radare2-mcp/issues/68, github.com/mark3labs/mcp-go/issues/201
			turns: []exchange{
				{call("1", "one"), reply("55")},
				{`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n",
					`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no id"}}` + "\n"},
			},
			violations: map[string]int{"orphan_response to_client": 1, "null_id to_client": 1},
			spans:      []string{"notifications/initialized", one + " type=abandoned"}},
		{what: "two calls in flight with one id", outcome: "first in, first out, marked ambiguous; counted as duplicate_id",
			// github.com/anthropics/claude-ai-mcp/issues/539
			turns:      []exchange{{call("1", "one") + call("1", "two"), reply("1") + reply("1")}},
			violations: map[string]int{"duplicate_id to_server": 1},
			spans:      []string{one + " ambiguous=true", "tools/call two ambiguous=true"}},
		{what: "a response after the cancellation", outcome: "counted as late_response; the call stays cancelled",
			// github.com/anthropics/claude-code/issues/51073
			turns: []exchange{{call("1", "one") + `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}` + "\n",
				reply("1")}},
			violations: map[string]int{"late_response to_client": 1}, spans: []string{one + " type=cancelled"}},
		{what: "keys that differ by case, escaped keys, keys given twice", outcome: "exact keys count, decoded, and the last of them",
			turns: []exchange{{`{"jsonrpc":"2.0","ID":5,"i\u0064":4,"id":1,"Method":"no","method":"ping","\u006dethod":"tools/call",` +
				`"params":{"NAME":"no","name":"none","name":"one"}}` + "\n", `{"id":9,"result":{"content":[]},"jsonrpc":"2.0","\u0069d":1}` + "\n"}},
			violations: map[string]int{}, spans: []string{one}},
		{what: "ids of a megabyte", outcome: "matched like any other",
			turns: []exchange{{call(long(1), "one"), reply(long(1))}, {call(long(2), "two") + call(long(3), "three"), reply(long(3)) + reply(long(2))},
				{call(long(4), "four") + call(long(5), "five"), reply(long(5)) + reply(long(6)) + reply(long(4))}},
			violations: map[string]int{"orphan_response to_client": 1},
			spans:      []string{one, "tools/call three", "tools/call two", "tools/call five", "tools/call four"}},
	}
}
