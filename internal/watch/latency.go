package watch

import (
	"maps"
	"slices"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Figures counts numbers that are not negative, each with three digits: as many as a screen shows.
type Figures struct {
	N      int
	Counts map[int64]int
}

// Add counts a number.
func (f *Figures) Add(v int64) {
	if f.Counts == nil {
		f.Counts = map[int64]int{}
	}
	f.N++
	f.Counts[threeDigits(v)]++
}

// Merge adds the numbers of another one.
func (f *Figures) Merge(other *Figures) {
	if other.N > 0 && f.Counts == nil {
		f.Counts = make(map[int64]int, len(other.Counts))
	}
	f.N += other.N
	for v, n := range other.Counts {
		f.Counts[v] += n
	}
}

func threeDigits(v int64) int64 {
	unit := int64(1)
	for v >= 1000*unit {
		unit *= 10
	}
	return (max(v, 0) + unit/2) / unit * unit
}

// Percentiles returns the numbers that the given shares of 100 did not exceed.
func (f *Figures) Percentiles(shares ...int) []int64 {
	out := make([]int64, len(shares))
	if f.N == 0 {
		return out
	}
	sorted := slices.Sorted(maps.Keys(f.Counts))
	for i, share := range shares {
		left := record.Rank(f.N, share)
		for _, v := range sorted {
			if left -= f.Counts[v]; left <= 0 {
				out[i] = v
				break
			}
		}
	}
	return out
}

// seen is a set of small numbers.
type seen []uint64

// add adds a number and reports whether it is new.
func (s *seen) add(n uint64) bool {
	const most = 1 << 26 // a number beyond it is damage
	if n >= most {
		return true
	}
	for uint64(len(*s)) <= n/64 {
		*s = append(*s, 0)
	}
	bit := uint64(1) << (n % 64)
	is := (*s)[n/64]&bit == 0
	(*s)[n/64] |= bit
	return is
}
