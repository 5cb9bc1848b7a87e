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
	style   Style
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
		rank: 0, word: "Hung", style: Bad, session: c.session, call: c, at: c.op.Start,
		text: fmt.Sprintf("%s, %s: %s", where, view.Duration(took), why),
		long: fmt.Sprintf("%s has not been answered for %s: %s Its client is %s.", where, spoken(took), whole,
			cmp.Or(clean(c.session.Client.Name), "unknown")),
	}
}

// uncapitalized returns a text that follows a colon.
func uncapitalized(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// endAlerts reports a session that did not end well.
func (s *session) endAlerts(w *world) []alert {
	a := alert{rank: 1, style: Bad, session: s, at: s.until(w.now)}
	who := s.server()
	if client := clean(s.Client.Name); client != "" {
		who += " of " + client
	}
	lived := view.Duration(max(s.until(w.now).Sub(s.began()), 0))
	switch word, _ := s.end(); {
	case s.State == store.Killed:
		a.word, a.text = "Killed", fmt.Sprintf("%s after %s: its wrapper was killed.", who, lived)
	case s.Exit == nil || s.Exit.EndedBy != record.ByServer:
		return nil
	case s.Exit.Cause == record.NotStarted:
		a.word, a.text = "Never", fmt.Sprintf("%s did not start: %s.", who, cmp.Or(clean(s.Exit.Reason), "no reason given"))
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
		text := fmt.Sprintf("%s %s: %d of the last %d calls %s, since %s.", s.server(), clean(tool), failed,
			len(last), why, since.In(w.now.Location()).Format("15:04"))
		at := last[len(last)-1].at
		all = append(all, alert{rank: 2, word: "Failing", style: Bad, text: text, long: text, session: s, tool: tool, at: at})
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
			rank: 2, word: "Changed", style: Bad, session: s, tool: string(c.Kind) + " " + c.Name, at: c.Time,
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
			rank: 3, word: "Unusual", style: Late, text: text, long: text, session: s,
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

// alertBlock is the block above the sessions: the two worst, and how many more there are.
func alertBlock(all []alert, room Size) []Line {
	if len(all) == 0 {
		return nil
	}
	if room.Height < 20 {
		l := text(all[0].style, " "+all[0].word)
		l.to(10).add(Plain, view.CutEnd(all[0].text, room.Width-26))
		if n := len(all) - 1; n > 0 {
			l.add(Plain, fmt.Sprintf("   %d more: !", n))
		}
		return []Line{l, rule(room.Width)}
	}
	most := 2
	if room.Height >= 36 {
		most = 5
	}
	var lines []Line
	for i, a := range all[:min(most, len(all))] {
		said := a.text
		if room.Width >= 120 {
			said = a.long
		}
		width := room.Width - 11
		more := ""
		if i == most-1 && len(all) > most {
			more = fmt.Sprintf("   %d more: !", len(all)-most)
		}
		parts := wrapped(said, width-len(more))
		if len(parts) > 2 {
			parts = []string{parts[0], view.CutEnd(strings.Join(parts[1:], " "), width-len(more))}
		}
		for j, part := range parts {
			l := text(Plain, " ")
			if j == 0 {
				l.add(a.style, a.word)
			}
			l.to(10).add(Plain, part)
			if j == len(parts)-1 {
				l.add(Plain, more)
			}
			lines = append(lines, l)
		}
	}
	return append(lines, rule(room.Width))
}

// alertsPane lists all that needs a look.
type alertsPane struct {
	list
	shown []alert
}

func newAlertsPane() *alertsPane { return &alertsPane{list: list{follow: true}} }

func (p *alertsPane) rows() *list { return &p.list }

func (p *alertsPane) hints() []string { return []string{"esc back", "⏎ open", "y copy", "? keys"} }

// update collects the alerts. Those that are shown keep their order, unless it may change, and new ones follow.
func (p *alertsPane) update(w *world, f *Filter, reorder bool) {
	all := w.alerts()
	if !reorder {
		places := map[string]int{}
		for i := range p.shown {
			places[p.shown[i].id()] = i - len(p.shown)
		}
		slices.SortStableFunc(all, func(a, b alert) int { return cmp.Compare(places[a.id()], places[b.id()]) })
	}
	p.shown, p.total = nil, len(all)
	var rows []row
	for _, a := range all {
		s := a.session.subject(w)
		if a.call != nil {
			s = a.call.subject(a.call.outcome(), w.now)
		}
		if f.matches(s) {
			p.shown, rows = append(p.shown, a), append(rows, row{id: a.id(), bad: true})
		}
	}
	p.set(rows)
}

func (p *alertsPane) key(w *world, key string) action {
	if key != "enter" {
		return action{}
	}
	if i := p.selected(); i >= 0 {
		t := newTimeline(w, []*session{p.shown[i].session})
		if c := p.shown[i].call; c != nil {
			return action{known: true, open: &callOf{callPane: newCallPane(c, nil), behind: t}}
		}
		return action{known: true, open: t}
	}
	return action{known: true}
}

func (p *alertsPane) command() string {
	i := p.selected()
	switch {
	case i < 0:
		return ""
	case p.shown[i].call != nil:
		return fmt.Sprintf("spanpipe show %s --operation %d", p.shown[i].session.Name, p.shown[i].call.op.Number)
	}
	return "spanpipe show " + p.shown[i].session.Name
}

func (p *alertsPane) draw(w *world, room Size) []Line {
	lines := []Line{text(Dim, " WHAT NEEDS A LOOK")}
	if len(p.shown) == 0 {
		return append(lines, text(Plain, " Nothing: no operation hangs, and no tool keeps failing."))
	}
	p.room((room.Height - 1) / 2)
	from, to := p.visible()
	for i := from; i < to; i++ {
		a := p.shown[i]
		for j, part := range wrapped(a.long, room.Width-11) {
			if j > 1 {
				break
			}
			l := text(Plain, " ")
			if j == 0 {
				l.add(a.style, a.word)
			}
			l.to(10).add(Plain, part)
			l.Selected = i == p.selected() && j == 0
			lines = append(lines, l)
		}
	}
	return lines
}
