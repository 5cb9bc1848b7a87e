package top_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Sizes of a picture's cells, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 12
)

// classes are the styles of pieces in a picture's style sheet.
var classes = map[top.Style]string{
	top.Dim: "d", top.Strong: "s", top.Work: "w", top.Bad: "b", top.Late: "l", top.Person: "p", top.Badge: "g",
}

// styleSheet has the colors of a picture, for pages in the dark and in the light.
const styleSheet = `text{font:14px "JetBrains Mono","DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e4ece8;white-space:pre}
.s{font-weight:bold}.d{fill:#93a29c}.w{fill:#56b8b3}.b{fill:#ff8070}.l{fill:#e3b053}.p{fill:#93b0ff}.g{fill:#0f1615}
.bg{fill:#0f1615}.pick{fill:#21332f}.badge{fill:#ff8070}
@media(prefers-color-scheme:light){text{fill:#16211e}.d{fill:#586661}.w{fill:#1a7074}.b{fill:#b3211a}.l{fill:#7f5000}
.p{fill:#3152ad}.g{fill:#f7f8f5}.bg{fill:#f7f8f5}.pick{fill:#dfe9e5}.badge{fill:#b3211a}}`

// picture draws a screen as SVG. Each piece has its place, so that columns stay straight in every font.
func picture(lines []top.Line, size top.Size, title string) string {
	var b strings.Builder
	width, height := 2*margin+cellWidth*float64(size.Width), 2*margin+cellHeight*size.Height
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" role=\"img\">\n<title>%s</title>\n<style>%s</style>\n",
		width, height, title, styleSheet)
	fmt.Fprintf(&b, "<rect class=\"bg\" width=\"%.0f\" height=\"%d\" rx=\"6\"/>\n", width, height)
	for i, l := range lines {
		y := margin + i*cellHeight
		if l.Selected {
			fmt.Fprintf(&b, "<rect class=\"pick\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", margin, y,
				cellWidth*float64(size.Width), cellHeight)
		}
		column := 0
		for _, p := range l.Pieces {
			n := ansi.StringWidth(p.Text)
			text := strings.TrimRight(p.Text, " ")
			left := len(text) - len(strings.TrimLeft(text, " "))
			if text = text[left:]; text != "" {
				x, long := margin+cellWidth*float64(column+left), cellWidth*float64(ansi.StringWidth(text))
				if p.Style == top.Badge {
					fmt.Fprintf(&b, "<rect class=\"badge\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", x, y, long, cellHeight)
				}
				fmt.Fprintf(&b, "<text class=\"%s\" x=\"%.1f\" y=\"%d\" textLength=\"%.1f\">%s</text>\n", classes[p.Style], x, y+14,
					long, escaped(text))
			}
			column += n
		}
	}
	b.WriteString("</svg>\n")
	return strings.ReplaceAll(b.String(), ` class=""`, "")
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

// debugged is a store in which someone is debugging: fill's, with two more servers in the run that is live.
func debugged(t *testing.T) *store.Store {
	t.Helper()
	s := fill(t)
	for i, one := range []storetest.Session{
		{Server: storetest.Servers()[3], Calls: 14, Every: 110 * time.Second},
		{Server: storetest.Server{Name: "tickets", Version: "0.3.0", Tools: []storetest.Tool{
			{Name: "find_tickets", Median: 90 * time.Millisecond, Size: 4100},
			{Name: "create_ticket", Median: 300 * time.Millisecond, Size: 700},
		}}, Calls: 6, Every: 2 * time.Minute},
	} {
		one.Client, one.Run, one.Seed, one.End = record.Peer{Name: "claude-code", Version: "2.1.240"}, "a", uint64(i+7), storetest.Running
		one.Start = start.Add(time.Duration(i+3) * time.Second)
		w, err := storetest.Make(s.Dir, one)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w }) // it holds the session's lock
	}
	return s
}

// lastCalls are the last operations of that run, with how long ago they began.
var lastCalls = []struct {
	server, name string
	ago, took    time.Duration
	change       func(op *record.Operation)
}{
	{"filesystem", "search_files", 111 * time.Second, 640 * time.Millisecond, nil},
	{"filesystem", "read_text_file", 110 * time.Second, 3100 * time.Microsecond, nil},
	{"github", "search_code", 109 * time.Second, 211 * time.Millisecond, fails("tool_error", record.RateLimited)},
	{"github", "search_code", 108 * time.Second, 188 * time.Millisecond, fails("tool_error", record.RateLimited)},
	{"postgres", "get_object_details", 104 * time.Second, 61 * time.Millisecond, nil},
	{"postgres", "explain_query", 103 * time.Second, 143 * time.Millisecond, nil},
	{"filesystem", "edit_file", 101 * time.Second, 6200 * time.Microsecond, nil},
	{"playwright", "browser_navigate", 99 * time.Second, 3840 * time.Millisecond, nil},
	{"playwright", "browser_snapshot", 95 * time.Second, 470 * time.Millisecond, nil},
	{"playwright", "browser_click", 94 * time.Second, 520 * time.Millisecond, nil},
	{"playwright", "browser_wait_for", 93 * time.Second, 3600 * time.Millisecond, fails("cancelled", "")},
	{"tickets", "create_ticket", 89 * time.Second, 520 * time.Millisecond, func(op *record.Operation) {
		op.InputWait = 11900 * time.Millisecond
		op.End = op.End.Add(op.InputWait)
	}},
	{"tickets", "", 88800 * time.Millisecond, 11900 * time.Millisecond, func(op *record.Operation) {
		op.Method, op.Direction, op.Parent = "elicitation/create", record.ToClient, op.Number-1
	}},
	{"tickets", "assign_ticket", 75 * time.Second, 4100 * time.Microsecond, func(op *record.Operation) { op.Code = "-32602" }},
	{"filesystem", "read_text_file", 74 * time.Second, 2400 * time.Microsecond, nil},
	{"tickets", "sync_board", 73 * time.Second, 30 * time.Second, fails("timeout", "")},
	{"github", "list_commits", 51 * time.Second, 388 * time.Millisecond, nil},
	{"github", "search_code", 50 * time.Second, 870 * time.Millisecond, nil},
	{"playwright", "browser_snapshot", 30 * time.Second, 388 * time.Millisecond, nil},
	{"playwright", "browser_click", 29 * time.Second, 310 * time.Millisecond, nil},
	{"playwright", "browser_wait_for", 12400 * time.Millisecond, 0, isOpen},
}

func fails(how string, class record.Class) func(*record.Operation) {
	return func(op *record.Operation) {
		op.ErrorType, op.Class, op.Answered = how, class, class != ""
	}
}

func isOpen(op *record.Operation) {
	op.Change, op.End, op.Answered = record.StillOpen, time.Time{}, false
}

// debug passes the last operations on, as they would come while the view is open.
func debug(t *testing.T, m *top.Model, s *store.Store) {
	t.Helper()
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, one := range all {
		if one.State == store.Live {
			names[one.ServerName()] = one.Name
		}
	}
	for i, c := range lastCalls {
		op := ended(names[c.server], uint64(1000+i), c.name, now.Add(-c.ago), c.took)
		op.Record.RequestID, op.Record.ResponseSize = "x", int64(200+7919*i%30_000)
		if c.change != nil {
			c.change(&op.Record)
		}
		m.Take(op)
		if op.Record.ErrorType == "timeout" {
			m.Take(watch.Noted{Session: op.Session, Note: record.Violation{
				Kind: record.LateResponse, Direction: record.ToClient, Time: op.Record.End.Add(3400 * time.Millisecond), Sent: "x",
			}})
		}
	}
}

// TestPictures keeps the pictures of the documentation as the view is.
func TestPictures(t *testing.T) {
	s := debugged(t)
	for _, p := range []struct {
		name, title string
		size        top.Size
		pressed     []string
	}{
		{"sessions", "spanpipe top: sessions", top.Size{Width: 100, Height: 24}, []string{"1"}},
		{"run", "spanpipe top: the operations of a run", top.Size{Width: 140, Height: 32}, []string{"enter", "N"}},
		{"tools", "spanpipe top: tools", top.Size{Width: 100, Height: 24}, []string{"2", "n"}},
		{"live", "spanpipe top: what happens now", top.Size{Width: 100, Height: 24}, []string{"3"}},
	} {
		m := look(t, s, top.Config{}, p.size)
		keys(t, m, p.pressed[:1]...)
		debug(t, m, s)
		keys(t, m, p.pressed[1:]...)
		got := picture(m.Lines(), p.size, p.title)
		path := filepath.Join("..", "..", "docs", "images", "top-"+p.name+".svg")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != got {
			t.Errorf("%s is not what the view shows: go test ./internal/top -update", path)
		}
	}
}
