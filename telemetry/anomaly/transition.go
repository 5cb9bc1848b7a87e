package anomaly

import "time"

const (
	minLeft      = 120 // transitions from a tool before its successors are known
	minCalls     = 10  // calls of a tool before it is well known
	rareBelow    = 5   // a successor seen fewer times is rare
	maxPairs     = 1024
	chainBreak   = time.Minute
	settledShare = 4 // no new pair within the last three quarters: 1 - 1/4
)

// usage is what the order of calls has shown of one tool.
type usage struct {
	index uint32
	calls int // begun
	left  int // transitions to other tools
	rare  int // successors seen fewer than rareBelow times
}

// order knows which tool has followed which.
type order struct {
	settled int
	pairs   map[uint64]uint8 // times seen, up to rareBelow
	total   int              // transitions
	quiet   int              // those since the last new one

	last  *tool // whose call was the last one, if it may lead to a transition
	end   time.Duration
	alone bool // no other call has been in flight beside the latest one
}

func newOrder(settled int) order { return order{settled: settled, pairs: map[uint64]uint8{}} }

// started takes a call that begins, alone or beside others. It returns the tool that it has followed against all custom.
func (o *order) started(t *tool, start time.Duration, alone bool) (from *tool, unseen bool) {
	from, o.last = o.last, nil
	o.alone = alone
	if t == nil {
		return nil, false
	}
	t.calls++
	if !alone || from == nil || from == t || start-o.end > chainBreak {
		return nil, false
	}
	return from, o.transition(from, t)
}

// finished takes a call that has ended; steady says that it succeeded and that no other is in flight.
func (o *order) finished(t *tool, end time.Duration, steady bool) {
	o.last, o.end = nil, end
	if steady && o.alone {
		o.last = t
	}
}

// transition counts a transition and says whether it breaks a settled order.
func (o *order) transition(from, to *tool) (unseen bool) {
	pair := uint64(from.index)<<32 | uint64(to.index)
	times := o.pairs[pair]
	if times == 0 {
		if len(o.pairs) >= maxPairs {
			o.quiet = 0 // so many pairs are no order
			return false
		}
		unseen = o.quiet >= o.settled && settledShare*o.quiet >= (settledShare-1)*o.total &&
			from.left >= minLeft && from.rare == 0 && to.calls > minCalls
		o.quiet = 0
		from.rare++
	} else {
		o.quiet++
	}
	if times < rareBelow {
		o.pairs[pair] = times + 1
		if times+1 == rareBelow {
			from.rare--
		}
	}
	o.total++
	from.left++
	return unseen
}
