package view_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// span is an interval of a session.
func span(from, to time.Duration) view.Interval {
	return view.Interval{From: after(from), To: after(to)}
}

// TestAxis: what is quiet for long is folded, also while something is open, and the rest is linear.
func TestAxis(t *testing.T) {
	for _, test := range []struct {
		name  string
		spans []view.Interval
		folds []time.Duration
	}{
		{"one call", []view.Interval{span(0, time.Minute)}, nil},
		{"one moment", []view.Interval{span(0, 0)}, nil},
		{"two moments", []view.Interval{span(0, 0), span(time.Minute, time.Minute)}, nil},
		{"short ones", []view.Interval{span(0, 10*time.Millisecond), span(time.Second, 1100*time.Millisecond)}, nil},
		{"quiet between", []view.Interval{span(0, time.Second), span(time.Hour, time.Hour+time.Second)}, []time.Duration{time.Hour - time.Second}},
		{"as regular as a timer", []view.Interval{
			span(0, time.Second), span(time.Minute, 61*time.Second), span(2*time.Minute, 121*time.Second), span(3*time.Minute, 181*time.Second),
			span(4*time.Minute, 241*time.Second), span(5*time.Minute, 301*time.Second), span(6*time.Minute, 361*time.Second),
		}, []time.Duration{59 * time.Second, 59 * time.Second, 59 * time.Second, 59 * time.Second, 59 * time.Second, 59 * time.Second}},
		{"while something is open", []view.Interval{
			span(0, time.Second), span(time.Second, 61*time.Second), span(61*time.Second, 62*time.Second),
		}, []time.Duration{time.Minute}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := view.NewAxis(test.spans, 40)
			var got []time.Duration
			for _, f := range a.Folds() {
				got = append(got, f.To.Sub(f.From))
			}
			if len(got) != len(test.folds) {
				t.Fatalf("folded are %v, want %v", got, test.folds)
			}
			for i := range got {
				if got[i] != test.folds[i] {
					t.Errorf("folded are %v, want %v", got, test.folds)
				}
			}
		})
	}
}

// TestAxisLinear: what is not folded keeps its proportions.
func TestAxisLinear(t *testing.T) {
	a := view.NewAxis([]view.Interval{span(0, 100*time.Millisecond), span(100*time.Millisecond, 400*time.Millisecond)}, 40)
	if at, n := a.Bar(span(0, 100*time.Millisecond)); at != 0 || n != 10 {
		t.Errorf("a quarter is at %d, %d columns", at, n)
	}
	if at, n := a.Bar(span(100*time.Millisecond, 400*time.Millisecond)); at != 10 || n != 30 {
		t.Errorf("the rest is at %d, %d columns", at, n)
	}
	if at, n := a.Bar(span(-time.Hour, time.Hour)); at != 0 || n != 40 {
		t.Errorf("what is longer is at %d, %d columns", at, n)
	}
	for column := range 40 {
		if at := a.Column(a.Time(column)); at != column {
			t.Errorf("the time of column %d is in column %d", column, at)
		}
	}
}

// TestAxisOfAnything: no bar leaves the axis, later times are never left of earlier ones, and nothing that happens is drawn
// on the mark of a fold.
func TestAxisOfAnything(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // made-up figures
		var spans []view.Interval
		at := time.Duration(0)
		for range 1 + random.IntN(60) {
			at += time.Duration(random.ExpFloat64() * random.ExpFloat64() * float64(random.IntN(3)) * float64(20*time.Second))
			spans = append(spans, span(at, at+time.Duration(random.ExpFloat64()*float64(random.IntN(2000))*float64(time.Millisecond))))
		}
		a := view.NewAxis(spans, 12+random.IntN(90))
		last := 0
		for _, s := range spans {
			at, n := a.Bar(s)
			if at < last || at+max(n, 1) > a.Columns {
				t.Fatalf("seed %d: a bar is at %d, %d columns, of %d; the one before began at %d", seed, at, n, a.Columns, last)
			}
			last = at
			for _, f := range a.Folds() {
				if !f.Busy && at <= f.At && f.At < at+max(n, 1) && !s.To.After(f.From) {
					t.Fatalf("seed %d: a bar of %d columns at %d is drawn on the fold at %d", seed, n, at, f.At)
				}
			}
		}
	}
}
