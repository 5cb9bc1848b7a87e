package top_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// hanging returns an operation that hangs.
func hanging(session string, number uint64, tool string, at time.Time) watch.Operation {
	op := ended(session, number, tool, at, 0)
	op.Record.Change, op.Record.End, op.Record.Answered, op.Record.Hung = record.Hanging, time.Time{}, false, true
	return op
}

// TestRemoved checks that a session whose files are removed while its operations are on the screen does not end the view.
func TestRemoved(t *testing.T) {
	m := model(live("a", "github", "r", start))
	keys(t, m, "enter")
	m.Take(watch.Gone("a"))
	if text := screen(t, m, small); !strings.Contains(text, "OPERATION") {
		t.Errorf("its operations are gone:\n%s", text)
	}
	keys(t, m, "esc", "3")
}

// TestFilterOfName checks that a name which becomes a filter reaches the terminal as everywhere else, and is one word.
func TestFilterOfName(t *testing.T) {
	for _, name := range []string{"\x1b[2J\x1b]52;c;aGk=\a", "\u202ereversed", "\u0085next"} {
		m := model(live("a", "github", "r", start))
		m.Take(ended("a", 1, name, now, time.Second))
		keys(t, m, "2", "enter")
		if text := screen(t, m, small); strings.ContainsAny(text, "\x1b\a\u202e\u0085") || !strings.Contains(text, "└─ github") ||
			!strings.Contains(text, "server:github") {
			t.Errorf("%q:\n%q", name, text)
		}
	}
}

// TestKilledIsNotOpen checks that what hung when a session was killed is not among what is open now.
func TestKilledIsNotOpen(t *testing.T) {
	killed := live("a", "github", "r", start)
	killed.State, killed.Written = store.Killed, start.Add(time.Minute)
	m := model(killed)
	before := hanging("a", 1, "search_code", start)
	before.Before = true
	m.Take(before)
	keys(t, m, "3")
	if text := screen(t, m, small); strings.Contains(text, "search_code") {
		t.Errorf("it is open:\n%s", text)
	}
}

// TestUnknownKeepsOpen checks that what is open stays so in a session of which files cannot be locked.
func TestUnknownKeepsOpen(t *testing.T) {
	s := live("a", "github", "r", start)
	s.State, s.Written = store.Unknown, now
	m := model(s)
	m.Take(hanging("a", 1, "search_code", start))
	m.Take(watch.Changed(s))
	if text := screen(t, m, small); !strings.Contains(text, "1 hung") {
		t.Errorf("it does not hang any more:\n%s", text)
	}
}

// TestFirstHangs checks the strip of a session of which no operation has ended.
func TestFirstHangs(t *testing.T) {
	m := model(live("a", "github", "r", start))
	m.Take(watch.History{Session: "a"})
	if text := screen(t, m, small); !strings.Contains(text, "└─ github        ▁▁▁") {
		t.Errorf("it has no rail:\n%s", text)
	}
	m.Take(hanging("a", 1, "initialize", start))
	if text := screen(t, m, small); !strings.Contains(text, "└─ github        ━━━") {
		t.Errorf("its strip does not show what hangs:\n%s", text)
	}
}

// TestManySessions checks that the columns stay and the selected row has its mark where numbers are long.
func TestManySessions(t *testing.T) {
	var all []store.Session
	for i := range 10_001 {
		all = append(all, live(fmt.Sprintf("%05d", i), "github", fmt.Sprint("r", i/100), start.Add(time.Duration(i)*time.Millisecond)))
	}
	m := model(all...)
	keys(t, m, "G")
	var rows []string
	for _, l := range strings.Split(screen(t, m, small), "\n") {
		if strings.Contains(l, "─ github") {
			rows = append(rows, l)
		}
	}
	last := rows[len(rows)-1]
	if !strings.HasPrefix(last, "▌10001 └─ ") || !strings.HasSuffix(rows[0], "– live") || len([]rune(last)) != len([]rune(rows[0])) {
		t.Errorf("%q and %q", rows[0], last)
	}
}

// TestToolsOfClients checks that filters look at all clients of a tool, and at names of tools before any was read.
func TestToolsOfClients(t *testing.T) {
	other := live("b", "github", "s", start)
	other.Client.Name = "cursor"
	m := model(live("a", "github", "r", start), other)
	for i := range 20 {
		tool := fmt.Sprint("tool", i)
		m.Take(ended("a", uint64(i+1), tool, now, time.Second))
		m.Take(ended("b", uint64(i+1), tool, now, time.Second))
	}
	for _, view := range []string{"2", "2 v", "v v"} {
		keys(t, m, strings.Fields(view)...)
		for _, filter := range []string{"client:cursor", "client:claude-code", "server:git*", "tool:tool7", "method:tools/*"} {
			keys(t, m, "/", "ctrl+u")
			m.Paste(filter)
			keys(t, m, "enter")
			if text := screen(t, m, small); strings.Contains(text, "Nothing matches") {
				t.Errorf("%s, %s:\n%s", view, filter, text)
			}
			keys(t, m, "/", "esc")
		}
	}

	m = top.New(top.Config{Now: now, HangAfter: time.Minute, Filter: "search_code"})
	m.Take(watch.Listing{live("a", "github", "r", start)})
	m.Lines()
	if wants := fmt.Sprint(m.Wants()); !strings.Contains(wants, fmt.Sprint(watch.Want{Kind: watch.WantTally})) {
		t.Errorf("a word that may be a tool: wants %s", wants)
	}
}

// TestTrouble checks that what cannot be read is said: of a session until the next key, of the store as long as it lasts.
func TestTrouble(t *testing.T) {
	m := model(live("a", "github", "r", start))
	m.Key("enter")
	m.Take(watch.Detail{Session: "a", Err: os.ErrPermission})
	if text := screen(t, m, small); !strings.Contains(text, "github cannot be read: permission denied") {
		t.Errorf("%s", text)
	}
	m.Take(watch.Trouble("the store cannot be read any more"))
	m.Key("esc")
	if text := screen(t, m, small); !strings.Contains(text, "the store cannot be read any more") {
		t.Errorf("%s", text)
	}
}

// TestTalkNext checks that there is an answer where nothing is left to say.
func TestTalkNext(t *testing.T) {
	talk := top.NewTalk(top.Config{Now: now, HangAfter: time.Minute}, false)
	talk.Take(watch.Listing(nil))
	if said, _ := talk.Command("next"); len(said) != 1 {
		t.Errorf("next says %q", said)
	}
}

// TestRightToLeft checks that a mark ends a name that runs from right to left, which would take the next columns along.
func TestRightToLeft(t *testing.T) {
	m := model(live("a", "\u0633\u0644\u0627\u0645", "r", start))
	m.Take(ended("a", 1, "\u05e9\u05dc\u05d5\u05dd", now, time.Second))
	keys(t, m, "3")
	if text := screen(t, m, small); strings.Count(text, "\u200e ") != 2 {
		t.Errorf("%q", text)
	}
}

// TestAlertsAreCut checks that a sentence which is too long ends with a sign, also beside the count of others.
func TestAlertsAreCut(t *testing.T) {
	m := model(live("a", "github", "r", start))
	for i := range 3 {
		m.Take(hanging("a", uint64(i+1), "search_issues_of_the_whole_organization", start))
	}
	for _, size := range []top.Size{small, {Width: 60, Height: 24}, {Width: 60, Height: 15}} {
		m.Resize(size)
		text := screen(t, m, size)
		if cut := strings.Contains(text, "…"); cut != (size.Width == 60) || !strings.Contains(text, " more: !") {
			t.Errorf("%v:\n%s", size, text)
		}
	}
}

// TestAttributes checks that a call shows all attributes that its span can have, and all of its content.
func TestAttributes(t *testing.T) {
	s := live("a", "github", "r", start)
	s.ID, s.Server = "id", record.Peer{Name: "github"}
	op := ended("a", 1, "trip", start, time.Second)
	op.Record = record.Operation{
		Change: record.Ended, Number: 1, Method: "prompts/get", Target: "trip", Direction: record.ToServer, Start: start, End: now,
		Answered: true, RequestSize: 1, ResponseSize: 2, RequestTokens: 3, ResponseTokens: 4, ResponseMedia: 5, Wait: 1, Transfer: 1, InputWait: 1, RoundTrips: 2, Progress: 3,
		RequestID: "1", Protocol: "v", Requested: "v", JSONRPC: "1.0", ErrorType: "x", Code: "-1", Class: record.Internal, TaskStatus: "x",
		Resource: "note", Batch: true, Ambiguous: true, Hung: true, Undelivered: true, IDMismatch: true, Stall: record.ServerIdle,
		Evidence: []record.Evidence{{
			Unread: 1, Backlog: 1, Partial: 1, Quiet: 1, Blocked: 1, Asked: "ping", Others: 1, Processes: 1, Stopped: 1, Running: 1,
			Children: 1, CPU: 1, Over: 1, Bridge: "docker",
		}},
		Content: record.Content{Variables: []record.Variable{{Name: "season", Value: "warm"}}, Result: "packed"},
	}
	tool := ended("a", 2, "search", now, time.Second)
	m := model(s)
	m.Resize(top.Size{Width: 120, Height: 90})
	keys(t, m, "enter")
	m.Take(watch.Detail{Session: "a", Records: &store.Records{Operations: []record.Operation{op.Record, tool.Record}}})
	keys(t, m, "g", "enter", "a")
	text := screen(t, m, top.Size{Width: 120, Height: 90})
	keys(t, m, "]")
	text += screen(t, m, top.Size{Width: 120, Height: 90})
	for _, a := range semconv.OperationAttributes() {
		if !strings.Contains(text, " "+a.Key+" ") {
			t.Errorf("%s is missing", a.Key)
		}
	}
	for _, want := range []string{"season    warm", "result    packed"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestGaveUp checks that how long a client waited is all of the time, a person's included.
func TestGaveUp(t *testing.T) {
	s := live("a", "github", "r", start)
	op := ended("a", 1, "trip", start, 2*time.Second).Record
	op.End, op.InputWait = op.Start.Add(8*time.Second), 6*time.Second
	op.ErrorType, op.Answered = "timeout", false
	m := model(s)
	m.Resize(top.Size{Width: 120, Height: 90})
	keys(t, m, "enter")
	m.Take(watch.Detail{Session: "a", Records: &store.Records{Operations: []record.Operation{op}}})
	keys(t, m, "g", "enter")
	if text := screen(t, m, top.Size{Width: 120, Height: 90}); !strings.Contains(text, "gave up waiting after 8.0 s.") {
		t.Error(text)
	}
}

// TestAlertsStay checks that the call which has hung longest comes first, and that alerts keep their order and the selected
// one its place while no key is pressed.
func TestAlertsStay(t *testing.T) {
	m := model(live("a", "github", "r", start))
	m.Take(hanging("a", 100, "newer", now.Add(-time.Minute)))
	m.Take(hanging("a", 101, "older", now.Add(-time.Hour/2)))
	fail := func(tool string, number uint64, at time.Time) {
		for i := range uint64(3) {
			m.Take(failed("a", number+i, tool, at))
		}
	}
	fail("first", 1, now.Add(-2*time.Minute))
	fail("second", 11, now.Add(-3*time.Minute))
	order := func() string {
		text := screen(t, m, small)
		var at []string
		for _, l := range strings.Split(text, "\n") {
			for _, name := range []string{"newer", "older", "first", "second"} {
				if strings.Contains(l, " "+name) {
					at = append(at, name)
				}
			}
		}
		return strings.Join(at, " ")
	}
	keys(t, m, "!", "G")
	if got := order(); got != "older newer first second" {
		t.Errorf("the alerts are %s", got)
	}
	row, at := selected(t, m)
	fail("second", 21, now.Add(-time.Second))
	if got, place := selected(t, m); order() != "older newer first second" || place != at || !strings.Contains(got, "github second") {
		t.Errorf("the selected row was %d, %s, and is %d, %s; the alerts are %s", at, row, place, got, order())
	}
	keys(t, m, "!", "!")
	if got := order(); got != "older newer second first" {
		t.Errorf("when opened again, the alerts are %s", got)
	}
}

// TestOpenIsNotHung checks that what is open by nature, or waits for a person, does not hang unless its session says so.
func TestOpenIsNotHung(t *testing.T) {
	m := model(live("a", "github", "r", start))
	op := hanging("a", 1, "", start)
	op.Record.Method, op.Record.Change, op.Record.Hung = "subscriptions/listen", record.StillOpen, false
	m.Take(op)
	keys(t, m, "3")
	if text := screen(t, m, small); strings.Contains(text, "hung") || !strings.Contains(text, "subscript…s/listen") {
		t.Errorf("%s", text)
	}
	m.Take(hanging("a", 1, "early", now.Add(-10*time.Second))) // its session has a shorter limit than the view
	if text := screen(t, m, small); !strings.Contains(text, "1 hung") || !strings.Contains(text, "10.0s ━━━━━━━━━━━▶ ") {
		t.Errorf("%s", text)
	}
}
