package anomaly

import (
	"math"
	"slices"
	"time"
)

const (
	latencyFloor = 2 * time.Second // by which a slow call must exceed the tool's median
	sizeFloor    = 64 << 10        // by which a large message must, in bytes

	windowSize = 128
	minSamples = 30
	knownRank  = 3      // as many values of a size make it known
	knownScale = 2.0    // how many times as far out as the known ones a value must be, on the scale of ln
	minSpread  = 0.4    // of ln(value): no tool is assumed to be steadier
	tailFactor = 7.0    // standard deviations beyond the median
	scarcity   = 60.0   // and this many more, divided by the number of samples
	p95        = 1.6449 // standard deviations of the 95th percentile
)

// window holds the last values of a tool. They are sorted only for a value above the floor, so that remembering one
// costs next to nothing.
type window struct {
	ring [windowSize]float32
	n    uint // values ever remembered
}

// add remembers a value. A negative one, which is no size and no duration, counts as 0.
func (w *window) add(v float64) {
	w.ring[w.n%windowSize] = float32(max(v, 0))
	w.n++
}

// outlier reports whether a value stands out from those in the window, and what is usual there.
func (w *window) outlier(v, floor float64) (usual float64, ok bool) {
	if v < floor || w.n < minSamples {
		return 0, false
	}
	all := w.ring // a copy
	sorted := all[:min(w.n, windowSize)]
	slices.Sort(sorted)
	n := len(sorted)
	usual = float64(sorted[n/2])
	if v-usual < floor {
		return 0, false
	}
	above := func(v float64) float64 { return math.Log(max(v, 1)) - math.Log(max(usual, 1)) }
	spread := max(above(float64(sorted[n*95/100]))/p95, minSpread)
	far := above(v)
	return usual, far > (tailFactor+scarcity/float64(n))*spread && far > knownScale*above(float64(sorted[n-knownRank]))
}
