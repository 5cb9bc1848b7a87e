package anomaly

import (
	"slices"
	"time"
)

const (
	burstSlots  = 10 // seconds of a window
	burstPast   = 64 // windows remembered
	burstWarm   = 12 // windows with calls before anything is a burst
	burstFactor = 10
	burstCalls  = 150 // in a window, below which nothing is a burst
)

// rate counts the calls of the last ten seconds, and remembers the counts of earlier windows of ten seconds. Windows
// without calls are not remembered: after a pause, an ordinary number of calls must not look like many.
type rate struct {
	slots  [burstSlots]uint32 // calls of each of the last seconds
	sum    int
	second int64 // of the latest call

	window int64  // of the latest call: second / 10
	calls  uint32 // in that window
	past   [burstPast]uint32
	n      int // windows ever remembered
	usual  int // 95th percentile of the past

	ends int // while in a burst: the count below which it is over
}

// add takes a call that starts. It returns the rate and the usual one if a burst begins with it. A start before that of
// an earlier call counts as simultaneous: records of stored sessions need not be in order.
func (r *rate) add(start time.Time) (seen, usual float64, ok bool) {
	r.advance(max(start.Unix(), r.second))
	if r.sum < r.ends {
		r.ends = 0
	}
	r.slots[r.second%burstSlots]++
	r.sum++
	r.calls++
	limit := max(burstCalls, burstFactor*r.usual)
	if r.ends > 0 || r.n < burstWarm || r.sum < limit {
		return 0, 0, false
	}
	r.ends = limit / 2
	return float64(r.sum) / burstSlots, float64(r.usual) / burstSlots, true
}

// advance forgets the seconds that have left the window, which is the last ten.
func (r *rate) advance(second int64) {
	for s := r.second + 1; s <= min(second, r.second+burstSlots); s++ {
		slot := &r.slots[s%burstSlots]
		r.sum -= int(*slot)
		*slot = 0
	}
	r.second = second
	if w := second / burstSlots; w != r.window {
		r.close()
		r.window = w
	}
}

// close remembers the count of a window that has ended.
func (r *rate) close() {
	if r.calls == 0 {
		return
	}
	r.past[r.n%burstPast] = r.calls
	r.n++
	r.calls = 0
	sorted := r.past // a copy
	known := sorted[:min(r.n, burstPast)]
	slices.Sort(known)
	r.usual = int(known[len(known)*95/100])
}
