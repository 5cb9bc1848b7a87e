package compare

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Two sets of durations are compared by the test of Mann and Whitney (Wilcoxon's rank sum test), as benchstat does: durations are not
// distributed normally, and one call that took long says nothing. See docs/adr/0036-slower-by-statistics.md.
const (
	// leastCalls is how many calls each side must have. With five, the clearest difference has a p of 0.008.
	leastCalls = 5
	// significance is how unlikely a difference must be if nothing had changed.
	significance = 0.01
	// together is how unlikely that must be of any of the operations of a session.
	together = 0.05
	// leastSlower is what the medians must differ by at least: below it, the scheduling of processes is all that is measured.
	leastSlower = time.Millisecond
	// exactUpTo is up to how many values the distribution is computed, and not approximated.
	exactUpTo = 40
)

// Verdict is what the durations of an operation's calls say.
type Verdict string

// The verdicts.
const (
	Slower  Verdict = "slower"
	Faster  Verdict = "faster"
	Similar Verdict = "similar"
	TooFew  Verdict = "too_few" // calls to judge
)

// judge compares the durations of the answered operations of groups. Those of all groups are judged together: with many, one of them
// would seldom fail to differ by accident.
func judge(groups []durations, ratio float64) []Duration {
	all := make([]Duration, len(groups))
	var judged []int
	var chances []float64
	for i, g := range groups {
		if len(g.before) < leastCalls || len(g.after) < leastCalls {
			all[i].Verdict = TooFew
			continue
		}
		all[i] = Duration{Verdict: Similar, P: mannWhitney(g.before, g.after)}
		judged, chances = append(judged, i), append(chances, all[i].P)
	}
	for n, adjusted := range holm(chances) {
		d, g := &all[judged[n]], groups[judged[n]]
		d.Adjusted = adjusted
		before, after := percentile(g.before, 50), percentile(g.after, 50)
		shorter, longer := min(before, after), max(before, after)
		switch {
		case d.P >= significance || adjusted >= together || longer-shorter < leastSlower || float64(longer) < ratio*float64(shorter):
		case after > before:
			d.Verdict = Slower
		default:
			d.Verdict = Faster
		}
	}
	return all
}

// durations are those of one group in both sessions.
type durations struct{ before, after []time.Duration }

// holm returns how unlikely each of several results is, given that there are the others: by the method of Holm, the smallest p is
// multiplied by how many there are, the next one by one less, and none is smaller than the one before.
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted, least := make([]float64, len(p)), 0.0
	for n, i := range order {
		least = max(least, min(p[i]*float64(len(p)-n), 1))
		adjusted[i] = least
	}
	return adjusted
}

// percentile returns the value that so many of a hundred do not exceed, and 0 of none.
func percentile[T cmp.Ordered](values []T, percent int) (v T) {
	if len(values) == 0 {
		return v
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[record.Rank(len(sorted), percent)-1]
}

// mannWhitney returns how likely two sets of values are to differ as they do, in either direction, if both are of one distribution. Equal
// values share the mean of their ranks.
func mannWhitney[T cmp.Ordered](a, b []T) float64 {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return 1
	}
	ranks, tied := doubledRanks(a, b)
	sum := 0
	for _, rank := range ranks[:n] {
		sum += rank
	}
	if n+m <= exactUpTo {
		return exact(ranks, n, sum)
	}
	return approximate(n, m, sum, tied)
}

// doubledRanks returns twice the ranks of all values, those of a first: whole numbers, also where values are equal; and the sum of t³-t
// over the sizes of the groups of equal values.
func doubledRanks[T cmp.Ordered](a, b []T) (ranks []int, tied float64) {
	all := slices.Concat(a, b)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(all[i], all[j]) })
	ranks = make([]int, len(all))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && all[order[j]] == all[order[i]] {
			j++
		}
		for _, place := range order[i:j] {
			ranks[place] = i + 1 + j // the ranks i+1 to j have this as twice their mean
		}
		t := float64(j - i)
		tied += t*t*t - t
		i = j
	}
	return ranks, tied
}

// exact returns the share of all ways to choose n of the ranks whose sum is at least as far from the mean.
func exact(ranks []int, n, sum int) float64 {
	total := 0
	for _, rank := range ranks {
		total += rank
	}
	ways := make([][]float64, n+1) // by how many are chosen, and their sum
	for i := range ways {
		ways[i] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, rank := range ranks {
		for k := n; k > 0; k-- {
			for s := total; s >= rank; s-- {
				ways[k][s] += ways[k-1][s-rank]
			}
		}
	}
	size := len(ranks)
	distance := abs(sum*size - n*total) // from the mean, times size: whole numbers compare exactly
	extreme, all := 0.0, 0.0
	for s, count := range ways[n] {
		all += count
		if abs(s*size-n*total) >= distance {
			extreme += count
		}
	}
	return extreme / all
}

func abs(n int) int { return max(n, -n) }

// approximate is the normal distribution's answer for many values, corrected for ties and for continuity.
func approximate(n, m, sum int, tied float64) float64 {
	x, y := float64(n), float64(m)
	size := x + y
	u := float64(sum)/2 - x*(x+1)/2
	variance := x * y / 12 * (size + 1 - tied/(size*(size-1)))
	if variance <= 0 {
		return 1 // all values are equal
	}
	z := max(math.Abs(u-x*y/2)-0.5, 0) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2)
}
