package demo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// at is a time of the session, in milliseconds.
func at(ms int) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(ms) * time.Millisecond)
}

// operation is one that has ended.
func operation(number, parent uint64, method string, from, to int, change func(*record.Operation)) *record.Operation {
	op := &record.Operation{
		Change: record.Ended, Number: number, Parent: parent, Direction: record.ToServer, Method: method,
		Start: at(from), End: at(to),
	}
	if target, ok := strings.CutPrefix(method, "tools/call "); ok {
		op.Method, op.Target = "tools/call", target
	}
	if change != nil {
		change(op)
	}
	return op
}

func draw(t *testing.T, width int, paint view.Paint, records ...any) string {
	t.Helper()
	tree := &demo.Tree{}
	for _, r := range records {
		switch r := r.(type) {
		case *record.Operation:
			opened := *r
			opened.Change = record.Opened
			tree.Opened(&opened)
			opened.Change = record.Hanging
			tree.Changed(&opened)
			tree.Changed(r)
		case record.Note:
			tree.Noted(r)
		}
	}
	var out strings.Builder
	if err := tree.Draw(&out, width, paint); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDraw(t *testing.T) {
	failed := func(op *record.Operation) { op.ErrorType, op.Class = "tool_error", record.Timeout }
	rejected := func(op *record.Operation) { op.Code = "-32602" }
	cancelled := func(op *record.Operation) { op.ErrorType, op.Class = "cancelled", record.Cancelled }
	asked := func(op *record.Operation) { op.Direction = record.ToClient }
	for _, test := range []struct {
		name    string
		width   int
		records []any
		want    string
	}{
		{name: "nothing", width: 100},
		{
			name: "a session, its operations in the order of their ends", width: 91,
			records: []any{
				record.Session{Launched: at(0), Time: at(0)},
				record.Session{Launched: at(0), Time: at(10), Ready: true},
				operation(1, 0, "initialize", 0, 10, nil),
				record.Session{Launched: at(0), Time: at(15), Ready: true},
				record.Notification{Time: at(20), Direction: record.ToServer, Method: "notifications/initialized"},
				record.Notification{Time: at(25), Direction: record.ToClient, Method: "notifications/progress", Operation: 2},
				record.Notification{Time: at(25), Direction: record.ToClient, Method: "notifications/message"},
				operation(3, 2, "sampling/createMessage", 30, 40, asked),
				operation(2, 0, "tools/call ask", 20, 60, failed),
				operation(4, 0, "tools/call no", 60, 65, rejected),
				record.Notification{Time: at(119), Direction: record.ToServer, Method: "notifications/cancelled", Operation: 5},
				operation(5, 0, "tools/call wait", 65, 120, cancelled),
			},
			want: `
mcp.session                              10ms  ━
├─ → initialize                          10ms  ━             ok
├─ → notifications/initialized            0µs    ·           notification
├─ → tools/call ask                      40ms    ━━━━        tool_error (timeout)
│  └─ ← sampling/createMessage           10ms     ━          ok
├─ → tools/call no                      5.0ms        ·       -32602
└─ → tools/call wait                     55ms        ━━━━━   cancelled
`,
		},
		{
			name: "no response, a parent that has not ended, a name that is too long", width: 0,
			records: []any{
				operation(2, 9, "tools/call "+strings.Repeat("name", 20), 0, 10, nil),
				operation(3, 2, "ping", 9, 10, nil),
			},
			want: `
→ tools/call namenamenamename…     10ms  ━━━━━━━━━━━━  ok
└─ → ping                         1.0ms            ━   ok
`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := draw(t, test.width, view.Plain, test.records...)
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("drawn:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestDrawNarrow checks that the longest line fits into a terminal of 80 columns.
func TestDrawNarrow(t *testing.T) {
	got := draw(t, 80, view.Plain, operation(1, 0, "notifications/initialized", 0, 10, func(op *record.Operation) {
		op.ErrorType, op.Class = "tool_error", record.RateLimited
	}))
	if line := []rune(strings.TrimSuffix(got, "\n")); len(line) > 80 || strings.Contains(got, "…") {
		t.Errorf("%d columns: %s", len(line), got)
	}
}

// TestDrawColors checks that bar and word have the color of the outcome.
func TestDrawColors(t *testing.T) {
	paint := func(c view.Color, text string) string { return "<" + string(c) + ":" + text + ">" }
	got := draw(t, 91, paint,
		operation(1, 0, "ping", 0, 10, nil),
		operation(2, 0, "ping", 0, 10, func(op *record.Operation) { op.ErrorType = "tool_error" }),
	)
	for _, want := range []string{"<32:━", "<32:ok>", "<31:━", "<31:tool_error>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in:\n%s", want, got)
		}
	}
}
