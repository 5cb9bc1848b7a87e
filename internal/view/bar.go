package view

import (
	"iter"
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

// Stroke is a column of a bar.
type Stroke struct {
	Sign  rune // 0 for none
	Color Color
}

// Bar is a line of strokes, as wide as its axis.
type Bar []Stroke

// Piece is what a bar shows of an operation.
type Piece struct {
	Interval
	Outcome   Outcome
	FirstByte time.Time  // of its answer; zero if that is not known
	Persons   []Interval // in which a person was waited for
}

// Bar draws an operation on an axis: as wide as the axis, without spaces at its end.
func (r *Records) Bar(a *Axis, op *record.Operation, s *Screen) string {
	return s.bar(r.bar(a, op))
}

func (r *Records) bar(a *Axis, op *record.Operation) Bar {
	children := func(yield func(*record.Operation) bool) {
		for i := range r.children(op) {
			if !yield(&r.Operations[i]) {
				return
			}
		}
	}
	return a.Draw(&Piece{Interval{op.Start, r.until(op)}, r.Outcome(op), op.FirstByte, Persons(op, children, r.until)})
}

// Draw draws an operation. Of one that goes on after the end of the axis, it leaves out how it ends.
func (a *Axis) Draw(p *Piece) Bar {
	outcome := p.Outcome
	b := make(Bar, a.Columns)
	color := outcome.Color()
	if outcome.Ending == OK {
		color = Cyan // its word is quiet, but not the work
	}
	at, length := a.Bar(p.Interval)
	if length == 0 {
		b[at] = Stroke{dot, color}
	}
	b.fill(at, length, Stroke{waitingStroke, color})
	if !p.FirstByte.IsZero() && outcome.Ending == OK {
		first := max(a.Column(p.FirstByte), at+1)
		b.fill(first, at+length-first, Stroke{transferStroke, color})
	}
	for _, i := range p.Persons {
		from, columns := a.Bar(i)
		from = max(from, at)
		b.fill(from, min(max(1, columns), at+length-from), Stroke{personStroke, Blue})
	}
	for _, f := range a.Folds() {
		if f.At > at && f.At < at+length && b[f.At].Sign != personStroke {
			b[f.At].Sign = crossingStroke
		}
	}
	if p.To.After(a.End()) {
		return b
	}
	if mark := []rune(outcome.Mark()); len(mark) > 0 {
		b[max(at, at+length-1)] = Stroke{mark[0], color}
	}
	if outcome.Late > 0 {
		from, to := at+max(length, 1), min(a.Column(p.To.Add(outcome.Late)), a.Columns-1)
		b.fill(from, to-from, Stroke{lateStroke, color})
		b[to] = Stroke{[]rune(LateMark)[0], color}
	}
	return b
}

// Folded marks the folds of the axis where nothing else is drawn.
func (b Bar) Folded(a *Axis) Bar {
	for _, f := range a.Folds() {
		if b[f.At].Sign == 0 {
			b[f.At] = Stroke{foldStroke, Dim}
		}
	}
	return b
}

func (b Bar) fill(at, columns int, s Stroke) {
	for i := max(0, at); i < at+columns && i < len(b); i++ {
		b[i] = s
	}
}

// Persons returns the times within an operation in which a person was waited for. The children are the operations that it
// caused, and until tells when an operation ended.
func Persons(op *record.Operation, children iter.Seq[*record.Operation], until func(*record.Operation) time.Time) []Interval {
	if op.Method == semconv.ElicitationCreate {
		return []Interval{{op.Start, until(op)}}
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
	for c := range children {
		if semconv.AsksPerson(c.Method) {
			all = append(all, Interval{c.Start, until(c)})
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
func (r *Records) sessionBar(a *Axis) Bar {
	b := make(Bar, a.Columns)
	from := r.Begin()
	if a.Begin().After(from) {
		from = a.Begin()
	}
	at, length := a.Bar(Interval{from, r.End()})
	if !r.End().Before(a.End()) && length > 0 {
		length = a.Columns - at
	}
	if length == 0 {
		b[at] = Stroke{dot, Dim}
	}
	b.fill(at, length, Stroke{waitingStroke, Dim})
	switch last := max(at, at+length-1); r.State {
	case Live:
		b[last].Sign = '▶'
	case Killed, Unknown:
		b[last].Sign = '╴'
	case Ended:
	}
	return b
}

// sign draws a single sign on an axis.
func (a *Axis) sign(column int, s Stroke) Bar {
	b := make(Bar, a.Columns)
	b[min(column, a.Columns-1)] = s
	return b
}

// bar returns the text of a bar.
func (s *Screen) bar(b Bar) string {
	for len(b) > 0 && b[len(b)-1].Sign == 0 {
		b = b[:len(b)-1]
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		n := i + 1
		for n < len(b) && b[n].Color == b[i].Color && (b[n].Sign == 0) == (b[i].Sign == 0) {
			n++
		}
		var text strings.Builder
		for _, one := range b[i:n] {
			if one.Sign == 0 {
				one.Sign = ' '
			}
			text.WriteRune(one.Sign)
		}
		out.WriteString(s.paint(b[i].Color, s.Text(text.String())))
		i = n
	}
	return out.String()
}
