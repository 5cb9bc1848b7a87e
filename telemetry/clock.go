package telemetry

import (
	"sync"
	"sync/atomic"
	"time"
)

// clock converts times of the session, which are durations of the monotonic clock, to times of the wall clock. The
// monotonic clock stands still while the machine sleeps and the wall clock does not, so what happens after a sleep is
// dated later by as much. When the wall clock is set back nothing changes: times keep their order.
//
// It is safe for concurrent use.
type clock struct {
	epoch time.Time
	ahead atomic.Int64 // by how much the wall clock is ahead now, in nanoseconds

	mu    sync.Mutex
	jumps []jump // in order
}

// jump is by how much the wall clock is ahead of the monotonic one from some time of the session on.
type jump struct{ from, ahead time.Duration }

// minJump separates a sleep from the small corrections that a time service makes now and then.
const minJump = time.Second

// see compares the two clocks in a reading that has both.
func (c *clock) see(now time.Time) {
	since := now.Sub(c.epoch)
	ahead := now.Round(0).Sub(c.epoch.Round(0)) - since // Round strips the monotonic reading
	if ahead < time.Duration(c.ahead.Load())+minJump {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.jumps); n > 0 {
		last := &c.jumps[n-1]
		if ahead < last.ahead+minJump {
			return // the other direction saw it first
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

// at returns the wall-clock time of a time of the session. Something between a sleep and the first reading after it,
// which is a message or a second away, is dated as if it had happened before the sleep.
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
