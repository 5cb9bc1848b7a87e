package top

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// addBar appends an operation's bar.
func (r *timelineRow) addBar(l *Line, a *view.Axis, now time.Time) {
	until := func(op *record.Operation) time.Time { return (&call{session: r.session, op: *op}).ends(now) }
	i := view.Interval{From: r.op.Start, To: until(&r.op)}
	bar := make(view.Bar, a.Columns)
	switch {
	case i.To.Before(a.Begin()) || i.From.After(a.End()):
	case r.note > 0:
		bar[a.Column(i.From)] = view.Stroke{Sign: '·', Color: view.Dim}
	default:
		persons := view.Persons(&r.op, r.session.children(r.op.Number), until)
		bar = a.Draw(&view.Piece{Interval: i, Outcome: r.outcome, FirstByte: r.op.FirstByte, Persons: persons})
	}
	for _, s := range bar.Folded(a) {
		if s.Sign == 0 {
			s.Sign = ' '
		}
		l.add(styleOf(s.Color), string(s.Sign))
	}
	l.join()
}

// children yields the operations that another one caused.
func (s *session) children(number uint64) func(func(*record.Operation) bool) {
	return func(yield func(*record.Operation) bool) {
		for _, c := range s.detail {
			if c.op.Parent == number && !yield(&c.op) {
				return
			}
		}
	}
}
