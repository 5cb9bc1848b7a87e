package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// figures appends the columns with numbers.
func (c sessionColumns) figures(l *Line, s Style, t watch.Sums, p95 string) {
	bad := func(n int) Style {
		if n > 0 {
			return Bad
		}
		return s
	}
	l.right(s, view.Number(t.Calls), 5).right(bad(t.Failed), view.Number(t.Failed), 7).
		right(bad(t.Hung), view.Number(t.Hung), 5)
	if c.p95 > 0 {
		l.right(s, p95, 1+c.p95)
	}
	if c.received > 0 {
		l.right(s, view.Size(t.Received), 1+c.received)
	}
	l.space(1)
}

func sessionLine(w *watch.World, s *watch.Session, c sessionColumns, last bool) Line {
	branch := "├─ "
	if last {
		branch = "└─ "
	}
	number := fmt.Sprintf(" %3d ", s.Number) // the name has less room beside a long one
	l := text(Plain, number)
	l.add(Dim, branch).left(Plain, s.Title(), c.name+2-len(number)).space(1)
	if c.when > 0 {
		if why := s.Trouble(); why != "" {
			l.left(Bad, why, c.when)
		} else {
			drawStrip(w, s, &l, c.when)
		}
		l.space(1)
	}
	t := s.Sums(w)
	p95 := "–"
	if t.P95 > 0 {
		p95 = view.Duration(time.Duration(t.P95 * float64(time.Second)))
	}
	c.figures(&l, Plain, t, p95)
	word, color := s.Ending()
	l.left(styleOf(color), word, c.end)
	return l
}

// drawStrip draws the session's strip on the axis of its run.
func drawStrip(w *watch.World, s *watch.Session, l *Line, n int) {
	if s.Strip == nil {
		w.Want(watch.WantHistory, s.Name)
		l.space(n)
		return
	}
	var open []view.Interval
	for _, c := range w.Open {
		if c.Session == s && c.Outcome().Ending == view.Hung {
			open = append(open, view.Interval{From: c.Op.Start, To: w.Now})
		}
	}
	axis := view.Interval{From: s.InRun.Began(), To: s.InRun.Until(w.Now)}
	drawSlots(s.Strip, l, axis, view.Interval{From: s.Began(), To: s.Until(w.Now)}, n, open)
}

func runLine(w *watch.World, r *watch.Run, c sessionColumns) Line {
	t := r.Sums(w)
	l := text(Strong, " ")
	l.left(Strong, r.ClientTitle(), 4+c.name).space(1)
	if c.when > 0 {
		began, end := r.Began().In(w.Now.Location()).Format("15:04"), view.Duration(r.Until(w.Now).Sub(r.Began()))
		if c.when >= 40 {
			until := "now"
			if !r.Live() {
				until = r.Until(w.Now).In(w.Now.Location()).Format("15:04")
			}
			rest := c.when - len(began) - len(end) - len(until) - 4
			l.add(Strong, began+" ").add(Dim, strings.Repeat("─", rest/2)).add(Strong, " "+end+" ").
				add(Dim, strings.Repeat("─", rest-rest/2)).add(Strong, " "+until)
		} else {
			l.add(Strong, began).right(Strong, end, c.when-len(began))
		}
		l.space(1)
	}
	p95 := ""
	if d := r.P95(w); d > 0 {
		p95 = view.Duration(d)
	}
	c.figures(&l, Strong, t, p95)
	word, color := r.Ending()
	st := styleOf(color)
	if st == Dim {
		st = Strong
	}
	l.left(st, word, c.end)
	return l
}
