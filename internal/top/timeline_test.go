package top_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// timeline returns the lines of a session's operations, as they stand after keys were pressed.
func timeline(t *testing.T, r *store.Records, meanwhile []watch.Event, pressed ...string) []string {
	t.Helper()
	m := model(live("a", "tickets", "r", start))
	m.Key("enter")
	m.Take(watch.Detail{Session: "a", Records: r})
	for _, e := range meanwhile {
		m.Take(e)
	}
	for _, key := range pressed {
		m.Key(key)
	}
	return strings.Split(screen(t, m, small), "\n")[2:]
}

// row returns the first of lines that has a text.
func row(t *testing.T, lines []string, text string) string {
	t.Helper()
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	if i < 0 {
		t.Fatalf("%q is not among\n%s", text, strings.Join(lines, "\n"))
	}
	return lines[i]
}

// timedOut is a call that its client gave up on, and the answer that came after that.
func timedOut() (op record.Operation, late record.Violation) {
	op = ended("a", 3, "sync_board", start.Add(time.Second), 10*time.Second).Record
	op.ErrorType, op.RequestID, op.Answered = "timeout", "3", false
	return op, record.Violation{
		Kind: record.LateResponse, Direction: record.ToClient, Time: op.End.Add(4 * time.Second), Sent: "3",
	}
}

// TestTimeline checks that late answers, a person's time and notifications are drawn.
func TestTimeline(t *testing.T) {
	op, late := timedOut()
	asks := ended("a", 4, "create_ticket", start.Add(16*time.Second), 2*time.Second).Record
	asks.End, asks.InputWait = asks.Start.Add(8*time.Second), 6*time.Second
	question := record.Operation{
		Change: record.Ended, Number: 5, Parent: 4, Method: "elicitation/create", Direction: record.ToClient, Answered: true,
		Start: asks.Start.Add(time.Second), End: asks.Start.Add(7 * time.Second), Duration: 6 * time.Second,
	}
	changed := record.Notification{Time: start.Add(12 * time.Second), Direction: record.ToClient, Method: "notifications/tools/list_changed"}
	r := &store.Records{Operations: []record.Operation{op, asks, question}, Notes: []record.Note{changed, late}}
	lines := timeline(t, r, nil)
	for text, want := range map[string][]string{
		"sync_board":    {"┤╌", "╌◇", "late by 4.00s"},
		"create_ticket": {"━░", "░━", "waited for you"},
		"elicitation":   {"└ ←", "░░", "answered"},
		"list_changed":  {"←", "–", "·", "notification"},
	} {
		for _, w := range want {
			if line := row(t, lines, text); !strings.Contains(line, w) {
				t.Errorf("%q lacks %q", line, w)
			}
		}
	}
	if line := row(t, timeline(t, r, nil, "/", "s", "t", "a", "t", "u", "s", ":", "l", "a", "t", "e", "enter"), "sync_board"); line == "" {
		t.Error("the filter does not find a late answer")
	}
}

// TestTimelineLive checks that an answer that comes late while the view is open is seen as late.
func TestTimelineLive(t *testing.T) {
	op, late := timedOut()
	lines := timeline(t, &store.Records{}, []watch.Event{watch.Operation{Session: "a", Record: op}, watch.Noted{Session: "a", Note: late}})
	if line := row(t, lines, "sync_board"); !strings.Contains(line, "late by 4.00s") {
		t.Errorf("%q", line)
	}
}

// TestTimelineZoom checks that what lies outside of the time shown has no bar, and what goes on after it no end.
func TestTimelineZoom(t *testing.T) {
	long := ended("a", 1, "long", start, 100*time.Second).Record
	long.ErrorType = "tool_error"
	late := ended("a", 2, "after", start.Add(90*time.Second), time.Second).Record
	r := &store.Records{Operations: []record.Operation{long, late}}
	lines := timeline(t, r, nil, "f", "g", "+", "+")
	if line := row(t, lines, "after"); strings.ContainsAny(line, "·━") {
		t.Errorf("%q has a bar", line)
	}
	if line := row(t, lines, "long"); !strings.Contains(line, "━━━") || strings.Contains(line, "×") {
		t.Errorf("%q ends", line)
	}
	if line := row(t, timeline(t, r, nil, "f"), "long"); !strings.Contains(line, "━×") {
		t.Errorf("%q does not end", line)
	}
}

// TestTimelineKilled checks that a session that was killed ends when it was last seen, with what was open in it then.
func TestTimelineKilled(t *testing.T) {
	op, late := timedOut()
	open := record.Operation{
		Change: record.StillOpen, Number: 4, Method: "tools/call", Target: "hang", Direction: record.ToServer,
		Start: start.Add(20 * time.Second),
	}
	killed := live("a", "tickets", "r", start)
	killed.State, killed.Written = store.Killed, start.Add(50*time.Second)
	lines := timeline(t, &store.Records{Operations: []record.Operation{op, open}, Notes: []record.Note{late}},
		[]watch.Event{watch.Changed(killed)})
	if line := row(t, lines, "hang"); !strings.Contains(line, "30.0s") || !strings.Contains(line, "unanswered") {
		t.Errorf("%q", line)
	}
	if line := row(t, lines, "sync_board"); !strings.Contains(line, "◇") || !strings.Contains(line, "late by 4.00s") {
		t.Errorf("%q", line)
	}
	if !strings.Contains(strings.Join(lines, "\n"), "killed after 50.0s") {
		t.Errorf("how long it lasted is not in\n%s", strings.Join(lines, "\n"))
	}
}
