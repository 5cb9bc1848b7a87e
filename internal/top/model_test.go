package top_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

var small = top.Size{Width: 80, Height: 24}

// live returns a live session with a name that no directory has.
func live(name, server, run string, at time.Time) store.Session {
	return store.Session{
		Name: name, State: store.Live,
		Meta: store.Meta{Launched: at, Service: server, Run: run, Client: record.Peer{Name: "claude-code", Version: "2.1.240"}},
	}
}

// model returns a model with sessions that are live.
func model(sessions ...store.Session) *top.Model {
	m := top.New(top.Config{Now: now, HangAfter: 30 * time.Second})
	m.Resize(small)
	m.Take(watch.Listing(sessions))
	return m
}

// ended returns an operation that has ended.
func ended(session string, number uint64, tool string, at time.Time, took time.Duration) watch.Operation {
	return watch.Operation{Session: session, Record: record.Operation{
		Change: record.Ended, Number: number, Method: "tools/call", Target: tool, Direction: record.ToServer,
		Start: at, End: at.Add(took), Duration: took, Answered: true, RequestSize: 100, ResponseSize: 2000, RoundTrips: 1,
	}}
}

// failed returns one that has failed.
func failed(session string, number uint64, tool string, at time.Time) watch.Operation {
	op := ended(session, number, tool, at, time.Second)
	op.Record.ErrorType, op.Record.Class = "tool_error", record.RateLimited
	return op
}

// selected returns the text of the selected row.
func selected(t *testing.T, m *top.Model) (text string, at int) {
	t.Helper()
	for i, l := range m.Lines() {
		if l.Selected {
			return strings.Join(strings.Fields(l.String()), " "), i
		}
	}
	return "", -1
}

// TestRowsStay checks that rows neither move nor change their order while no key is pressed, and that the selected one
// stays where it is on the screen when the screen changes its size.
func TestRowsStay(t *testing.T) {
	s := fill(t)
	m := look(t, s, top.Config{}, small)
	keys(t, m, "down", "down", "down")
	row, at := selected(t, m)
	m.Take(watch.Changed(live("new", "weather", "z", now)))
	if got, place := selected(t, m); got != row || place != at {
		t.Errorf("a new session moved the selected row from line %d, %s, to line %d, %s", at, row, place, got)
	}
	for _, size := range []top.Size{{Width: 140, Height: 40}, {Width: 100, Height: 16}, small} {
		m.Resize(size)
		if got, _ := selected(t, m); !strings.HasPrefix(got, row[:20]) {
			t.Errorf("at %v the selected row is %q, was %q", size, got, row)
		}
	}

	m = look(t, s, top.Config{}, small)
	keys(t, m, "2")
	before := screen(t, m, small)
	name := "none"
	for _, one := range m.Stored() {
		name = one.Name
	}
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.State == store.Live {
			name = one.Name
		}
	}
	for i := range 200 {
		m.Take(ended(name, uint64(1000+i), "newcomer", now, time.Second))
	}
	after := screen(t, m, small)
	first := func(s string) string { return strings.Fields(strings.Split(s, "\n")[3])[1] }
	if first(before) != first(after) || !strings.Contains(after, "newcomer") {
		t.Errorf("the rows have a new order although no key was pressed:\n%s\n%s", before, after)
	}
	keys(t, m, "s", "s", "s", "s", "s", "s")
	if got := screen(t, m, small); first(got) != "newcomer" {
		t.Errorf("after sorting by calls the most frequent tool is not first:\n%s", got)
	}
}

// TestPause checks that a pause keeps the screen as it is, counts what comes, and shows it afterwards.
func TestPause(t *testing.T) {
	m := model(live("a", "github", "r", start))
	m.Take(ended("a", 1, "before", now.Add(-time.Minute), time.Second))
	keys(t, m, "3", "space")
	m.Take(ended("a", 2, "meanwhile", now, time.Second))
	m.Tick(now.Add(time.Second))
	text := screen(t, m, small)
	if strings.Contains(text, "meanwhile") || !strings.Contains(text, "paused, 1 came since") {
		t.Errorf("while paused:\n%s", text)
	}
	keys(t, m, "space")
	if text := screen(t, m, small); !strings.Contains(text, "meanwhile") || !strings.Contains(text, "following") {
		t.Errorf("after the pause:\n%s", text)
	}
}

// TestLiveCounts checks that operations that come twice, from the digest and as events, count once.
func TestLiveCounts(t *testing.T) {
	m := model(live("a", "github", "r", start))
	h := watch.History{Session: "a"}
	for i := range 5 {
		h.Operations = append(h.Operations, ended("a", uint64(i+1), "search_code", start, time.Second).Record)
	}
	m.Take(ended("a", 4, "search_code", start, time.Second))
	m.Take(h)
	m.Take(ended("a", 5, "search_code", start, time.Second))
	m.Take(failed("a", 6, "search_code", start))
	if text := screen(t, m, small); !strings.Contains(text, "     6      1    0") {
		t.Errorf("want 6 calls, 1 failed:\n%s", text)
	}
}

// TestNeedsALook checks the block above the sessions: what hangs, what keeps failing, what ended by itself.
func TestNeedsALook(t *testing.T) {
	crashed := live("c", "tickets", "r", start)
	crashed.State, crashed.Ended = store.Ended, now.Add(-time.Minute)
	crashed.Exit = &store.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 1}
	never := crashed
	never.Name, never.Service = "d", "fetch"
	never.Exit = &store.Exit{EndedBy: record.ByServer, Cause: record.NotStarted, Reason: "uvx: not found"}
	m := model(live("a", "github", "r", start), live("b", "postgres", "r", start), crashed, never)
	hung := ended("b", 1, "execute_sql", now.Add(-4*time.Minute), 0).Record
	hung.Change, hung.End, hung.Answered, hung.Hung = record.Hanging, time.Time{}, false, true
	m.Take(watch.Operation{Session: "b", Record: hung})
	for i := range 5 {
		if i%2 == 0 {
			m.Take(failed("a", uint64(i+1), "search_code", now.Add(-time.Minute)))
		} else {
			m.Take(ended("a", uint64(i+1), "search_code", now.Add(-time.Minute), time.Second))
		}
	}
	text := screen(t, m, small)
	for _, want := range []string{
		"1 hung", "Hung     postgres execute_sql, 4m00s: it waits for the server's answer.", "2 more: !", "uvx: not found",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	keys(t, m, "!")
	text = screen(t, m, small)
	for _, want := range []string{
		"Failing  github search_code: 3 of the last 5 calls rate limited, since 14:35.",
		"Ended    tickets of claude-code by itself after 33m21s: exit 1.",
		"Never    fetch of claude-code did not start: uvx: not found.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	keys(t, m, "enter") // the worst is a call
	if text := screen(t, m, small); !strings.Contains(text, "No answer for 4 min. The client still waits") {
		t.Errorf("the call that hangs:\n%s", text)
	}
	keys(t, m, "esc", "esc")
	hung.Change, hung.End, hung.Answered, hung.Hung, hung.Duration = record.Ended, now, true, true, 4*time.Minute
	m.Take(watch.Operation{Session: "b", Record: hung})
	if text := screen(t, m, small); strings.Contains(text, "1 hung") {
		t.Errorf("it has been answered, and still hangs:\n%s", text)
	}
}

// TestFilter checks what filters let through, what they say where nothing matches, and what they do not understand.
func TestFilter(t *testing.T) {
	m := model(live("a", "github", "r", start), live("b", "postgres", "r", start))
	m.Take(ended("a", 1, "search_code", now.Add(-9*time.Second), 600*time.Millisecond))
	m.Take(failed("a", 2, "search_issues", now.Add(-8*time.Second)))
	m.Take(ended("b", 1, "execute_sql", now.Add(-7*time.Second), 20*time.Millisecond))
	list := ended("b", 2, "", now.Add(-6*time.Second), 3*time.Millisecond)
	list.Record.Method, list.Record.ResponseSize = "tools/list", 2_000_000
	m.Take(list)
	keys(t, m, "3")
	for filter, want := range map[string]string{
		"":                          "search_code search_issues execute_sql tools/list",
		"server:github":             "search_code search_issues",
		"-server:github":            "execute_sql tools/list",
		"tool:search_*":             "search_code search_issues",
		"tool:*sql":                 "execute_sql",
		"method:tools/list":         "tools/list",
		"method:*list":              "tools/list",
		"status:failed":             "search_issues",
		"failed":                    "search_issues",
		"-failed server:github":     "search_code",
		">500ms":                    "search_code search_issues",
		"<500ms":                    "execute_sql tools/list",
		">1MB":                      "tools/list",
		"client:claude-code ok":     "search_code execute_sql tools/list",
		"SQL":                       "execute_sql",
		"client:cursor":             "",
		"execute failed":            "",
		"server:post -method:list ": "execute_sql",
	} {
		keys(t, m, "/", "ctrl+u")
		for _, r := range filter {
			key := string(r)
			if r == ' ' {
				key = "space"
			}
			keys(t, m, key)
		}
		keys(t, m, "enter")
		text := screen(t, m, small)
		for _, tool := range []string{"search_code", "search_issues", "execute_sql", "tools/list"} {
			row := strings.Contains(text, "→ "+tool)
			if should := strings.Contains(want, tool); row != should {
				t.Errorf("%q shows %s: %v, want %v\n%s", filter, tool, row, should, text)
			}
		}
		if want == "" && filter != "" && !strings.Contains(text, "Nothing matches "+filter+".") {
			t.Errorf("nothing says that %q matches nothing:\n%s", filter, text)
		}
	}
	keys(t, m, "/", "ctrl+u")
	for _, key := range strings.Split("sttus:failed", "") {
		keys(t, m, key)
	}
	if text := screen(t, m, small); !strings.Contains(text, "sttus: is no filter; did you mean status: ?") {
		t.Errorf("an unknown word:\n%s", text)
	}
	for _, wrong := range []string{"status:broken", ">500", "<fast", "nosuch:x"} {
		if _, err := watch.ParseFilter(wrong); err == nil {
			t.Errorf("%q is a filter", wrong)
		}
	}
}

// TestHostileNames checks that names cannot move columns, leave the screen or reach the terminal, at any width.
func TestHostileNames(t *testing.T) {
	names := []string{
		"\x1b[2J\x1b]52;c;aGk=\a", "\u202ereversed", "日本語の道具の名前です", "e\u0301\u0301\u0301\u0301\u0301\u0301", "👩‍👩‍👧‍👦 family",
		"🇩🇪🇩🇪", "❤️ heart", "\xff\xfe", "a\nb\rc\td", strings.Repeat("long", 200), "क्षि नमस्ते", "سلام", "\u200b\u2060\ufeff", "",
	}
	for _, ascii := range []bool{false, true} {
		m := top.New(top.Config{Now: now, HangAfter: 30 * time.Second, ASCII: ascii})
		var all []store.Session
		for i, name := range names {
			s := live(fmt.Sprint("s", i), name, "r"+name, start)
			s.Client = record.Peer{Name: name, Version: name}
			all = append(all, s)
		}
		m.Take(watch.Listing(all))
		for i, name := range names {
			m.Take(failed(fmt.Sprint("s", i), 1, name, now))
			op := ended(fmt.Sprint("s", i), 2, name, now.Add(-time.Minute), 0)
			op.Record.Change, op.Record.End = record.StillOpen, time.Time{}
			m.Take(op)
		}
		for _, width := range []int{60, 61, 80, 93, 100, 120, 140, 200} {
			size := top.Size{Width: width, Height: 30}
			m.Resize(size)
			for _, pressed := range [][]string{{"1"}, {"2"}, {"3"}, {"1", "enter", "enter", "a"}, {"!"}, {"esc"}, {"3", "down", "enter"}} {
				for _, key := range pressed {
					m.Key(key)
				}
				for _, r := range screen(t, m, size) {
					if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || ascii && r > '~' {
						t.Fatalf("%q is on the screen of %v after %v", r, size, pressed)
					}
				}
			}
		}
	}
}

// TestTooSmall checks that a screen on which nothing fits says so, and goes on when it grows.
func TestTooSmall(t *testing.T) {
	m := model(live("a", "github", "r", start))
	m.Resize(top.Size{Width: 52, Height: 12})
	if lines := m.Lines(); len(lines) != 1 || lines[0].String() != "spanpipe: top needs 60 × 15, this is 52 × 12" {
		t.Errorf("%v", lines)
	}
	m.Resize(small)
	if text := screen(t, m, small); !strings.Contains(text, "github") {
		t.Errorf("after it has grown:\n%s", text)
	}
	for _, size := range []top.Size{{}, {Width: 1, Height: 1}, {Width: 300, Height: 15}, {Width: 60, Height: 200}} {
		m.Resize(size)
		m.Lines()
	}
}

// TestKeys checks keys of every view, and the command that y copies.
func TestKeys(t *testing.T) {
	s := fill(t)
	m := look(t, s, top.Config{}, small)
	for _, step := range []struct{ keys, want string }{
		{"n", "▌"}, {"enter", "session "}, {"esc", "CALLS FAILED"}, {"g", "▌claude-code 2.1.240"}, {"enter", "3 servers"},
		{"f", "OUTCOME"}, {"f b", "b by time"}, {"b + + -", "OPERATION"}, {"0 0 h l", "OPERATION"},
		{"enter a", "gen_ai.tool.name"}, {"[ ]", "Attributes of its span"}, {"a", "last byte"}, {"esc esc", "CALLS FAILED"},
		{"2 v", "SERVER "}, {"v", "CLIENT "}, {"v u", "unused_1"}, {"u S", "CALLS↑"}, {"s", "FAILED↓"},
		{"enter", "/ tool:"}, {"esc", "1 Sessions"}, {"tab tab", "OPEN NOW"}, {"c", "ENDED"}, {"shift+tab", "TOOL"},
		{"?", "Filter: words"}, {"?", "TOOL"}, {"!", "WHAT NEEDS A LOOK"}, {"?", "Filter: words"}, {"esc esc", "TOOL"},
	} {
		keys(t, m, strings.Fields(step.keys)...)
		if text := screen(t, m, small); !strings.Contains(text, step.want) {
			t.Errorf("after %q there is no %q:\n%s", step.keys, step.want, text)
		}
	}
	keys(t, m, "1", "down")
	m.Lines()
	if e := m.Key("y"); !strings.HasPrefix(e.Copy, "spanpipe show 20261126T") {
		t.Errorf("copied %q", e.Copy)
	}
	if e := m.Key("q"); !e.Quit {
		t.Error("q does not quit")
	}
}

// TestEmpty checks what a store without sessions says.
func TestEmpty(t *testing.T) {
	m := top.New(top.Config{Now: now, Dir: "~/.local/state/spanpipe"})
	m.Resize(small)
	m.Take(watch.Listing(nil))
	golden(t, "empty-80x24", screen(t, m, small))
}

// TestNumbers checks that the numbers of sessions stay as they are when others come.
func TestNumbers(t *testing.T) {
	m := model(live("a", "github", "r", start), live("b", "postgres", "r", start.Add(time.Second)))
	m.Take(watch.Changed(live("c", "weather", "z", now)))
	if got := fmt.Sprint(m.Numbers()); got != "[a b c]" {
		t.Errorf("the sessions are %s", got)
	}
	m.Take(watch.Gone("a"))
	m.Take(watch.Changed(live("d", "weather", "z", now)))
	if got := fmt.Sprintf("%q", m.Numbers()); got != `["" "b" "c" "d"]` {
		t.Errorf("the sessions are %s", got)
	}
}
