package anomaly

import (
	"math"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	steadyCalls    = 50        // calls of a target before what follows it can be unusual
	steadySessions = 10        // sessions of it likewise
	expectedPairs  = 10.0      // how often a sequence would have been seen if the order were random
	novelWindow    = 200       // the latest sessions, in which new sequences are counted
	novelSessions  = 1         // of them may have had one
	singleShare    = 0.02      // of sessions may have had as many failures as are called usual
	moreFailures   = 3         // than usual
	failureChance  = 1e-7      // that so many calls fail by accident
	togetherFrom   = 3         // targets that fail together
	rateFloor      = 200       // calls an hour, below which no rate is too high
	levelSpreads   = 6.0       // standard deviations from the usual level
	levelLeast     = 0.3       // the least standard deviation, as a logarithm to the base 2
	levelFactor    = 3.0       // and the least factor
	levelAgo       = 28        // days: what has changed slowly is compared with the time before them
	slowFloor      = 500_000.0 // µs
	largeFloor     = 16 << 10  // bytes
)

// known is the past, with what is computed of it once.
type known struct {
	*past.Past
	left    map[past.Key]int // how often a call was followed by another
	singles map[past.Key]int // sequences from it that one session alone has had
	novel   int              // of the latest sessions, how many had a new sequence of known targets
	calls   int
}

func newKnown(p *past.Past) *known {
	k := &known{Past: p, left: map[past.Key]int{}, singles: map[past.Key]int{}}
	novel := map[int]bool{}
	for from, t := range p.Targets {
		k.calls += t.Calls
		for to, f := range t.Next {
			k.left[from] += f.Count
			if f.Sessions == 1 {
				k.singles[from]++
			}
			other := p.Targets[to]
			if other != nil && f.First > p.Sessions-novelWindow && f.First >= max(t.First, other.First)+steadySessions {
				novel[f.First] = true
			}
		}
	}
	k.novel = len(novel)
	return k
}

// steady returns a target that is known well enough to be compared with.
func (k *known) steady(key past.Key) (*past.Target, bool) {
	t := k.Targets[key]
	return t, t != nil && t.Sessions >= steadySessions && t.Calls >= steadyCalls
}

// sequence finds a call that has never followed the one before.
func (c *Comparison) sequence(op *record.Operation, key past.Key) {
	from := c.previous
	c.previous = key
	k := c.known
	if k.Sessions < c.limits.Sessions || k.novel > novelSessions {
		return
	}
	a, ok := k.steady(from)
	b, okToo := k.steady(key)
	if !ok || !okToo || a.Next[key] != nil {
		return
	}
	if client := k.Clients[c.client]; client == nil || client.Sessions < steadySessions {
		return // another client has other habits
	}
	if expected := float64(k.left[from]) * float64(b.Calls) / float64(k.calls); expected < expectedPairs {
		return
	}
	if float64(k.singles[from]+1)/float64(k.left[from]+1) > c.limits.Chance {
		return // Good and Turing: about this share of calls is followed by what never followed before
	}
	c.find(op, key, op.Start, record.Finding{
		Kind: record.UnseenSequence, From: from.Name, Seen: 1, Unit: "{call}", Since: a.Since.Time(), Sessions: a.Sessions,
	})
}

// hour counts the calls of the last hour by minutes.
type hour struct {
	slots  [60]int
	sum    int
	minute int64
	next   int // the count to report next, once one was
}

func (h *hour) add(at time.Time) int {
	minute := max(at.Unix()/60, h.minute)
	for m := h.minute + 1; m <= min(minute, h.minute+60); m++ {
		slot := &h.slots[m%60]
		h.sum -= *slot
		*slot = 0
	}
	h.minute = minute
	h.slots[minute%60]++
	h.sum++
	return h.sum
}

// rate finds more calls an hour than this client makes.
func (c *Comparison) rate(op *record.Operation, key past.Key) {
	seen := c.hour.add(op.Start)
	client := c.known.Clients[c.client]
	if seen < rateFloor || client == nil || client.Sessions < c.limits.Sessions || client.Hours.N() < c.limits.Sessions {
		return
	}
	usual := client.Hours.Quantile(0.95)
	if limit := max(c.limits.Rate*usual, rateFloor, float64(c.hour.next)); float64(seen) < limit {
		return
	}
	c.hour.next = 2 * seen
	c.find(op, key, op.Start, record.Finding{
		Kind: record.Rate, Seen: float64(seen), Usual: math.Round(usual), Unit: "{call}/h",
		Since: c.known.Since.Time(), Sessions: client.Sessions,
	})
}

// levels finds a target that has become slow, or large.
func (c *Comparison) levels(op *record.Operation, key past.Key, now *current, call *past.Call) {
	t := c.known.Targets[key]
	compare := func(kind record.FindingKind, side record.Side, b *past.Blocks, m func(*past.Target) *past.Measure, v, floor, unit float64, name string) {
		median, ok := b.Add(v)
		if !ok || t == nil {
			return
		}
		if l, beyond := c.beyond(m(t), median, floor, past.DayOf(op.Start)); beyond {
			c.find(op, key, op.End, record.Finding{
				Kind: kind, Side: side, Seen: median / unit, Usual: math.Exp2(l.Mean) / unit, Unit: name,
				Since: l.Since.Time(), Sessions: l.Sessions,
			})
		}
	}
	if call.Timed {
		compare(record.Slow, "", &now.duration, func(t *past.Target) *past.Measure { return &t.Duration }, call.Duration, slowFloor, 1e6, "s")
	}
	compare(record.Large, record.RequestSide, &now.request, func(t *past.Target) *past.Measure { return &t.Request }, call.Request, largeFloor, 1, "By")
	if !call.Failed {
		compare(record.Large, record.ResponseSide, &now.response, func(t *past.Target) *past.Measure { return &t.Response }, call.Response, largeFloor, 1, "By")
	}
}

// beyond reports whether the median of a block is far above the level of all weeks, or of those that are some time ago: a
// slow drift is its own usual level.
func (c *Comparison) beyond(m *past.Measure, median, floor float64, today past.Day) (past.Level, bool) {
	for _, before := range []past.Day{today + 7, today - levelAgo} {
		l := m.Level(before)
		if l.Sessions < c.limits.Sessions {
			continue
		}
		least := l.Mean + max(levelSpreads*max(l.Spread, levelLeast), math.Log2(levelFactor))
		if math.Log2(median) > least && median-math.Exp2(l.Mean) > floor {
			return l, true
		}
	}
	return past.Level{}, false
}
