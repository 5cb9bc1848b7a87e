package demo_test

import (
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/internal/demo"
)

// stub is a finished span, by numbers: its own, its parent's, and its times in milliseconds.
func stub(id, parent byte, name string, from, to int, attrs ...attribute.KeyValue) tracetest.SpanStub {
	start := time.Unix(1_700_000_000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	of := func(n byte) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{n}})
	}
	s := tracetest.SpanStub{
		Name: name, SpanContext: of(id), StartTime: at(from), EndTime: at(to), SpanKind: trace.SpanKindServer, Attributes: attrs,
	}
	if parent != 0 {
		s.Parent = of(parent)
	}
	return s
}

func draw(t *testing.T, width int, paint func(colour, text string) string, stubs ...tracetest.SpanStub) string {
	t.Helper()
	tree := &demo.Tree{}
	for _, s := range stubs {
		var p sdktrace.SpanProcessor = tree
		p.OnEnd(s.Snapshot())
	}
	if paint == nil {
		paint = func(_, text string) string { return text }
	}
	var out strings.Builder
	if err := tree.Draw(&out, demo.Style{Width: width, Paint: paint, Took: time.Duration.String}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func text(key, value string) attribute.KeyValue { return attribute.String(key, value) }

func TestDraw(t *testing.T) {
	client := stub(5, 4, "sampling/createMessage", 30, 40)
	client.SpanKind = trace.SpanKindClient
	for _, test := range []struct {
		name  string
		width int
		spans []tracetest.SpanStub
		want  string
	}{
		{name: "nothing", width: 100},
		{
			name: "a session, its spans in the order of their ends", width: 91,
			spans: []tracetest.SpanStub{
				stub(2, 1, "initialize", 0, 10),
				stub(1, 0, "mcp.session", 0, 10),
				stub(3, 1, "notifications/initialized", 20, 20),
				client,
				stub(4, 1, "tools/call ask", 20, 60, text("error.type", "tool_error"), text("spanpipe.error.class", "timeout")),
				stub(6, 1, "tools/call no", 60, 65, text("rpc.response.status_code", "-32602")),
				stub(7, 1, "tools/call wait", 65, 120, text("error.type", "cancelled"), text("spanpipe.error.class", "cancelled")),
			},
			want: `
mcp.session                              10ms  ━
├─ → initialize                          10ms  ━             ok
├─ → notifications/initialized             0s    ·           notification
├─ → tools/call ask                      40ms    ━━━━        tool_error (timeout)
│  └─ ← sampling/createMessage           10ms     ━          ok
├─ → tools/call no                        5ms        ·       -32602
└─ → tools/call wait                     55ms        ━━━━━   cancelled
`,
		},
		{
			name: "a parent that is elsewhere, a name that is too long", width: 0,
			spans: []tracetest.SpanStub{
				stub(2, 9, "tools/call "+strings.Repeat("name", 20), 0, 10),
				stub(3, 2, "ping", 9, 10),
			},
			want: `
→ tools/call namenamenamenamenamena…     10ms  ━━━━━━━━━━━━  ok
└─ → ping                                 1ms            ━   ok
`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := draw(t, test.width, nil, test.spans...)
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("drawn:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestDrawColours says that good, bad and in between differ.
func TestDrawColours(t *testing.T) {
	paint := func(colour, text string) string { return "<" + colour + ":" + text + ">" }
	got := draw(t, 91, paint,
		stub(1, 0, "ping", 0, 10),
		stub(2, 0, "ping", 0, 10, text("error.type", "tool_error")),
		stub(3, 0, "ping", 0, 10, text("error.type", "cancelled")),
		stub(4, 0, "ping", 0, 10, text("rpc.response.status_code", "-32602")),
	)
	for _, want := range []string{"<32:ok>", "<31:tool_error>", "<33:cancelled>", "<33:-32602>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in:\n%s", want, got)
		}
	}
}
