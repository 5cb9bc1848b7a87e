package top

import (
	"maps"
	"slices"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// figures counts numbers that are not negative, each with three digits: as many as a screen shows.
type figures struct {
	n      int
	counts map[int64]int
}

func (f *figures) add(v int64) {
	if f.counts == nil {
		f.counts = map[int64]int{}
	}
	f.n++
	f.counts[threeDigits(v)]++
}

// merge adds the numbers of another one.
func (f *figures) merge(other *figures) {
	if other.n > 0 && f.counts == nil {
		f.counts = make(map[int64]int, len(other.counts))
	}
	f.n += other.n
	for v, n := range other.counts {
		f.counts[v] += n
	}
}

func threeDigits(v int64) int64 {
	unit := int64(1)
	for v >= 1000*unit {
		unit *= 10
	}
	return (max(v, 0) + unit/2) / unit * unit
}

// percentiles returns the numbers that the given shares of 100 did not exceed.
func (f *figures) percentiles(shares ...int) []int64 {
	out := make([]int64, len(shares))
	if f.n == 0 {
		return out
	}
	sorted := slices.Sorted(maps.Keys(f.counts))
	for i, share := range shares {
		left := record.Rank(f.n, share)
		for _, v := range sorted {
			if left -= f.counts[v]; left <= 0 {
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
