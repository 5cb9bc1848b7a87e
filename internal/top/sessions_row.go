package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// sums are the figures of a session or a run.
type sums struct {
	view.Counts
	p95      float64 // s; the largest of a run's
	received int64
}

// sums returns a session's figures: those that were stored, or those that have been counted here.
func (s *session) sums(w *world) sums {
	all := &s.Totals
	t := sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: all.Hung}, all.P95, all.Received}
	if all := &s.totals; s.streamed || s.summed {
		t = sums{view.Counts{Calls: all.Calls, Failed: all.Failed, FailedCalls: all.FailedCalls, Hung: s.hung}, all.P95().Seconds(), s.moved}
	}
	for _, c := range w.open {
		if c.session == s && c.outcome().Ending == view.Hung {
			t.Hung++
		}
	}
	return t
}

func (r *run) sums(w *world) (t sums) {
	for _, s := range r.sessions {
		one := s.sums(w)
		t.Add(one.Counts)
		t.p95, t.received = max(t.p95, one.p95), t.received+one.received
	}
	return t
}

// p95 returns what 95 of 100 of a run's calls took at most; 0 if not all of them are known.
func (r *run) p95(w *world) time.Duration {
	var all record.Totals
	for _, s := range r.sessions {
		if s.totals.Answered() == 0 && s.sums(w).p95 > 0 {
			return 0
		}
		all.Merge(&s.totals)
	}
	return all.P95()
}

// figures appends the columns with numbers.
func (t sums) figures(l *Line, s Style, c sessionColumns, p95 string) {
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

func (s *session) line(w *world, c sessionColumns, last bool) Line {
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
			s.drawStrip(w, &l, c.when)
		}
		l.space(1)
	}
	t := s.sums(w)
	p95 := "–"
	if t.p95 > 0 {
		p95 = view.Duration(time.Duration(t.p95 * float64(time.Second)))
	}
	t.figures(&l, Plain, c, p95)
	word, st := s.end()
	l.left(st, word, c.end)
	return l
}

// drawStrip draws the session's strip on the axis of its run.
func (s *session) drawStrip(w *world, l *Line, n int) {
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
	s.strip.draw(l, axis, view.Interval{From: s.began(), To: s.until(w.now)}, n, open)
}

func (r *run) line(w *world, c sessionColumns) Line {
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
	t.figures(&l, Strong, c, p95)
	word, st := r.end()
	if st == Dim {
		st = Strong
	}
	l.left(st, word, c.end)
	return l
}

// end returns how a session stands.
func (s *session) end() (string, Style) {
	switch s.State {
	case store.Live:
		return "live", Work
	case store.Killed:
		return "killed", Bad
	case store.Unknown:
		return "unknown", Dim
	case store.Ended:
	}
	e := record.Exit{EndedBy: s.Exit.EndedBy, Cause: s.Exit.Cause, Code: s.Exit.Code, Signal: s.Exit.Signal}
	switch word, _ := view.Exit(e); {
	case e.Cause == record.NotStarted:
		return "never", Bad
	case e.EndedBy == record.ByServer:
		return strings.TrimPrefix(word, "killed by "), Bad
	}
	return "closed", Dim
}

// end returns how a run stands: live, or as its last session.
func (r *run) end() (string, Style) {
	if r.live() {
		return "live", Work
	}
	last := r.sessions[0]
	for _, s := range r.sessions {
		if s.Ended.After(last.Ended) {
			last = s
		}
	}
	return last.end()
}
