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

// Judge is judge.
func Judge(a, b []time.Duration, ratio float64) Verdict {
	v, _ := judge(a, b, ratio)
	return v
}
