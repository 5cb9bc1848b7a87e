package telemetry

import (
	"sync"
	"sync/atomic"
	"time"
)

// clock turns times of the session, which are those of the monotonic clock, into times of the wall clock. The monotonic clock
// stands still while the machine sleeps, and the wall clock does not: what happens after is dated by as much later. When the
// wall clock is set back nothing changes: times keep their order.
//
// It is safe for use by several goroutines.
type clock struct {
	epoch time.Time
	ahead atomic.Int64 // what the last of the jumps has

	mu    sync.Mutex
	jumps []jump // in order
}

// jump says by how much the wall clock is ahead of the monotonic one from some time of the session on.
type jump struct{ from, ahead time.Duration }

// leap is by what the clocks may differ: the wall clock is also set by a little, now and then, which is no sleep.
const leap = time.Second

// see takes a reading of both clocks.
func (c *clock) see(now time.Time) {
	since := now.Sub(c.epoch)
	ahead := now.Round(0).Sub(c.epoch.Round(0)) - since
	if ahead < time.Duration(c.ahead.Load())+leap {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.jumps); n > 0 {
		last := &c.jumps[n-1]
		if ahead < last.ahead+leap {
			return // the other direction has seen it too
		}
		since = max(since, last.from)
	}
	c.jumps = append(c.jumps, jump{since, ahead})
	c.ahead.Store(int64(ahead))
}

// now returns the present time of the session.
func (c *clock) now() time.Duration {
	now := time.Now()
	c.see(now)
	return now.Sub(c.epoch)
}

// at returns a time of the session on the wall clock. What happened between the sleep and the first reading after it, which
// is a message or a second away, is dated as if it had been before.
func (c *clock) at(t time.Duration) time.Time {
	if c.ahead.Load() != 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i := len(c.jumps) - 1; i >= 0; i-- {
			if j := c.jumps[i]; t >= j.from {
				return c.epoch.Add(t + j.ahead)
			}
		}
	}
	return c.epoch.Add(t)
}
