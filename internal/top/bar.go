package top

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// drawBar appends an operation's bar: heavy while it was waited for, light while its result came, hatched for a
// person's time, and a mark that says how it ended.
func drawBar(l *Line, r timelineRow, now time.Time, a *axis, begin, end time.Time) {
	if a.columns <= 0 {
		return
	}
	bar := newBar(a)
	st := style(r.outcome)
	if st == Dim && r.outcome.Ending == view.OK {
		st = Work
	}
	start, ends := r.op.Start, r.ends(now)
	if !ends.Before(begin) && !start.After(end) {
		bar.fill(r, st, start, ends, begin, end)
	}
	bar.put(l)
}

// bar is the cells of a bar.
type bar struct {
	axis   *axis
	signs  []rune
	styles []Style
}

func newBar(a *axis) *bar {
	b := &bar{axis: a, signs: make([]rune, a.columns), styles: make([]Style, a.columns)}
	for i := range b.signs {
		b.signs[i], b.styles[i] = ' ', Dim
		if a.folded(i) {
			b.signs[i] = '┊'
		}
	}
	return b
}

// set puts a sign; where a bar crosses a fold, that shows.
func (b *bar) set(column int, sign rune, s Style) {
	if column < 0 || column >= len(b.signs) {
		return
	}
	if b.signs[column] == '┊' && (sign == '━' || sign == '─') {
		sign = '┿'
	}
	b.signs[column], b.styles[column] = sign, s
}

func (b *bar) fill(r timelineRow, s Style, start, ends, begin, end time.Time) {
	from, to := b.axis.column(later(start, begin)), b.axis.column(ends)
	if ends.After(end) {
		to = b.axis.columns - 1
	}
	transfer := to + 1
	if !r.op.FirstByte.IsZero() && r.op.Change == record.Ended {
		transfer = b.axis.column(r.op.FirstByte) + 1
	}
	for i := from; i <= to; i++ {
		sign := '━'
		if i >= transfer {
			sign = '─'
		}
		b.set(i, sign, s)
	}
	b.person(r, from, to)
	mark := []rune(r.outcome.Mark())
	switch {
	case from == to && r.outcome.Ending != view.Hung && r.outcome.Ending != view.Open:
		sign := '·'
		if b.axis.exact(start, ends) {
			sign = '━'
		}
		if len(mark) > 0 && (mark[0] == '×' || sign == '·') {
			sign = mark[0]
		}
		b.signs[to], b.styles[to] = sign, s
	case len(mark) > 0 && !ends.After(end):
		if to+1 < len(b.signs) && b.signs[to+1] == ' ' && mark[0] == '×' {
			to++
		}
		b.signs[to], b.styles[to] = mark[0], s
	}
}

// person hatches the time in which a person was asked: its length is known, and that it lies before the end.
func (b *bar) person(r timelineRow, from, to int) {
	whole := r.op.Duration + r.op.InputWait
	if r.op.InputWait <= 0 || whole <= 0 || !r.outcome.Asked && r.outcome.Ending != view.Answered {
		return
	}
	n := int(float64(to-from+1) * float64(r.op.InputWait) / float64(whole))
	for i := to - n; i < to; i++ {
		if i > from || r.outcome.Ending == view.Answered {
			b.set(i, []rune(view.PersonMark)[0], Person)
		}
	}
}

func (b *bar) put(l *Line) {
	for i, sign := range b.signs {
		l.add(b.styles[i], string(sign))
	}
	l.join()
}

// exact reports whether a time is about as long as its column.
func (a *axis) exact(from, to time.Time) bool {
	for i := range a.parts {
		p := &a.parts[i]
		if !p.folded && !from.Before(p.from) && !from.After(p.to) && p.n > 0 {
			return to.Sub(from)*2 >= p.to.Sub(p.from)/time.Duration(p.n) && to.After(from)
		}
	}
	return false
}
