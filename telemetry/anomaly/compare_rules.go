package anomaly

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	steadyCalls    = 50   // calls of a target before what follows it can be unusual
	steadySessions = 10   // sessions of it likewise
	expectedPairs  = 10.0 // how often a sequence would have been seen if the order were random
	novelWindow    = 200  // the latest sessions, in which new sequences are counted
	novelClump     = 20   // sessions from one new sequence to another that is not of the same new habit
	novelQuiet     = 30   // sessions after a new version or target in which nothing new is reported
	singlesShare   = 0.02 // of the calls after a target may have been made in one session only
	singleShare    = 0.02 // of sessions may have had as many failures as are called usual
	moreFailures   = 3    // than usual
	failureChance  = 1e-7 // that so many calls fail by accident
	togetherFrom   = 3    // targets that fail together
	rateFloor      = 200  // calls an hour, below which no rate is too high
	levelSpreads   = 4.5  // standard deviations from the usual level
	levelLeast     = 0.3  // the least standard deviation, as a logarithm to the base 2
	levelFactor    = 3.0  // and the least factor
	levelAgo       = 28   // days: what has changed slowly is compared with the time before them
	outliersWanted = 2
	blocksWanted   = 3
	slowFloor      = 500_000.0 // µs
	largeFloor     = 16 << 10  // bytes
)

// known is the past, with what is computed of it once.
type known struct {
	*past.Past
	left    map[past.Key]int // how often a call was followed by another
	singles map[past.Key]int // sequences from it that one session alone has had
	calls   int
	changed int     // the latest session that was the first of a version, or of a target
	chance  float64 // that a session has a sequence that none before it had
}

func newKnown(p *past.Past) *known {
	k := &known{Past: p, left: map[past.Key]int{}, singles: map[past.Key]int{}}
	novel := map[int]bool{} // the latest sessions that had a new sequence of known targets
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
	k.changed = p.Changed
	for _, t := range p.Targets {
		k.changed = max(k.changed, t.First)
	}
	changes, last := 0, -novelClump
	for _, session := range slices.Sorted(maps.Keys(novel)) {
		if session-last >= novelClump { // a new habit shows in several sessions
			changes++
		}
		last = session
	}
	k.chance = float64(changes+1) / float64(max(min(p.Sessions, novelWindow), 1))
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
	if k.Sessions < c.limits.Sessions || k.chance > c.limits.Chance || k.changed > 1 && k.Sessions-k.changed < novelQuiet ||
		c.version != k.Version {
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
	if float64(k.singles[from]+1)/float64(k.left[from]+1) > singlesShare {
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
	if t == nil {
		return
	}
	if call.Timed {
		if median, ok := now.duration.Add(call.Duration); ok {
			c.block(op, key, now, measure{kind: record.Slow}, &t.Duration, median, slowFloor, 1e6)
		}
	}
	if median, ok := now.request.Add(call.Request); ok {
		c.block(op, key, now, measure{record.Large, record.RequestSide}, &t.Request, median, largeFloor, 1)
	}
	if call.Failed {
		return
	}
	if median, ok := now.response.Add(call.Response); ok {
		c.block(op, key, now, measure{record.Large, record.ResponseSide}, &t.Response, median, largeFloor, 1)
	}
}

// block looks at the median of some calls in a row. It wants several such medians: at the start of a session caches are
// cold, and of some tools the largest value ever is always yet to come.
func (c *Comparison) block(op *record.Operation, key past.Key, now *current, what measure, m *past.Measure, median, floor, unit float64) {
	day := past.DayOf(op.Start)
	l, beyond := c.beyond(m, median, floor, day)
	if now.blocks[what]++; !beyond {
		now.blocks[what] = 0
	}
	if now.blocks[what] < blocksWanted {
		if l, beyond = c.drifted(m, median, floor, day); !beyond {
			return
		}
	}
	c.find(op, key, op.End, record.Finding{
		Kind: what.kind, Side: what.side, Seen: median / unit, Usual: math.Exp2(l.Mean) / unit, Unit: what.unit(),
		Since: l.Since.Time(), Sessions: l.Sessions,
	})
}

// outliers finds calls that are far beyond all earlier ones of their target: the second of them in a session, since of
// some tools the largest value ever is always yet to come. A call that had company is not timed.
func (c *Comparison) outliers(op *record.Operation, key past.Key, now *current, call *past.Call, alone bool) {
	t, ok := c.known.steady(key)
	if !ok || t.Sessions < c.limits.Sessions {
		return
	}
	far := func(what measure, s *past.Sketch, v, floor, unit float64) {
		usual, out := outlying(s, v, floor)
		if !out {
			return
		}
		if now.out[what]++; now.out[what] < outliersWanted {
			return
		}
		c.find(op, key, op.End, record.Finding{
			Kind: what.kind, Side: what.side, Seen: v / unit, Usual: usual / unit, Unit: what.unit(),
			Since: t.Since.Time(), Sessions: t.Sessions,
		})
	}
	if call.Timed && alone {
		far(measure{kind: record.Slow}, &t.Duration.All, call.Duration, float64(latencyFloor.Microseconds()), 1e6)
	}
	far(measure{record.Large, record.RequestSide}, &t.Request.All, call.Request, sizeFloor, 1)
	if !call.Failed {
		far(measure{record.Large, record.ResponseSide}, &t.Response.All, call.Response, sizeFloor, 1)
	}
}

// outlying is the rule of window.outlier, for what is known of earlier sessions.
func outlying(s *past.Sketch, v, floor float64) (usual float64, ok bool) {
	if v < floor || s.N() < minSamples {
		return 0, false
	}
	usual = max(s.Quantile(0.5), 1)
	if v-usual < floor {
		return 0, false
	}
	above := func(v float64) float64 { return math.Log(max(v, 1) / usual) }
	spread := max(above(s.Quantile(0.95))/p95, minSpread)
	far := above(v)
	return usual, far > (tailFactor+scarcity/float64(s.N()))*spread && far > knownScale*above(s.Largest(knownRank))
}

// drifted reports whether two weeks, and the median of a block after them, are far above the level of the weeks that are some time
// ago. What becomes slow by and by is seen in weeks where no session has enough calls to show it.
func (c *Comparison) drifted(m *past.Measure, median, floor float64, today past.Day) (past.Level, bool) {
	l, mean, ok := m.Trend(today-levelAgo, today)
	if !ok || l.Sessions < c.limits.Sessions {
		return l, false
	}
	least := l.Mean + max(levelSpreads*max(l.Spread, levelLeast), math.Log2(levelFactor))
	seen := min(mean, math.Log2(median))
	return l, seen > least && math.Exp2(seen)-math.Exp2(l.Mean) > floor
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
