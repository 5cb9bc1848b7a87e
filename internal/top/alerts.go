package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// alert is something that needs a look, in a sentence.
type alert struct {
	rank    int // the worst first
	word    string
	color   view.Color
	text    string // where there is little room
	long    string
	session *session
	call    *call  // nil if it is about a session
	tool    string // that fails
	at      time.Time
}

const (
	recently    = time.Hour // how long what has ended still needs a look
	failingFrom = 3         // failures among the last calls of a tool
)

// alerts returns what needs a look, the worst first.
func (w *world) alerts() []alert {
	var all []alert
	for _, c := range w.open {
		if c.outcome().Ending == view.Hung {
			all = append(all, w.hungAlert(c))
		}
	}
	for _, s := range w.sessions {
		if s.State == store.Live || w.now.Sub(s.until(w.now)) < recently {
			all = append(all, s.endAlerts(w)...)
			all = append(all, s.failing(w)...)
			all = append(all, s.changed()...)
			all = append(all, s.unusual(w)...)
		}
	}
	slices.SortFunc(all, func(a, b alert) int {
		last := b.at.Compare(a.at)
		if a.call != nil { // the longest first
			last = -last
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), last, strings.Compare(a.text, b.text))
	})
	return all
}

// id stays the same while an alert is there.
func (a *alert) id() string {
	if a.call != nil {
		return a.call.id()
	}
	return strings.Join([]string{a.session.Name, a.word, a.tool}, "/")
}

func (w *world) hungAlert(c *call) alert {
	took := c.took(w.now)
	why := "it waits for the server's answer."
	stall := view.StallOf(&c.op)
	switch {
	case stall.What != "":
		why = uncapitalized(stall.Short())
	case c.op.Undelivered:
		why = "the server has not read the whole request."
	case c.op.Direction == record.ToClient:
		why = "it waits for the client's answer."
	}
	where, whole := c.session.server()+" "+c.name(), why
	if stall.What != "" {
		whole = uncapitalized(stall.String())
	}
	return alert{
		rank: 0, word: "Hung", color: view.Red, session: c.session, call: c, at: c.op.Start,
		text: fmt.Sprintf("%s, %s: %s", where, view.Duration(took), why),
		long: fmt.Sprintf("%s has not been answered for %s: %s Its client is %s.", where, spoken(took), whole,
			cmp.Or(view.Steady(c.session.Client.Name), "unknown")),
	}
}

// uncapitalized returns a text that follows a colon.
func uncapitalized(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// endAlerts reports a session that did not end well.
func (s *session) endAlerts(w *world) []alert {
	a := alert{rank: 1, color: view.Red, session: s, at: s.until(w.now)}
	who := s.server()
	if client := view.Steady(s.Client.Name); client != "" {
		who += " of " + client
	}
	lived := view.Duration(max(s.until(w.now).Sub(s.began()), 0))
	switch word, _ := s.end(); {
	case s.State == store.Killed:
		a.word, a.text = "Killed", fmt.Sprintf("%s after %s: its wrapper was killed.", who, lived)
	case s.Exit == nil || s.Exit.EndedBy != record.ByServer:
		return nil
	case s.Exit.Cause == record.NotStarted:
		a.word, a.text = "Never", fmt.Sprintf("%s did not start: %s.", who, cmp.Or(view.Steady(s.Exit.Reason), "no reason given"))
	default:
		a.word, a.text = "Ended", fmt.Sprintf("%s by itself after %s: %s.", who, lived, word)
	}
	a.long = a.text
	return []alert{a}
}

// failing reports the tools whose last calls mostly failed.
func (s *session) failing(w *world) []alert {
	var all []alert
	for tool, last := range s.recent {
		failed, why, since := 0, "", time.Time{}
		for _, r := range last {
			if !r.failed {
				continue
			}
			if failed++; since.IsZero() {
				since = r.at
			}
			why = r.why
		}
		if failed < failingFrom || w.now.Sub(last[len(last)-1].at) > recently {
			continue
		}
		text := fmt.Sprintf("%s %s: %d of the last %d calls %s, since %s.", s.server(), view.Steady(tool), failed,
			len(last), why, since.In(w.now.Location()).Format("15:04"))
		at := last[len(last)-1].at
		all = append(all, alert{rank: 2, word: "Failing", color: view.Red, text: text, long: text, session: s, tool: tool, at: at})
	}
	return all
}

// changed reports definitions that are not what they were.
func (s *session) changed() []alert {
	var all []alert
	for _, n := range s.notes {
		c, ok := n.(record.DefinitionChange)
		if !ok || c.Harmless() {
			continue
		}
		text := s.server() + ": " + view.DefinitionChange(c) + "."
		all = append(all, alert{
			rank: 2, word: "Changed", color: view.Red, session: s, tool: string(c.Kind) + " " + c.Name, at: c.Time,
			text: text, long: text + " To list and accept: spanpipe definitions.",
		})
	}
	return all[max(len(all)-mostChanged, 0):]
}

// mostChanged bounds the alerts about one session's definitions.
const mostChanged = 20

// unusual reports what stood out from the server's earlier sessions. What stood out from the session itself is no alert: a
// loop is in the timeline.
func (s *session) unusual(w *world) []alert {
	var all []alert
	for _, n := range s.notes {
		f, ok := n.(record.Finding)
		if !ok || !f.Kind.OfPast() || w.now.Sub(f.Time) > recently {
			continue
		}
		text := s.server() + " " + view.Finding(f)
		all = append(all, alert{
			rank: 3, word: "Unusual", color: view.Yellow, text: text, long: text, session: s,
			tool: string(f.Kind) + " " + f.From + " " + f.Target(), at: f.Time,
		})
	}
	return all
}

// hungNow counts the operations that hang.
func (w *world) hungNow() int {
	n := 0
	for _, c := range w.open {
		if c.outcome().Ending == view.Hung {
			n++
		}
	}
	return n
}
