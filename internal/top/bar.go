package top

import (
	"math/bits"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// addBar appends an operation's bar.
func (r *timelineRow) addBar(l *Line, a *view.Axis, now time.Time) {
	until := func(op *record.Operation) time.Time { return (&watch.Call{Session: r.Session, Op: *op}).Ends(now) }
	i := view.Interval{From: r.Op.Start, To: until(&r.Op)}
	bar := make(view.Bar, a.Columns)
	switch {
	case i.To.Before(a.Begin()) || i.From.After(a.End()):
	case r.Note > 0:
		bar[a.Column(i.From)] = view.Stroke{Sign: '·', Color: view.Dim}
	default:
		persons := view.Persons(&r.Op, r.Session.Children(r.Op.Number), until)
		bar = a.Draw(&view.Piece{Interval: i, Outcome: r.outcome, FirstByte: r.Op.FirstByte, Persons: persons})
	}
	for _, s := range bar.Folded(a) {
		if s.Sign == 0 {
			s.Sign = ' '
		}
		l.add(styleOf(s.Color), string(s.Sign))
	}
	l.join()
}

// blocks are the heights of a column. The lowest is the rail: the server runs and is not called.
var blocks = []rune("▁▂▃▄▅▆▇█")

// drawSlots appends a strip of n columns for a time, in which the session lived for a part. Hangs are those that go on.
func drawSlots(s *watch.Strip, l *Line, axis, life view.Interval, n int, open []view.Interval) {
	step := axis.To.Sub(axis.From) / time.Duration(max(n, 1))
	if step <= 0 {
		l.space(n)
		return
	}
	for i := range n {
		from := axis.From.Add(time.Duration(i) * step)
		to := from.Add(step)
		if i == n-1 {
			to = axis.To
		}
		switch sum := s.Sum(from, to); {
		case !from.Before(life.To) && i > 0 || to.Before(life.From):
			l.space(1)
		case sum.Bad > 0:
			l.add(Bad, "×")
		case watch.Overlaps(open, from, to) || watch.Overlaps(s.Hangs, from, to):
			l.add(Bad, "━")
		case sum.Calls > 0:
			l.add(Work, string(blocks[min(bits.Len32(sum.Calls), len(blocks)-1)]))
		default:
			l.add(Dim, "▁")
		}
	}
	l.join()
}

// style returns the style of an outcome.
func style(o view.Outcome) Style { return styleOf(o.Color()) }

func styleOf(c view.Color) Style {
	switch c {
	case view.Red:
		return Bad
	case view.Yellow:
		return Late
	case view.Blue:
		return Person
	case view.Cyan:
		return Work
	}
	return Dim
}

// isBad reports whether an outcome is one to stop at: it failed, hangs, or was refused.
func isBad(o view.Outcome) bool { return style(o) == Bad || style(o) == Late }
