package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// sessionTable writes a listing for people.
type sessionTable struct {
	*listing
	screen *view.Screen
	server int // width of the column
	wide   bool
}

// Widths of the table. Beside the server's name it takes restOfTable columns, so that it fits 80 with names of ten.
const (
	restOfTable = 70
	leastServer = 10
	wideTable   = 100 // has the whole end
	endWidth    = 21  // more than the short word
)

// layout chooses the width of the names: as long as they are, as far as the terminal has room.
func (t *sessionTable) layout() {
	t.server = leastServer
	for i := range t.sessions {
		t.server = max(t.server, view.Width(view.Safe(t.sessions[i].ServerName())))
	}
	t.wide = t.screen.Columns == 0 || t.screen.Columns >= wideTable
	if t.screen.Columns > 0 {
		room := t.screen.Columns - restOfTable
		if t.wide {
			room -= endWidth
		}
		t.server = min(t.server, max(room, leastServer))
	}
}

// grouped writes the sessions below their clients.
func (t *sessionTable) grouped(w io.Writer) error {
	t.layout()
	var out strings.Builder
	out.WriteString(t.heading("  #", t.server) + "\n")
	number, last := 0, ""
	for i := range t.runs {
		run := &t.runs[i]
		heading := t.runHeading(run)
		if run.ID != "" || heading != last { // sessions that stand alone share a heading
			out.WriteString("\n" + t.screen.Paint(view.Bold, heading) + "\n")
		}
		if last = heading; run.ID != "" {
			last = ""
		}
		for k := range run.Sessions {
			number++
			out.WriteString(t.row(fmt.Sprintf("%3d", number), &run.Sessions[k]) + "\n")
		}
	}
	out.WriteString("\n" + t.explanations())
	_, err := io.WriteString(w, t.screen.Text(out.String()))
	return err
}

func (t *sessionTable) heading(number string, server int) string {
	return fmt.Sprintf("%s  %-*s   STARTED   LASTED  CALLS  FAILED  HUNG     P95 RECEIVED  END", number, server, "SERVER")
}

// runHeading names a run: its client, and the day.
func (t *sessionTable) runHeading(r *store.Run) string {
	client := "unknown client"
	if r.Client.Name != "" {
		client = peer(r.Client)
	}
	return client + ", " + report.Day(r.Started.In(t.screen.Zone), t.now)
}

func (t *sessionTable) row(number string, s *store.Session) string {
	name := view.Safe(s.ServerName())
	if t.screen.Columns > 0 {
		name = view.Cut(name, t.server)
	}
	bold := view.Plain
	if s.State == store.Live {
		bold = t.screen.Paint
	}
	end := shortEnd(s)
	if t.wide {
		end = t.longEnd(s)
	}
	return bold(view.Bold, fmt.Sprintf("%s  %s  %s", number, view.Pad(name, t.server), s.Launched.In(t.screen.Zone).Format(time.TimeOnly))) +
		fmt.Sprintf("  %7s  %5d", t.lasted(s), s.Totals.Calls) +
		t.count(s.Totals.Failed, 6) + t.count(s.Totals.Hung, 4) +
		fmt.Sprintf("  %6s %8s  ", p95(s), size(s.Totals.Received)) + bold(view.Bold, end)
}

// count writes a number that is red unless it is zero.
func (t *sessionTable) count(n, width int) string {
	text := fmt.Sprintf("%*d", width, n)
	if n > 0 {
		text = t.screen.Paint(view.Red, text)
	}
	return "  " + text
}

func (t *sessionTable) lasted(s *store.Session) string {
	d, known := lasted(s, t.now)
	if !known {
		return "–"
	}
	return view.Duration(d)
}

func p95(s *store.Session) string {
	if s.Totals.P95 == 0 {
		return "–"
	}
	return view.Duration(time.Duration(s.Totals.P95 * float64(time.Second)))
}

func size(n int64) string {
	if n == 0 {
		return "0"
	}
	return view.Size(n)
}

// shortEnd returns how a session ended, in at most seven characters.
func shortEnd(s *store.Session) string {
	e := s.Exit
	switch {
	case s.State == store.Live:
		return "live"
	case s.State == store.Killed:
		return "killed"
	case e == nil:
		return "unclear"
	case e.Cause == record.NotStarted:
		return "never"
	case e.EndedBy == record.ByClient:
		return "closed"
	case e.Signal != "":
		return strings.TrimPrefix(view.Safe(e.Signal), "SIG")
	}
	return "exit " + strconv.Itoa(e.Code)
}

// longEnd returns the same where there is room.
func (t *sessionTable) longEnd(s *store.Session) string {
	at := func(when time.Time) string { return when.In(t.screen.Zone).Format("15:04") }
	e := s.Exit
	switch {
	case s.State == store.Killed:
		return "killed, last seen " + at(s.Written)
	case e == nil || s.State == store.Live:
		return shortEnd(s)
	case e.Cause == record.NotStarted:
		return "never started"
	case e.Cause == record.Signaled:
		return "client ended it, " + at(s.Ended)
	case e.Cause == record.HostDied:
		return "client died, " + at(s.Ended)
	case e.EndedBy == record.ByClient:
		return "client closed, " + at(s.Ended)
	}
	d, _ := lasted(s, t.now)
	return strings.TrimPrefix(exitWord(e), "killed by ") + " after " + view.Duration(d)
}

// exitWord returns how a server's process ended: "exit 1", "killed by SIGSEGV".
func exitWord(e *store.Exit) string {
	word, _ := view.Exit(record.Exit{Code: e.Code, Signal: e.Signal})
	return word
}

// explanations returns a line for each thing that the table marks, and how to see more.
func (t *sessionTable) explanations() string {
	var out strings.Builder
	var killed, unclear []string
	for i := range t.sessions {
		s, number := &t.sessions[i], strconv.Itoa(i+1)
		switch {
		case s.State == store.Killed:
			killed = append(killed, number)
		case s.State == store.Unknown:
			unclear = append(unclear, number)
		case s.Exit != nil && s.Exit.Cause == record.NotStarted:
			t.explain(&out, number+" "+view.Safe(s.ServerName())+" never started: "+view.Safe(s.Exit.Reason)+".")
		}
		if s.Problem != "" {
			t.explain(&out, number+" cannot be read whole: "+view.Safe(s.Problem)+".")
		}
	}
	if len(killed) > 0 {
		t.explain(&out, "killed: spanpipe itself ended without saying how, as by SIGKILL or a power cut: "+strings.Join(killed, ", ")+".")
	}
	if len(unclear) > 0 {
		t.explain(&out, "unclear: files cannot be locked there, so they may still run: "+strings.Join(unclear, ", ")+".")
	}
	t.explain(&out, t.more())
	return out.String()
}

// explain writes a sentence. Where it breaks, it goes on indented.
func (t *sessionTable) explain(out *strings.Builder, sentence string) {
	out.WriteString(view.Fold(sentence, "  ", t.screen.Columns) + "\n")
}

func (t *sessionTable) more() string {
	of := view.Plural(t.matched, "session") + " " + during(t.since, t.now) + "."
	if len(t.sessions) < t.matched {
		return fmt.Sprintf("%d of %s More: -n %d, or %s", len(t.sessions), of, max(50, 2*len(t.sessions)), t.older)
	}
	return of + " Older: " + t.older + ". One: spanpipe show 1"
}

// flatFigures is how many columns a line of flat has before the names.
const flatFigures = 71

// flat writes one line a session, with values that have no spaces, but for the names at the end.
func (t *sessionTable) flat(w io.Writer) error {
	var out strings.Builder
	names := "SERVER, CLIENT"
	if t.screen.Columns > 0 {
		names = view.CutEnd(names, t.screen.Columns-flatFigures)
	}
	fmt.Fprintf(&out, "%3s %-16s %7s %5s %6s %4s %6s %8s %-7s %s\n",
		"#", "STARTED", "LASTED", "CALLS", "FAILED", "HUNG", "P95", "RECEIVED", "END", names)
	for i := range t.sessions {
		s := &t.sessions[i]
		none := func(text string) string { return strings.ReplaceAll(text, " ", "") }
		line := fmt.Sprintf("%3d %s %7s %5d %6d %4d %6s %8s %-7s ", i+1,
			s.Launched.In(t.screen.Zone).Format("2006-01-02T15:04"), t.lasted(s), s.Totals.Calls, s.Totals.Failed, s.Totals.Hung,
			p95(s), none(size(s.Totals.Received)), none(shortEnd(s)))
		names = view.Safe(s.ServerName()) + ", " + peer(s.Client)
		if t.screen.Columns > 0 {
			names = view.CutEnd(names, t.screen.Columns-flatFigures)
		}
		out.WriteString(line + names + "\n")
	}
	_, err := io.WriteString(w, t.screen.Text(out.String()))
	return err
}
