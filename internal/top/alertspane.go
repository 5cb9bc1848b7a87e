package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// alertBlock is the block above the sessions: the two worst, and how many more there are.
func alertBlock(all []watch.Alert, room Size) []Line {
	if len(all) == 0 {
		return nil
	}
	if room.Height < 20 {
		l := text(styleOf(all[0].Color), " "+all[0].Word)
		l.to(10).add(Plain, view.CutEnd(all[0].Text, room.Width-26))
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
		said := a.Text
		if room.Width >= 120 {
			said = a.Long
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
				l.add(styleOf(a.Color), a.Word)
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
	shown []watch.Alert
}

func newAlertsPane() *alertsPane { return &alertsPane{list: list{follow: true}} }

func (p *alertsPane) rows() *list { return &p.list }

func (p *alertsPane) hints() []string { return []string{"esc back", "⏎ open", "y copy", "? keys"} }

// update collects the alerts. Those that are shown keep their order, unless it may change, and new ones follow.
func (p *alertsPane) update(w *watch.World, f *watch.Filter, reorder bool) {
	all := w.Alerts()
	if !reorder {
		places := map[string]int{}
		for i := range p.shown {
			places[p.shown[i].ID()] = i - len(p.shown)
		}
		slices.SortStableFunc(all, func(a, b watch.Alert) int { return cmp.Compare(places[a.ID()], places[b.ID()]) })
	}
	p.shown, p.total = nil, len(all)
	var rows []row
	for _, a := range all {
		s := a.Session.Subject(w)
		if a.Call != nil {
			s = a.Call.Subject(a.Call.Outcome(), w.Now)
		}
		if f.Matches(s) {
			p.shown, rows = append(p.shown, a), append(rows, row{id: a.ID(), bad: true})
		}
	}
	p.set(rows)
}

func (p *alertsPane) key(w *watch.World, key string) action {
	if key != "enter" {
		return action{}
	}
	if i := p.selected(); i >= 0 {
		t := newTimeline(w, []*watch.Session{p.shown[i].Session})
		if c := p.shown[i].Call; c != nil {
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
	case p.shown[i].Call != nil:
		return fmt.Sprintf("spanpipe show %s --operation %d", p.shown[i].Session.Name, p.shown[i].Call.Op.Number)
	}
	return "spanpipe show " + p.shown[i].Session.Name
}

func (p *alertsPane) draw(w *watch.World, room Size) []Line {
	lines := []Line{text(Dim, " WHAT NEEDS A LOOK")}
	if len(p.shown) == 0 {
		return append(lines, text(Plain, " Nothing: no operation hangs, and no tool keeps failing."))
	}
	p.room((room.Height - 1) / 2)
	from, to := p.visible()
	for i := from; i < to; i++ {
		a := p.shown[i]
		for j, part := range wrapped(a.Long, room.Width-11) {
			if j > 1 {
				break
			}
			l := text(Plain, " ")
			if j == 0 {
				l.add(styleOf(a.Color), a.Word)
			}
			l.to(10).add(Plain, part)
			l.Selected = i == p.selected() && j == 0
			lines = append(lines, l)
		}
	}
	return lines
}
