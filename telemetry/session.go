package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/admin"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Session is the telemetry of a session whose server is running.
type Session struct {
	*Telemetry
	alive    atomic.Bool // the server's process is running
	ready    atomic.Bool // it has answered a request
	complete atomic.Bool // everything has been consumed

	exit   record.Exit   // how the server ended; set before stop is closed
	stop   chan struct{} // closed when the session is over
	giveUp chan struct{} // closed when there is no time left to consume what is queued
	done   chan struct{} // closed when the consumer has returned

	past chan *past.Past // what is remembered of the server, once it has been read
}

// Run starts to turn messages into records, for a server whose process pid was started at the given time. Export
// problems are reported to the logger; they are never an error of the session. Call it once, and Close on the result.
func (t *Telemetry) Run(pid int, started time.Time) *Session {
	t.prepare()
	s := &Session{
		Telemetry: t, stop: make(chan struct{}), giveUp: make(chan struct{}), done: make(chan struct{}),
		past: make(chan *past.Past, 1),
	}
	s.alive.Store(true)
	identity := t.id
	identity.PID, identity.Started = pid, started
	var c *consumer // made here, so that every sink knows of the session before the metrics are served
	s.guard(func() { c = newConsumer(s, identity) })
	s.recall()
	go s.consume(c) // ends on stop; Close waits for it
	t.out.serve(func() admin.Health {
		return admin.Health{
			Version: t.cfg.Version, Started: started, OpenCalls: t.out.otel.OpenCalls(),
			Alive: s.alive.Load(), Answered: s.ready.Load(),
		}
	})
	return s
}

// NotStarted reports a session whose server could not be started, and sends that until the context is done. Of the exit
// it needs Code and Reason.
func (t *Telemetry) NotStarted(ctx context.Context, exit record.Exit) {
	exit.EndedBy, exit.Cause = record.ByServer, record.NotStarted
	t.Run(0, time.Time{}).Close(ctx, exit)
}

// Flush sends and stores what has been recorded, without waiting for it: the client has left, and the host may kill us soon.
func (s *Session) Flush() {
	go s.out.flush(context.Background()) // bounded by the exporters' timeouts; the process may end before
}

// Exited notes that the server's process has ended and is no longer healthy. Output of it may still be on its way:
// Close ends the session.
func (s *Session) Exited() { s.alive.Store(false) }

// Close ends the session's telemetry: it ends the open operations and sends everything, until the context is done. Of
// the exit it needs EndedBy, Cause, Code, Signal and the CPU times.
func (s *Session) Close(ctx context.Context, exit record.Exit) {
	s.Exited()
	s.out.otel.ServerExited(exit.UserTime, exit.SystemTime)
	s.exit = exit
	close(s.stop)
	half, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-s.done:
	case <-half.Done():
		s.stopConsumer(ctx)
	}
	// The consumer was stopped, or a panic has ended it. What it has left is lost. The count is exact unless the consumer
	// is still in a message or ending the session.
	if !s.complete.Load() {
		s.queue.discard()
		s.out.loseOpenSpans()
		if closed(s.done) { // else the consumer may be using the store
			s.guard(func() { s.out.storeExit(exit, s.clock.at(s.clock.now()), s.id.Launched) })
		}
	}
	s.out.close(ctx)
}

// SentSpans returns how many spans of a session that has been closed the collector has accepted, and how many it has not.
// Both are 0 if no spans are sent.
func (s *Session) SentSpans() (sent, unsent int64) {
	if s.out.exports == nil {
		return 0, 0
	}
	return s.out.exports.SentSpans()
}

// stopConsumer stops the consumer, for which this machine is too busy.
func (s *Session) stopConsumer(ctx context.Context) {
	close(s.giveUp)
	half, cancel := halfOf(ctx)
	defer cancel()
	select {
	case <-s.done:
	case <-half.Done():
	}
}

// halfOf returns a context with half of the remaining time: what has been recorded takes time to send, too.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}
