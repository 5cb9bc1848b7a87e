package watch

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

// Alert is something that needs a look, in a sentence.
type Alert struct {
	rank    int // the worst first
	Word    string
	Color   view.Color
	Text    string // where there is little room
	Long    string
	Session *Session
	Call    *Call  // nil if it is about a session
	tool    string // that fails
	At      time.Time

	// Where names look different from sentences: what it is about, and the sentence that goes on behind that.
	Subject, Rest string
}

const (
	recently    = time.Hour // how long what has ended still needs a look
	failingFrom = 3         // failures among the last calls of a tool
)

// Alerts returns what needs a look, the worst first.
func (w *World) Alerts() []Alert {
	var all []Alert
	for _, c := range w.Open {
		if c.Outcome().Ending == view.Hung {
			all = append(all, w.hungAlert(c))
		}
	}
	for _, s := range w.Sessions {
		if s.Lately(w.Now) {
			all = append(all, s.endAlerts(w)...)
			all = append(all, s.failing(w)...)
			all = append(all, s.changed()...)
			all = append(all, s.unusual(w)...)
		}
	}
	slices.SortFunc(all, func(a, b Alert) int {
		last := b.At.Compare(a.At)
		if a.Call != nil { // the longest first
			last = -last
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), last, strings.Compare(a.Text, b.Text))
	})
	return all
}

// Lately reports whether a session is live or ended so lately that what happened in it still needs a look.
func (s *Session) Lately(now time.Time) bool {
	return s.State == store.Live || now.Sub(s.Until(now)) < recently
}

// ID stays the same while an alert is there.
func (a *Alert) ID() string {
	if a.Call != nil {
		return a.Call.ID()
	}
	return strings.Join([]string{a.Session.Name, a.Word, a.tool}, "/")
}

func (w *World) hungAlert(c *Call) Alert {
	took := c.Took(w.Now)
	why := "it waits for the server's answer."
	stall := view.StallSeen(&c.Op)
	switch {
	case stall.What != "":
		why = uncapitalized(stall.Short())
	case c.Op.Undelivered:
		why = "the server has not read the whole request."
	case c.Op.Direction == record.ToClient:
		why = "it waits for the client's answer."
	}
	where, whole := c.Session.Title()+" "+c.Name(), why
	if stall.What != "" {
		whole = uncapitalized(stall.String())
	}
	return Alert{
		rank: 0, Word: "Hung", Color: view.Red, Session: c.Session, Call: c, At: c.Op.Start,
		Text: fmt.Sprintf("%s, %s: %s", where, view.Duration(took), why),
		Long: fmt.Sprintf("%s has not been answered for %s: %s Its client is %s.", where, spoken(took), whole,
			cmp.Or(view.Steady(c.Session.Client.Name), "unknown")),
		Subject: where, Rest: "has not been answered: " + whole, // At says since when
	}
}

// uncapitalized returns a text that follows a colon.
func uncapitalized(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// endAlerts reports a session that did not end well.
func (s *Session) endAlerts(w *World) []Alert {
	a := Alert{rank: 1, Color: view.Red, Session: s, At: s.Until(w.Now), Subject: s.Title()}
	of := ""
	if client := view.Steady(s.Client.Name); client != "" {
		of = "of " + client + " "
	}
	lived := view.Duration(max(s.Until(w.Now).Sub(s.Began()), 0))
	verb := "" // of the sentence, which the word is in a terminal
	switch word, _ := s.Ending(); {
	case s.State == store.Killed:
		a.Word, verb, a.Rest = "Killed", "ended ", fmt.Sprintf("after %s: its wrapper was killed.", lived)
	case s.Exit == nil || s.Exit.EndedBy != record.ByServer:
		return nil
	case s.Exit.Cause == record.NotStarted:
		a.Word, a.Rest = "Never", fmt.Sprintf("did not start: %s.", cmp.Or(view.Steady(s.Exit.Reason), "no reason given"))
	default:
		a.Word, verb, a.Rest = "Ended", "ended ", fmt.Sprintf("by itself after %s: %s.", lived, word)
	}
	a.Text = s.Title() + " " + of + a.Rest
	a.Long, a.Rest = a.Text, of+verb+a.Rest
	return []Alert{a}
}

// failing reports the tools whose last calls mostly failed.
func (s *Session) failing(w *World) []Alert {
	var all []Alert
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
		if failed < failingFrom || w.Now.Sub(last[len(last)-1].at) > recently {
			continue
		}
		text := fmt.Sprintf("%s %s: %d of the last %d calls %s, since %s.", s.Title(), view.Steady(tool), failed,
			len(last), why, since.In(w.Now.Location()).Format("15:04"))
		at := last[len(last)-1].at
		all = append(all, Alert{
			rank: 2, Word: "Failing", Color: view.Red, Text: text, Long: text, Session: s, tool: tool, At: at,
			Subject: s.Title() + " " + view.Steady(tool),
			Rest: fmt.Sprintf("failed in %d of the last %d calls, since %s: %s.", failed, len(last),
				since.In(w.Now.Location()).Format("15:04"), why),
		})
	}
	return all
}

// changed reports definitions that are not what they were.
func (s *Session) changed() []Alert {
	var all []Alert
	for _, n := range s.Noted {
		c, ok := n.(record.DefinitionChange)
		if !ok || c.Harmless() {
			continue
		}
		change, name := view.DefinitionChange(c), view.DefinitionName(c.Kind, c.Name)
		text := s.Title() + ": " + change + "."
		const next = " To list and accept: spanpipe definitions."
		alert := Alert{
			rank: 2, Word: "Changed", Color: view.Red, Session: s, tool: string(c.Kind) + " " + c.Name, At: c.Time,
			Text: text, Long: text + next, Subject: s.Title(), Rest: change + "." + next,
		}
		if rest, ok := strings.CutPrefix(change, name+" "); ok {
			alert.Subject, alert.Rest = s.Title()+" "+name, rest+"."+next
		}
		all = append(all, alert)
	}
	return all[max(len(all)-mostChanged, 0):]
}

// mostChanged bounds the alerts about one session's definitions.
const mostChanged = 20

// unusual reports what stood out from the server's earlier sessions. What stood out from the session itself is no alert: a
// loop is in the timeline.
func (s *Session) unusual(w *World) []Alert {
	var all []Alert
	for _, n := range s.Noted {
		f, ok := n.(record.Finding)
		if !ok || !f.Kind.OfPast() || w.Now.Sub(f.Time) > recently {
			continue
		}
		text := s.Title() + " " + view.Finding(f)
		all = append(all, Alert{
			rank: 3, Word: "Unusual", Color: view.Yellow, Text: text, Long: text, Session: s,
			tool: string(f.Kind) + " " + f.From + " " + f.Target(), At: f.Time,
			Subject: s.AboutFinding(f), Rest: RestOfFinding(f),
		})
	}
	return all
}

// AboutFinding returns what a finding is about: the server, and what was called.
func (s *Session) AboutFinding(f record.Finding) string {
	return s.Title() + " " + view.Steady(f.Target())
}

// RestOfFinding says what stood out, behind what it is about.
func RestOfFinding(f record.Finding) string {
	return strings.TrimPrefix(view.Finding(f), view.Safe(f.Target())+": ")
}

// HungNow counts the operations that hang.
func (w *World) HungNow() int {
	n := 0
	for _, c := range w.Open {
		if c.Outcome().Ending == view.Hung {
			n++
		}
	}
	return n
}
