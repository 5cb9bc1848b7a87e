package past

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
)

// Bins of a sketch: four in each doubling, from 1 to 2^48. A quantile is right within a tenth.
const (
	binsPerOctave = 4
	maxBin        = 48 * binsPerOctave
)

// Sketch counts values on a logarithmic scale. Its JSON is an array: the first bin, and the counts from there on.
type Sketch struct {
	low    int
	counts []int
}

// Add counts a value.
func (s *Sketch) Add(v float64) { s.add(binOf(v), 1) }

func binOf(v float64) int {
	if !(v > 1) {
		return 0
	}
	return int(min(binsPerOctave*math.Log2(v), maxBin))
}

func (s *Sketch) add(bin, n int) {
	switch {
	case len(s.counts) == 0:
		s.low, s.counts = bin, []int{0}
	case bin < s.low:
		s.counts = append(make([]int, s.low-bin), s.counts...)
		s.low = bin
	case bin >= s.low+len(s.counts):
		s.counts = append(s.counts, make([]int, bin-s.low-len(s.counts)+1)...)
	}
	s.counts[bin-s.low] += n
}

// Merge counts what another sketch has counted.
func (s *Sketch) Merge(other *Sketch) {
	for i, n := range other.counts {
		if n > 0 {
			s.add(other.low+i, n)
		}
	}
}

// N returns how many values were counted.
func (s *Sketch) N() (n int) {
	for _, c := range s.counts {
		n += c
	}
	return n
}

// Quantile returns the value below which a share of the values lies; 0 without values.
func (s *Sketch) Quantile(q float64) float64 {
	rank := int(math.Ceil(q * float64(s.N())))
	for i, n := range s.counts {
		if rank -= n; rank <= 0 && n > 0 {
			return math.Exp2((float64(s.low+i) + 0.5) / binsPerOctave)
		}
	}
	return 0
}

// Largest returns the value of a rank from above: 1 is the largest. It is 0 if there are fewer values.
func (s *Sketch) Largest(rank int) float64 {
	for i, n := range slices.Backward(s.counts) {
		if rank -= n; rank <= 0 {
			return math.Exp2((float64(s.low+i) + 0.5) / binsPerOctave)
		}
	}
	return 0
}

// halve halves the counts.
func (s *Sketch) halve() {
	for i := range s.counts {
		s.counts[i] /= 2
	}
}

// MarshalJSON implements json.Marshaler.
func (s Sketch) MarshalJSON() ([]byte, error) { return json.Marshal(append([]int{s.low}, s.counts...)) }

// errSketch is the error of a sketch that no writer wrote.
var errSketch = errors.New("invalid counts")

// UnmarshalJSON implements json.Unmarshaler.
func (s *Sketch) UnmarshalJSON(text []byte) error {
	var all []int
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	if len(all) == 0 || len(all)-2 > maxBin-all[0] || slices.Min(all) < 0 { // one that is empty has a bin and no counts
		return errSketch
	}
	s.low, s.counts = all[0], all[1:]
	return nil
}

// Measure is what is known of durations or sizes.
type Measure struct {
	All   Sketch `json:"all"`
	Weeks []Week `json:"weeks,omitempty"` // in their order
}

// Week is what the medians of blocks were in a week, as logarithms to the base 2.
type Week struct {
	Week     int     `json:"w"` // since 1970
	Sessions int     `json:"s"`
	Blocks   int     `json:"n"`
	Sum      float64 `json:"sum"`
	Sum2     float64 `json:"sum2"`
}

// Level describes the medians of blocks over some weeks, as logarithms to the base 2.
type Level struct {
	Since        Day
	Sessions     int
	Mean, Spread float64 // the spread is the standard deviation
}

// Level returns the level of the weeks before a day.
func (m *Measure) Level(before Day) (l Level) {
	var blocks int
	var sum, sum2 float64
	for _, w := range m.Weeks {
		if Day(w.Week*7+6) >= before {
			continue
		}
		if blocks == 0 {
			l.Since = Day(w.Week * 7)
		}
		l.Sessions, blocks, sum, sum2 = l.Sessions+w.Sessions, blocks+w.Blocks, sum+w.Sum, sum2+w.Sum2
	}
	if blocks > 0 {
		n := float64(blocks)
		l.Mean = sum / n
		l.Spread = math.Sqrt(max(sum2/n-l.Mean*l.Mean, 0))
	}
	return l
}

// What a week must have to count in a trend, and how many weeks a trend needs.
const (
	weekBlocks = 5
	trendWeeks = 4
	newBlocks  = 10
	newDays    = 14
)

// Trend returns the level of the weeks before a day and the mean of the two weeks before today. The level is that of the means
// of weeks, and its spread is what one week differs from the next: a trend in them is none. It is false if one of them is not
// known well.
func (m *Measure) Trend(before, today Day) (old Level, mean float64, ok bool) {
	var n, sum, steps, previous, recent float64
	blocks := 0
	for _, w := range m.Weeks {
		switch last := Day(w.Week*7 + 6); {
		case last < before && w.Blocks >= weekBlocks:
			if n == 0 {
				old.Since = Day(w.Week * 7)
			}
			of := w.Sum / float64(w.Blocks)
			if n > 0 {
				steps += (of - previous) * (of - previous)
			}
			n, sum, previous, old.Sessions = n+1, sum+of, of, old.Sessions+w.Sessions
		case last >= today-newDays:
			blocks, recent = blocks+w.Blocks, recent+w.Sum
		}
	}
	if n < trendWeeks || blocks < newBlocks {
		return old, 0, false
	}
	old.Mean = sum / n
	old.Spread = math.Sqrt(steps / (n - 1) / 2) // the difference of two weeks has twice the variance of one
	return old, recent / float64(blocks), true
}

// add adds a session's medians of a week.
func (m *Measure) add(week int, b *Blocks) {
	m.All.Merge(&b.all)
	if b.blocks == 0 {
		return
	}
	i, found := slices.BinarySearchFunc(m.Weeks, week, func(w Week, week int) int { return w.Week - week })
	if !found {
		m.Weeks = slices.Insert(m.Weeks, i, Week{Week: week})
	}
	w := &m.Weeks[i]
	w.Sessions, w.Blocks = w.Sessions+1, w.Blocks+b.blocks
	w.Sum, w.Sum2 = rounded(w.Sum+b.sum), rounded(w.Sum2+b.sum2)
	if n := len(m.Weeks) - weeks; n > 0 {
		m.Weeks = slices.Delete(m.Weeks, 0, n)
	}
}

// rounded cuts digits that mean nothing and would only fill the file.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// BlockLength is how many values in a row have a median of their own.
const BlockLength = 3

// Blocks takes the values of one session, and the medians of each three of them in a row.
type Blocks struct {
	all       Sketch
	values    [BlockLength]float64
	n         int
	blocks    int
	sum, sum2 float64
}

// Add takes a value. If it completes a block, it returns the block's median.
func (b *Blocks) Add(v float64) (median float64, ok bool) {
	b.all.Add(v)
	b.values[b.n%BlockLength] = max(v, 1)
	if b.n++; b.n%BlockLength != 0 {
		return 0, false
	}
	sorted := b.values
	slices.Sort(sorted[:])
	median = sorted[BlockLength/2]
	log := math.Log2(median)
	b.blocks++
	b.sum, b.sum2 = b.sum+log, b.sum2+log*log
	return median, true
}
