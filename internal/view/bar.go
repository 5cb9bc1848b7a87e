package view

import (
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// The strokes of a bar.
const (
	waitingStroke  = '━' // until the first byte of the answer
	transferStroke = '─'
	personStroke   = '░'
	lateStroke     = '╌'
	crossingStroke = '┿' // quiet time, while this was open
	foldStroke     = '┊'
	dot            = '·' // too short for a bar
)

// stroke is a column of a bar.
type stroke struct {
	sign  rune
	color Color
}

// bar is a line of strokes; 0 is none.
type bar []stroke

// Bar draws an operation on an axis: as wide as the axis, without spaces at its end.
func (r *Records) Bar(a *Axis, op *record.Operation, s *Screen) string {
	return s.bar(r.bar(a, op))
}

func (r *Records) bar(a *Axis, op *record.Operation) bar {
	outcome, end := r.Outcome(op), r.until(op)
	b := make(bar, a.Columns)
	color := outcome.Color()
	if outcome.Ending == OK {
		color = Cyan // its word is quiet, but not the work
	}
	at, length := a.Bar(Interval{op.Start, end})
	if length == 0 {
		b[at] = stroke{dot, color}
	}
	b.fill(at, length, stroke{waitingStroke, color})
	if !op.FirstByte.IsZero() && outcome.Ending == OK {
		first := max(a.Column(op.FirstByte), at+1)
		b.fill(first, at+length-first, stroke{transferStroke, color})
	}
	for _, i := range r.persons(op) {
		from, columns := a.Bar(i)
		from = max(from, at)
		b.fill(from, min(max(1, columns), at+length-from), stroke{personStroke, Blue})
	}
	for _, f := range a.Folds() {
		if f.At > at && f.At < at+length && b[f.At].sign != personStroke {
			b[f.At].sign = crossingStroke
		}
	}
	if mark := []rune(outcome.Mark()); len(mark) > 0 {
		b[max(at, at+length-1)] = stroke{mark[0], color}
	}
	if outcome.Late > 0 {
		from, to := at+max(length, 1), min(a.Column(end.Add(outcome.Late)), a.Columns-1)
		b.fill(from, to-from, stroke{lateStroke, color})
		b[to] = stroke{[]rune(LateMark)[0], color}
	}
	return b
}

func (b bar) fill(at, columns int, s stroke) {
	for i := max(0, at); i < at+columns && i < len(b); i++ {
		b[i] = s
	}
}

// persons returns the times within an operation in which a person was waited for.
func (r *Records) persons(op *record.Operation) []Interval {
	if op.Method == semconv.ElicitationCreate {
		return []Interval{{op.Start, r.until(op)}}
	}
	if op.InputWait < askedAfter {
		return nil
	}
	var all []Interval
	var since time.Time
	for _, e := range op.Events { // 2026-07-28: the answer asks, and the request is sent again
		switch {
		case e.Name == semconv.InputEvent:
			since = e.Time
		case e.Name == semconv.RetryEvent && !since.IsZero():
			all, since = append(all, Interval{since, e.Time}), time.Time{}
		}
	}
	for i := range r.children(op) {
		if c := &r.Operations[i]; semconv.AsksPerson(c.Method) {
			all = append(all, Interval{c.Start, r.until(c)})
		}
	}
	return all
}

// children yields the indices of the operations below another one.
func (r *Records) children(op *record.Operation) func(func(int) bool) {
	first, _ := slices.BinarySearchFunc(r.Operations, op.Number, func(o record.Operation, n uint64) int {
		if o.Number <= n {
			return -1
		}
		return 1
	})
	return func(yield func(int) bool) {
		for i := first; i < len(r.Operations); i++ {
			if r.Operations[i].Start.After(r.until(op)) {
				return
			}
			if r.Operations[i].Parent == op.Number && !yield(i) {
				return
			}
		}
	}
}

// sessionBar draws the session itself.
func (r *Records) sessionBar(a *Axis) bar {
	b := make(bar, a.Columns)
	from := r.Begin()
	if a.parts[0].From.After(from) {
		from = a.parts[0].From
	}
	at, length := a.Bar(Interval{from, r.End()})
	if !r.End().Before(a.parts[len(a.parts)-1].To) && length > 0 {
		length = a.Columns - at
	}
	if length == 0 {
		b[at] = stroke{dot, Dim}
	}
	b.fill(at, length, stroke{waitingStroke, Dim})
	switch last := max(at, at+length-1); r.State {
	case Live:
		b[last].sign = '▶'
	case Killed, Unknown:
		b[last].sign = '╴'
	case Ended:
	}
	return b
}

// sign draws a single sign on an axis.
func (a *Axis) sign(column int, s stroke) bar {
	b := make(bar, a.Columns)
	b[min(column, a.Columns-1)] = s
	return b
}

// bar returns the text of a bar.
func (s *Screen) bar(b bar) string {
	for len(b) > 0 && b[len(b)-1].sign == 0 {
		b = b[:len(b)-1]
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		n := i + 1
		for n < len(b) && b[n].color == b[i].color && (b[n].sign == 0) == (b[i].sign == 0) {
			n++
		}
		var text strings.Builder
		for _, one := range b[i:n] {
			if one.sign == 0 {
				one.sign = ' '
			}
			text.WriteRune(one.sign)
		}
		out.WriteString(s.paint(b[i].color, s.Text(text.String())))
		i = n
	}
	return out.String()
}

// paint colors a text, unless it is of spaces alone.
func (s *Screen) paint(c Color, text string) string {
	if s.Paint == nil || strings.TrimLeft(text, " ") == "" {
		return text
	}
	return s.Paint(c, text)
}
