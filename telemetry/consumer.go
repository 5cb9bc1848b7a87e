package telemetry

import (
	"math"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/evidence"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	// maxWait is how long a message waits at most for one that was read before it in the other direction and has not
	// been scanned yet. Bytes are forwarded before they are scanned, so a request's response can be scanned before the
	// request is.
	maxWait = time.Second
	// shortWait is the same while the queue is filling.
	shortWait = 10 * time.Millisecond
)

// consumer takes messages out of the queue and hands them to the tracker in the order in which they were read. It
// belongs to one goroutine, and with it the redactor, the tracker and the sinks.
type consumer struct {
	*Session
	tracker  *session.Tracker
	sinks    fanout
	messages []session.Raw // taken out of the queue, not yet consumed
	lines    []stderrLine  // likewise
	seen     time.Duration // everything read up to then has been consumed

	compared  *anomaly.Comparison // with earlier sessions; nil if it is not
	recalled  bool                // these are known
	processes *evidence.Watcher   // nil if the server did not start
}

// consume runs until the session is over, and then finishes what is left unless Close gives up on it. The consumer is nil
// if making it has failed.
func (s *Session) consume(c *consumer) {
	defer close(s.done)
	if c == nil {
		return
	}
	s.guard(func() {
		c.watch()
		s.complete.Store(c.finish())
	})
}

func newConsumer(s *Session, identity record.Session) *consumer {
	c := &consumer{Session: s}
	if identity.PID > 0 {
		c.processes = evidence.New(identity.PID, s.clock.now)
	}
	// What finds anomalies comes last, so that a finding follows the record that it is about in every sink.
	c.sinks = append(c.sinks, readiness{&s.ready}, s.out.otel)
	if s.out.store != nil {
		c.sinks = append(c.sinks, s.out.store)
	}
	c.sinks = append(c.sinks, s.cfg.Sinks...)
	if s.rules != nil {
		s.rules.note = c.sinks.Noted // the others: a measurement concerns neither rules nor anomalies
		c.sinks = append(c.sinks, s.rules)
	}
	found := func(f record.Finding) { c.sinks.Noted(f) }
	a := s.cfg.Anomalies
	if !a.Off {
		c.sinks = append(c.sinks, anomaly.New(found))
	}
	if !a.Off && !a.Session && s.cfg.Past != nil {
		c.compared = anomaly.Compare(a.Limits, found)
		c.sinks = append(c.sinks, c.compared)
	}
	c.sinks = append(c.sinks, c.definitions())
	c.tracker = session.New(session.Config{
		Capacity: openLimit, HangAfter: s.cfg.HangAfter,
		Session: identity, Wall: s.clock.at, Contents: s.redact.contents, Look: c.look,
	}, c.sinks)
	return c
}

// definitions returns the sink that compares definitions with what is known of them.
func (c *consumer) definitions() *definitions.Sink {
	report := func(d record.DefinitionChange) { c.sinks.Noted(d) }
	defined := c.out.defined
	if defined == nil {
		return definitions.New(definitions.State{}, report, nil)
	}
	c.redact.prints = newFingerprinter(defined.Key())
	if !c.redact.capture.Has(consent.Definitions) {
		return definitions.New(defined.Known(), report, defined.Observed)
	}
	texts := newDefinitionTexts(c.redact.engine)
	c.redact.prints.texts = texts
	sink := definitions.New(defined.Known(), report, func(o definitions.Observation) {
		o.Texts = texts.take(&o)
		defined.Observed(o)
	})
	sink.Every()
	return sink
}

// watch consumes messages as they come, until stop is closed.
func (c *consumer) watch() {
	defer c.tick.Stop()
	for {
		select {
		case <-c.queue.due.C:
		case <-c.queue.full:
		case <-c.tick.C:
		case p := <-c.past:
			c.know(p)
		case <-c.stop:
			return
		}
		c.resting.Store(false)
		now := c.clock.now()
		c.drain(now, min(c.taps[0].watermark(now), c.taps[1].watermark(now)), c.stop)
		for i, dir := range directions {
			if since, m := c.taps[i].blocked(); since > 0 {
				c.tracker.Blocked(dir, m, since, now)
			}
		}
		c.rest()
	}
}

// know takes what is remembered of the server.
func (c *consumer) know(p *past.Past) {
	if c.compared != nil && !c.recalled {
		c.recalled = true
		c.compared.Know(p)
	}
}

// look returns what can be seen beside the messages, for the verdict about an operation that hangs. Once a stream has ended
// that is nothing: what it held is gone, and the server is about to be.
func (c *consumer) look(processes bool) (l session.Look, ok bool) {
	if c.taps[0].over.Load() || c.taps[1].over.Load() {
		return l, false
	}
	now := c.clock.now()
	l.ToServer, l.ToClient = c.taps[0].stream(now), c.taps[1].stream(now)
	if c.cfg.Taken != nil {
		l.Sent, l.Taken = c.cfg.Taken()
	}
	if processes && c.processes != nil {
		l.Tree = c.processes.Look()
	}
	return l, true
}

// rest makes the consumer sleep until bytes arrive if time alone changes nothing, and for a tick otherwise. An idle
// session should not keep a processor from sleeping.
func (c *consumer) rest() {
	c.resting.Store(true) // before the taps are asked, so that one that has bytes from now on will wake the consumer
	if c.tracker.Waiting() || c.taps[0].arriving.Load() != 0 || c.taps[1].arriving.Load() != 0 {
		c.resting.Store(false)
		wait := idleTick
		if c.tracker.Fresh() {
			wait = session.LookAfter
		}
		c.tick.Reset(wait)
	}
}

// finish consumes what is left and ends the session. It returns false if there was no time for that.
func (c *consumer) finish() bool {
	c.awaitPast()
	now := c.clock.now()
	if !c.drain(now, math.MaxInt64, c.giveUp) {
		return false
	}
	c.tracker.Close(now, c.exit)
	return true
}

// drain consumes the messages that no earlier one can join any more: those that were read up to the watermark, and
// those that have waited long enough. It stops early, and returns false, when stop is closed.
func (c *consumer) drain(now, watermark time.Duration, stop <-chan struct{}) bool {
	c.queue.take(&c.messages, &c.lines)
	wait := maxWait
	if c.queue.filling() {
		wait = shortWait
	}
	until := max(watermark, now-wait)
	next := [2]int{c.nextOf(0, 0), c.nextOf(1, 0)}
	for dir := c.earlier(next, until); dir >= 0; dir = c.earlier(next, until) {
		if closed(stop) {
			c.forget(next)
			return false
		}
		c.observe(&c.messages[next[dir]])
		next[dir] = c.nextOf(dir, next[dir]+1)
	}
	c.forget(next)
	for ; len(c.lines) > 0; c.lines = c.lines[1:] {
		if closed(stop) {
			return false
		}
		c.logLine(c.lines[0])
	}
	c.lines = nil
	c.seen = max(c.seen, min(now, until))
	c.tracker.Advance(c.seen)
	if len(c.messages) > 0 {
		c.queue.later()
	}
	return true
}

// nextOf returns the index of the first message of directions[dir] from the given index on. Each direction's messages
// are in order; those of the other lie between them.
func (c *consumer) nextOf(dir, from int) int {
	for from < len(c.messages) && c.messages[from].Dir != directions[dir] {
		from++
	}
	return from
}

// earlier returns the direction whose next message was read first, or -1 if none was read by the given time.
func (c *consumer) earlier(next [2]int, until time.Duration) int {
	earliest := -1
	for dir, i := range next {
		if i < len(c.messages) && c.messages[i].Last <= until {
			earliest, until = dir, c.messages[i].Last-1 // the other must be earlier
		}
	}
	return earliest
}

// forget removes the messages that have been consumed, and with them all that they refer to.
func (c *consumer) forget(next [2]int) {
	rest := c.messages[:0]
	for i, m := range c.messages {
		if i >= next[place(m.Dir)] {
			rest = append(rest, m)
		}
	}
	clear(c.messages[len(rest):])
	c.messages = rest
}

func (c *consumer) observe(raw *session.Raw) {
	size := raw.Content.Size() + raw.Measure.Size()
	c.rules.look(raw, c.tracker, c.clock.at(raw.Last))
	c.tracker.Observe(c.redact.message(raw, c.tracker.RequestMethod))
	c.queue.consumed(size)
}

func (c *consumer) logLine(line stderrLine) {
	text := c.redact.text(line.raw, line.cut)
	if line.key {
		text += "[redacted:private-key]"
	}
	if text != "" {
		c.sinks.Noted(record.LogLine{Time: c.clock.at(line.at), Source: record.FromStderr, Text: text})
	}
	c.queue.consumedLine(line)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
