package compare

import "time"

// MannWhitney is mannWhitney.
func MannWhitney(a, b []time.Duration) float64 { return mannWhitney(a, b) }

// Approximate is what mannWhitney returns for many values.
func Approximate(a, b []time.Duration) float64 {
	ranks, tied := doubledRanks(a, b)
	sum := 0
	for _, rank := range ranks[:len(a)] {
		sum += rank
	}
	return approximate(len(a), len(b), sum, tied)
}

// Judge is judge for one group.
func Judge(a, b []time.Duration, ratio float64) Verdict {
	return judge([]durations{{a, b}}, ratio)[0].Verdict
}

// JudgeAll is judge: of each group the durations before, and those after.
func JudgeAll(groups [][2][]time.Duration, ratio float64) (all []Verdict) {
	of := make([]durations, len(groups))
	for i, g := range groups {
		of[i] = durations{g[0], g[1]}
	}
	for _, d := range judge(of, ratio) {
		all = append(all, d.Verdict)
	}
	return all
}

// Holm is holm.
func Holm(p []float64) []float64 { return holm(p) }
