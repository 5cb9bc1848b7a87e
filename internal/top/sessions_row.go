package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// figures appends the columns with numbers.
func (c sessionColumns) figures(l *Line, s Style, t sums, p95 string) {
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
		l.right(s, view.Size(t.received), 1+c.received)
	}
	l.space(1)
}

func sessionLine(w *world, s *session, c sessionColumns, last bool) Line {
	branch := "├─ "
	if last {
		branch = "└─ "
	}
	number := fmt.Sprintf(" %3d ", s.number) // the name has less room beside a long one
	l := text(Plain, number)
	l.add(Dim, branch).left(Plain, s.server(), c.name+2-len(number)).space(1)
	if c.when > 0 {
		if why := s.problem(); why != "" {
			l.left(Bad, why, c.when)
		} else {
			drawStrip(w, s, &l, c.when)
		}
		l.space(1)
	}
	t := s.sums(w)
	p95 := "–"
	if t.p95 > 0 {
		p95 = view.Duration(time.Duration(t.p95 * float64(time.Second)))
	}
	c.figures(&l, Plain, t, p95)
	word, color := s.end()
	l.left(styleOf(color), word, c.end)
	return l
}

// drawStrip draws the session's strip on the axis of its run.
func drawStrip(w *world, s *session, l *Line, n int) {
	if s.strip == nil {
		w.want(WantHistory, s.Name)
		l.space(n)
		return
	}
	var open []view.Interval
	for _, c := range w.open {
		if c.session == s && c.outcome().Ending == view.Hung {
			open = append(open, view.Interval{From: c.op.Start, To: w.now})
		}
	}
	axis := view.Interval{From: s.run.began(), To: s.run.until(w.now)}
	drawSlots(s.strip, l, axis, view.Interval{From: s.began(), To: s.until(w.now)}, n, open)
}

func runLine(w *world, r *run, c sessionColumns) Line {
	t := r.sums(w)
	l := text(Strong, " ")
	l.left(Strong, r.client(), 4+c.name).space(1)
	if c.when > 0 {
		began, end := r.began().In(w.now.Location()).Format("15:04"), view.Duration(r.until(w.now).Sub(r.began()))
		if c.when >= 40 {
			until := "now"
			if !r.live() {
				until = r.until(w.now).In(w.now.Location()).Format("15:04")
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
	if d := r.p95(w); d > 0 {
		p95 = view.Duration(d)
	}
	c.figures(&l, Strong, t, p95)
	word, color := r.end()
	st := styleOf(color)
	if st == Dim {
		st = Strong
	}
	l.left(st, word, c.end)
	return l
}
