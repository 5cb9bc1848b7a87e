package telemetry

import (
	"math"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

// openLimit bounds the operations that are open at once, which no host comes near: each is a kilobyte, and a flood of requests
// that nobody answers must not cost more than that (see docs/reliability.md).
const openLimit = 2000

// idleTick is how often the consumer looks at the clock when there are no messages.
const idleTick = time.Second

// consumer makes telemetry of messages. It is no goroutine's own: one at a time has it, and with it the tracker and the recorder.
type consumer struct {
	*Telemetry
	tracker *session.Tracker
	seen    time.Duration // until when the tracker has seen everything, which is its present
	taken   merger        // messages that are out of the queue and have yet to be seen
	lines   []stderrLine  // and lines
}

// consume runs the consumer until the session is over. While the relay runs, its thread comes after the relay's. At the end
// there is nobody to come after, and the host waits for us: what is left is done as fast as the machine can.
func (t *Telemetry) consume() {
	defer close(t.stopped)
	c := &consumer{Telemetry: t, tracker: session.New(session.Config{Capacity: openLimit}, t.recorder)}
	survived := make(chan bool, 1)
	go func() { // ends on stop
		modest()
		survived <- t.guarded(c.watch)
	}()
	if <-survived {
		t.guarded(c.finish)
	}
}

// watch consumes what comes until the session is over.
func (c *consumer) watch() {
	clock := time.NewTicker(idleTick)
	defer clock.Stop()
	for {
		select {
		case <-c.queue.due.C:
		case <-c.queue.full:
		case <-clock.C:
		case <-c.stop:
			return
		}
		now := c.clock.now()
		settled := min(c.taps[session.ToServer].settled(now), c.taps[session.ToClient].settled(now))
		if !c.drain(now, settled, c.stop) {
			return
		}
	}
}

// finish consumes what is left and ends what is open, unless Close gives it up.
func (c *consumer) finish() {
	if !c.see(c.seen, c.late) {
		return
	}
	now := c.clock.now()
	if !c.drain(now, math.MaxInt64, c.late) {
		return
	}
	waiting := c.recorder.metrics.open
	c.tracker.Close(now, c.exit.Session)
	c.recorder.end(now, c.exit, waiting)
}

// drain hands what is in the queue to the tracker, as far as nothing can come before it: see queue.take. When stop is closed,
// it leaves the rest where it is and returns false.
func (c *consumer) drain(now, settled time.Duration, stop <-chan struct{}) bool {
	chunks, until := c.queue.take(now, settled)
	c.taken, c.lines = newMerger(chunks), c.queue.takeLines()
	return c.see(min(now, until), stop)
}

// see hands what has been taken to the tracker, and lines, and tells it that this is all until the given time.
func (c *consumer) see(until time.Duration, stop <-chan struct{}) bool {
	if !c.taken.each(c.observe, c.queue.giveBack, stop) {
		return false
	}
	for len(c.lines) > 0 {
		if closed(stop) {
			return false
		}
		line := c.lines[0]
		if text := c.recorder.lines.shown(line, c.recorder.content); text != "" {
			c.recorder.records.stderr(text)
		}
		c.lines = c.lines[1:]
		c.queue.seenLine(line)
	}
	c.seen = max(c.seen, until)
	c.tracker.Advance(c.seen)
	c.recorder.advance(c.seen, c.tracker)
	return true
}

func (c *consumer) observe(m *session.Message) {
	c.recorder.content.redact(m, c.tracker)
	c.recorder.arriving(m)
	c.tracker.Observe(m)
	c.recorder.arrived(m)
	c.queue.taken.Add(-1)
}
