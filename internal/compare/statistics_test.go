package compare_test

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/compare"
)

// ms returns durations of so many milliseconds.
func ms(values ...float64) (all []time.Duration) {
	for _, v := range values {
		all = append(all, time.Duration(v*float64(time.Millisecond)))
	}
	return all
}

// times returns a value n times.
func times(n int, value float64) []time.Duration { return slices.Repeat(ms(value), n) }

// TestMannWhitney: the values are those of wilcox.test in R, and of counting by hand.
func TestMannWhitney(t *testing.T) {
	for _, test := range []struct {
		a, b []time.Duration
		want float64
	}{
		{nil, ms(1), 1},
		{ms(1), ms(1), 1},
		{ms(1), ms(2), 1},
		{ms(1, 2, 3), ms(4, 5, 6), 0.1},
		{ms(1, 2, 3, 4, 5), ms(6, 7, 8, 9, 10), 2.0 / 252},
		{ms(6, 7, 8, 9, 10), ms(1, 2, 3, 4, 5), 2.0 / 252},
		{ms(1, 2, 3, 4), ms(5, 6, 7, 8), 2.0 / 70},
		{times(5, 3), times(5, 3), 1},
		{times(5, 3), times(5, 4), 2.0 / 252},
		{times(50, 3), times(50, 3), 1},
	} {
		if p := compare.MannWhitney(test.a, test.b); math.Abs(p-test.want) > 1e-9 {
			t.Errorf("%v and %v: %v, want %v", test.a, test.b, p, test.want)
		}
	}
}

// TestMannWhitneyByCounting compares the distribution with a count of all ways to deal the values, with and without ties.
func TestMannWhitneyByCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n, m, most := 1+random.IntN(5), 1+random.IntN(5), 2+random.IntN(20)
		var all []time.Duration
		for range n + m {
			all = append(all, time.Duration(random.IntN(most)))
		}
		if got, want := compare.MannWhitney(all[:n], all[n:]), counted(all, n); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%v, the first %d: %v, want %v", all, n, got, want)
		}
	}
}

// counted is the share of all ways to choose n of the values in which U is as far from its mean.
func counted(all []time.Duration, n int) float64 {
	u := func(chosen uint) (u float64) {
		for i, x := range all {
			for j, y := range all {
				switch {
				case chosen>>i&1 == 0 || chosen>>j&1 == 1:
				case x > y:
					u++
				case x == y:
					u += 0.5
				}
			}
		}
		return math.Abs(u - float64(n*(len(all)-n))/2)
	}
	distance, extreme, ways := u(1<<n-1), 0.0, 0.0
	for chosen := range uint(1) << len(all) {
		if bits.OnesCount(chosen) == n {
			ways++
			if u(chosen) >= distance {
				extreme++
			}
		}
	}
	return extreme / ways
}

// TestApproximation: the approximation for many values joins the distribution without a step that a verdict could hang on.
func TestApproximation(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, most := range []int{5, 1000} {
		for range 50 {
			var all []time.Duration
			for i := range 40 {
				all = append(all, time.Duration(random.IntN(most)+i/20*most/4))
			}
			exact, near := compare.MannWhitney(all[:20], all[20:]), compare.Approximate(all[:20], all[20:])
			if math.Abs(exact-near) > 0.02 {
				t.Errorf("%v: %v, approximated %v", all, exact, near)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b []time.Duration
		want compare.Verdict
	}{
		{"one call each", ms(1), ms(1000), compare.TooFew},
		{"four and many", ms(1, 1, 1, 1), times(100, 1000), compare.TooFew},
		{"many and four", times(100, 1), ms(1000, 1000, 1000, 1000), compare.TooFew},
		{"five clear ones", ms(10, 11, 12, 13, 14), ms(20, 21, 22, 23, 24), compare.Slower},
		{"five clear ones, the other way", ms(20, 21, 22, 23, 24), ms(10, 11, 12, 13, 14), compare.Faster},
		{"one that took long", ms(10, 11, 12, 13, 14, 15), ms(10, 11, 12, 13, 14, 15000), compare.Similar},
		{"scattered", ms(5, 10, 20, 40, 80), ms(10, 20, 40, 80, 160), compare.Similar},
		{"clear, and too little", times(50, 100), times(50, 110), compare.Similar},
		{"clear, and less than a millisecond", times(50, 0.1), times(50, 0.9), compare.Similar},
		{"equal", times(50, 100), times(50, 100), compare.Similar},
		{"many", times(500, 100), slices.Concat(times(300, 130), times(200, 90)), compare.Slower},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := compare.Judge(test.a, test.b, compare.DefaultRatio); got != test.want {
				t.Errorf("%s, want %s (p = %v)", got, test.want, compare.MannWhitney(test.a, test.b))
			}
		})
	}
}

// TestFalseAlarms: of calls that are alike, few are called slower or faster, however few or many there are.
func TestFalseAlarms(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, calls := range []int{5, 8, 20, 100} {
		alarms := 0
		const rounds = 1000
		for range rounds {
			var all []time.Duration
			for range 2 * calls { // of a distribution with a long tail
				all = append(all, time.Duration(math.Exp(random.NormFloat64())*float64(20*time.Millisecond)))
			}
			if v := compare.Judge(all[:calls], all[calls:], compare.DefaultRatio); v != compare.Similar {
				alarms++
			}
		}
		if alarms > rounds*15/1000 {
			t.Errorf("of %d calls each, %d of %d comparisons are false alarms", calls, alarms, rounds)
		}
	}
}

// TestHolm: the values are those of p.adjust(p, "holm") in R.
func TestHolm(t *testing.T) {
	for _, test := range []struct{ p, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.04}, []float64{0.04}},
		{[]float64{0.01, 0.02, 0.03, 0.005}, []float64{0.03, 0.04, 0.04, 0.02}},
		{[]float64{0.5, 0.001, 0.9}, []float64{1, 0.003, 1}},
	} {
		got := compare.Holm(test.p)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%v: %v, want %v", test.p, got, test.want)
		}
	}
}

// TestFalseAlarmsOfMany: of two sessions with many tools that are alike, few have any that is called slower or faster, and one that has
// become slower is found all the same.
func TestFalseAlarmsOfMany(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const rounds, tools, calls = 400, 15, 8
	alarms, found := 0, 0
	for range rounds {
		var all [][2][]time.Duration
		for range tools {
			var both [2][]time.Duration
			for i := range 2 * calls {
				both[i%2] = append(both[i%2], time.Duration(math.Exp(random.NormFloat64())*float64(20*time.Millisecond)))
			}
			all = append(all, both)
		}
		if slices.ContainsFunc(compare.JudgeAll(all, compare.DefaultRatio), func(v compare.Verdict) bool { return v != compare.Similar }) {
			alarms++
		}
		for i := range all[3][1] {
			all[3][1][i] *= 100
		}
		if compare.JudgeAll(all, compare.DefaultRatio)[3] == compare.Slower {
			found++
		}
	}
	if alarms > rounds*5/100 || found < rounds*99/100 {
		t.Errorf("of %d diffs, %d have false alarms, and %d have what is slower", rounds, alarms, found)
	}
}
