package top

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// livePane shows the operations that are open, on one axis of ages, and below them those that have ended, the newest first.
type livePane struct {
	list
	open    []*watch.Call
	shown   []*watch.Call
	cleared time.Time // what ended before is not shown
}

func newLivePane() *livePane { return &livePane{list: list{follow: true}} }

func (p *livePane) rows() *list { return &p.list }

func (p *livePane) hints() []string {
	return []string{"space pause", "⏎ open", "/ filter", "n next not ok", "c clear", "y copy", "? keys", "q quit"}
}

func (p *livePane) update(w *watch.World, f *watch.Filter, _ bool) {
	p.open, p.shown = p.open[:0], p.shown[:0]
	var rows []row
	for _, c := range w.Open {
		if o := c.Outcome(); f.Matches(c.Subject(o, w.Now)) {
			p.open, rows = append(p.open, c), append(rows, row{id: c.ID(), bad: isBad(o)})
		}
	}
	p.total = len(w.Open) + len(w.Ended)
	for _, c := range slices.Backward(w.Ended) {
		if !c.Op.End.After(p.cleared) {
			continue
		}
		if o := c.Outcome(); f.Matches(c.Subject(o, w.Now)) {
			p.shown, rows = append(p.shown, c), append(rows, row{id: c.ID() + " ended", bad: isBad(o)})
		}
	}
	p.set(rows)
}

func (p *livePane) key(w *watch.World, key string) action {
	switch key {
	case "enter":
		if c := p.at0(); c != nil {
			t := newTimeline(w, []*watch.Session{c.Session})
			return action{known: true, open: &callOf{callPane: newCallPane(c, nil), behind: t}}
		}
	case "c":
		p.cleared = w.Now
	default:
		return action{}
	}
	return action{known: true}
}

// callOf is a call that was opened without its session's list, which keeps the session's detail.
type callOf struct {
	*callPane
	behind *timeline
}

func (p *callOf) close(w *watch.World) { p.behind.close(w) }

// at0 returns the selected call.
func (p *livePane) at0() *watch.Call {
	switch i := p.selected(); {
	case i < 0:
		return nil
	case i < len(p.open):
		return p.open[i]
	default:
		return p.shown[i-len(p.open)]
	}
}

func (p *livePane) command() string {
	if c := p.at0(); c != nil {
		return fmt.Sprintf("spanpipe show %s --operation %d", c.Session.Name, c.Op.Number)
	}
	return "spanpipe tail"
}

// draw keeps the list of open operations on the screen, and scrolls the one of those that have ended.
func (p *livePane) draw(w *watch.World, room Size) []Line {
	top := min(len(p.open), max(room.Height/2-2, 1))
	lines := []Line{p.openHeading(room.Width, w.HangAfter)}
	first := 0
	if i := p.selected(); i >= 0 && i < len(p.open) {
		first = max(i-top+1, 0)
	}
	for i := first; i < first+top; i++ {
		l := p.openLine(w, p.open[i], room.Width)
		l.Selected = i == p.selected()
		lines = append(lines, l)
	}
	switch more := len(p.open) - top; {
	case len(w.Open) > 0 && len(p.open) == 0:
		lines = append(lines, text(Dim, " no open operation matches the filter"))
	case len(p.open) == 0:
		lines = append(lines, text(Dim, " no operation has been open for longer than a second"))
	case more > 0:
		lines = append(lines, text(Dim, " %s", plural(more, "more open operation")))
	}
	lines = append(lines, rule(room.Width))
	return append(lines, p.endedLines(w, room.Height-len(lines), room.Width)...)
}

func (p *livePane) openHeading(width int, hangAfter time.Duration) Line {
	l := text(Dim, " OPEN NOW")
	l.to(30).right(Dim, "AGE", 6).space(1)
	n := ageColumns(width)
	out := []rune(strings.Repeat(" ", n))
	for _, d := range []time.Duration{time.Second, 10 * time.Second, hangAfter, 5 * time.Minute} {
		label := d.String()
		if d%time.Minute == 0 {
			label = fmt.Sprintf("%dm", d/time.Minute)
		}
		at := min(ageColumn(d, n), n-len(label))
		if at >= 0 && strings.TrimSpace(string(out[max(at-1, 0):at+len(label)])) == "" {
			copy(out[at:], []rune(label))
		}
	}
	return *l.add(Dim, string(out))
}

// ageColumns returns how many columns the axis of ages has.
func ageColumns(width int) int { return max(width-37-15, 8) }

// ageColumn returns the column of an age on an axis of n: logarithmic, from half a second to ten minutes.
func ageColumn(d time.Duration, n int) int {
	const least, most = 500 * time.Millisecond, 10 * time.Minute
	share := math.Log(float64(max(d, least))/float64(least)) / math.Log(float64(most)/float64(least))
	return min(int(share*float64(n)), n-1)
}

func (p *livePane) openLine(w *watch.World, c *watch.Call, width int) Line {
	o := c.Outcome()
	l := text(Plain, " ")
	l.left(Plain, c.Session.Title(), 10).space(1).left(Plain, c.Name(), 18).
		right(Plain, view.Duration(c.Took(w.Now)), 6).space(1)
	n := ageColumns(width)
	limit, end := ageColumn(w.HangAfter, n), ageColumn(c.Took(w.Now), n)
	for i := range n {
		switch {
		case i > end && i == limit:
			l.add(Dim, "┊")
		case i > end:
			l.space(1)
		case i == end:
			l.add(style(o), "▶")
		case o.Ending == view.Hung && i < limit && limit < end:
			l.add(Bad, "─")
		case o.Ending == view.Hung && i == limit:
			l.add(Bad, "┿")
		default:
			l.add(style(o), "━")
		}
	}
	l.join()
	word := o.String()
	if view.Width(word) > 14 {
		word = view.CutEnd(o.Short(), 14)
	}
	return *l.space(1).add(style(o), word)
}

// endedLines are the operations that have ended.
func (p *livePane) endedLines(w *watch.World, height, width int) []Line {
	p.room(height - 1)
	side := 0
	if width >= 140 {
		side = 58
	}
	left := p.lastMinutes(w, side, height)
	lines := []Line{endedHeading(width - side)}
	at := p.selected() - len(p.open)
	from := max(p.top, len(p.open)) - len(p.open)
	if at >= 0 {
		from = max(min(from, at), at-height+2)
	}
	for i := from; i < min(from+height-1, len(p.shown)); i++ {
		l := endedLine(w, p.shown[i], width-side)
		l.Selected = i == at
		lines = append(lines, l)
	}
	if side == 0 {
		return lines
	}
	for len(lines) < height {
		lines = append(lines, Line{})
	}
	for i := range lines {
		var l Line
		if i < len(left) {
			l = left[i]
		}
		l.fit(side - 1)
		l.add(Dim, "│")
		l.Pieces, l.Selected = append(l.Pieces, lines[i].Pieces...), lines[i].Selected
		lines[i] = l
	}
	return lines
}

func endedHeading(width int) Line {
	l := text(Dim, " ")
	l.left(Dim, "ENDED", 10).space(1).left(Dim, "SERVER", 10).space(1).left(Dim, "OPERATION", nameWidth(width))
	l.right(Dim, "TOOK", 8)
	if width >= noAnswer {
		l.right(Dim, "ANSWER", 9)
	}
	return *l.space(2).add(Dim, "OUTCOME")
}

// noAnswer is the width below which there is no room for the sizes of answers.
const noAnswer = 70

func nameWidth(width int) int {
	rest := 1 + 11 + 11 + 8 + 9 + 2 + 17
	if width < noAnswer {
		rest -= 9
	}
	return max(min(width-rest, 34), 8)
}

func endedLine(w *watch.World, c *watch.Call, width int) Line {
	o := c.Outcome()
	size := "–"
	if c.Op.Answered {
		size = view.Size(c.Op.ResponseSize)
	}
	l := text(Plain, " ")
	l.left(Dim, c.Op.End.In(w.Now.Location()).Format("15:04:05.0"), 10).space(1).
		left(Plain, c.Session.Title(), 10).space(1)
	l.add(Dim, view.Arrow(c.Op.Direction)+" ").left(Plain, c.Name(), nameWidth(width)-2)
	l.right(Plain, view.Duration(c.Op.Duration), 8)
	if width >= noAnswer {
		l.right(Plain, size, 9)
	}
	l.space(2)
	word := o.String()
	if room := width - l.width() - 1; view.Width(word) > room {
		word = view.CutEnd(o.Short(), room)
	}
	return *l.add(style(o), word)
}

// lastMinutes shows what the live sessions did in the last five minutes.
func (p *livePane) lastMinutes(w *watch.World, width, height int) []Line {
	if width == 0 {
		return nil
	}
	const span, slots = 5 * time.Minute, 20
	l := text(Dim, " ")
	l.left(Dim, "LAST 5 MINUTES", 12+14+slots).right(Dim, "A MINUTE", 9)
	lines := []Line{l}
	for _, r := range w.Runs {
		for _, s := range r.Sessions {
			if s.State != store.Live || len(lines) >= height {
				continue
			}
			recent := &watch.Strip{From: w.Now.Add(-span), Width: span / slots}
			n := 0
			for _, c := range slices.Backward(w.Ended) {
				if c.Session == s && c.Op.Start.After(recent.From) {
					recent.Mark(&c.Op)
					n++
				}
			}
			l := text(Plain, " ")
			l.left(Plain, s.Title(), 11).space(1).left(Dim, r.ClientTitle(), 13).space(1)
			var open []view.Interval
			for _, c := range w.Open {
				if c.Session == s && c.Outcome().Ending == view.Hung {
					open = append(open, view.Interval{From: c.Op.Start, To: w.Now})
				}
			}
			life := view.Interval{From: s.Began(), To: w.Now.Add(time.Second)}
			drawSlots(recent, &l, view.Interval{From: w.Now.Add(-span), To: w.Now}, life, slots, open)
			lines = append(lines, *l.right(Plain, fmt.Sprintf("%.1f", float64(n)/span.Minutes()), 9))
		}
	}
	return lines
}
