package anomaly

import (
	"math"
	"slices"
)

const (
	windowSize  = 128
	minSamples  = 30
	shieldRank  = 3   // how many values of a size make it known
	shield      = 2.0 // times as far out as the known ones a value must be, on the scale of ln
	minSpread   = 0.4 // of ln(value): no tool is taken to be steadier
	tailFactor  = 7.0 // standard deviations beyond the median, with a full window
	scarcity    = 60  // and this much more, divided by the number of samples
	p95         = 1.6449
	resolution  = 1024 // steps of a window's scale per unit of ln
	maxLogValue = math.MaxUint16
)

// window is the last values of a tool, as logarithms, in the order of arrival and in order of size. Logarithms in 16 bits are
// exact to a thousandth and reach beyond any int64.
type window struct {
	ring, sorted [windowSize]uint16
	n, next      uint8
}

// logOf puts a value on the window's scale. What is below one counts as one.
func logOf(v float64) uint16 {
	return uint16(min(math.Round(math.Log(max(v, 1))*resolution), maxLogValue))
}

// value is the way back.
func value(l uint16) float64 { return math.Exp(float64(l) / resolution) }

// add remembers a value and forgets the oldest if the window is full.
func (w *window) add(v float64) {
	l := logOf(v)
	if w.n < windowSize {
		at, _ := slices.BinarySearch(w.sorted[:w.n], l)
		copy(w.sorted[at+1:w.n+1], w.sorted[at:w.n])
		w.sorted[at] = l
		w.n++
	} else {
		w.replace(w.ring[w.next], l)
	}
	w.ring[w.next] = l
	w.next = (w.next + 1) % windowSize
}

// replace puts one value in another's place and moves those in between.
func (w *window) replace(old, l uint16) {
	from, _ := slices.BinarySearch(w.sorted[:], old)
	to, _ := slices.BinarySearch(w.sorted[:], l)
	if to > from {
		to--
		copy(w.sorted[from:to], w.sorted[from+1:to+1])
	} else {
		copy(w.sorted[to+1:from+1], w.sorted[to:from])
	}
	w.sorted[to] = l
}

// outlier says whether a value stands out from those in the window, and what is usual there. A value that is not above
// the median by the floor does not, and this is looked at first since it is what nearly all are spared by.
func (w *window) outlier(v, floor float64) (usual float64, ok bool) {
	if w.n < minSamples || v < floor {
		return 0, false
	}
	median := w.sorted[w.n/2]
	usual = value(median)
	if v-usual < floor {
		return 0, false
	}
	spread := max(above(w.sorted[int(w.n)*95/100], median)/p95, minSpread)
	known := above(w.sorted[w.n-shieldRank], median)
	far := above(logOf(v), median)
	return usual, far > (tailFactor+scarcity/float64(w.n))*spread && far > shield*known
}

// above is the distance on the scale of ln.
func above(l, median uint16) float64 { return float64(l-median) / resolution }
