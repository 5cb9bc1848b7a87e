package session

import (
	"math"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Config bounds a tracker. Zero values mean the defaults.
type Config struct {
	// Capacity is how many operations may be open at once. The oldest is ended as expired when one more comes. Default
	// 10,000.
	Capacity int
	// Grace is how long an answer is kept whose request has not been seen: the two directions are read by two goroutines,
	// so an answer can overtake its request. Default 1 s.
	Grace time.Duration
	// Fetch is how long a task that has ended stays open for its result to be fetched, which need not happen. Default 30 s.
	Fetch time.Duration
	// Expiry is how long an operation may be open: an answer that was mangled on the wire never comes. Default 24 h.
	// Requests whose nature is to stay open do not expire.
	Expiry time.Duration
}

// Tracker correlates the messages of one session. It is a pure state machine: time comes with the messages, nothing is
// started, and the same messages give the same operations. It is for one goroutine.
type Tracker struct {
	cfg      Config
	observer Observer

	// Each open operation is in one of these.
	usual   openList // in order of arrival
	lasting openList // requests whose nature is to stay open, in order of arrival
	settled openList // whose task is known to have ended and whose result is still to be fetched, in order of that end

	flights flights
	calls   []*Operation       // the client's calls in flight that the server may be working on
	tokens  map[key]*Operation // by the progress token they gave
	tasks   map[taskKey]*Operation
	inputs  inputs
	early   earlyAnswers
	gone    tombstones
	probe   *Operation // the latest server/discover, if it is not answered

	protocol string // from the answer to initialize
	note     Note   // the violation that the observer is being told of
}

type taskKey struct {
	id  exact
	dir Direction // of the request that started it
}

// New returns a tracker of a session that has not begun.
func New(cfg Config, observer Observer) *Tracker {
	if cfg.Capacity <= 0 {
		cfg.Capacity = 10_000
	}
	defaults := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	defaults(&cfg.Grace, time.Second)
	defaults(&cfg.Fetch, 30*time.Second)
	defaults(&cfg.Expiry, 24*time.Hour)
	return &Tracker{
		cfg:      cfg,
		observer: observer,
		flights:  flights{},
		tokens:   map[key]*Operation{},
		tasks:    map[taskKey]*Operation{},
		inputs:   inputs{},
	}
}

// Protocol is the protocol version agreed in initialize, or empty.
func (t *Tracker) Protocol() string { return t.protocol }

// Observe takes the next message. Messages should come in the order of their Last; where the two directions are not
// quite in order, answers wait for their requests.
func (t *Tracker) Observe(m *Message) {
	switch m.Kind {
	case framing.Request:
		t.request(m)
	case framing.Notification:
		t.notification(m)
	case framing.Response, framing.ErrorResponse:
		t.answer(m)
	case framing.NotRPC:
		t.violation(NotJSONRPC, m)
	case framing.Malformed:
		t.violation(InvalidJSON, m)
	case framing.Foreign:
		t.violation(ForeignFraming, m)
	default:
		t.violation(Noise, m)
	}
}

// Advance says what time it is: what has been waited for too long is given up.
func (t *Tracker) Advance(now time.Duration) {
	t.early.expire(now-t.cfg.Grace, t.orphan)
	for op := t.settled.first; op != nil && op.settled.last+t.cfg.Fetch <= now; op = t.settled.first {
		t.conclude(op)
	}
	for op := t.usual.first; op != nil && op.Start+t.cfg.Expiry <= now; op = t.usual.first {
		t.expire(op, now)
	}
}

// Open calls f for the open operations, the one that has been open longest first, until f returns false. Operations whose
// task has ended are over, even if its result has not been fetched, and are left out.
func (t *Tracker) Open(f func(*Operation) bool) {
	usual, lasting := t.usual.first, t.lasting.first
	for usual != nil || lasting != nil {
		next := &usual
		if usual == nil || lasting != nil && lasting.Start < usual.Start {
			next = &lasting
		}
		op := *next
		*next = op.open.next
		if !f(op) {
			return
		}
	}
}

// Close ends the session and every open operation.
func (t *Tracker) Close(now time.Duration, end End) {
	t.early.expire(math.MaxInt64, t.orphan)
	for op := t.settled.first; op != nil; op = t.settled.first {
		t.conclude(op)
	}
	for _, open := range []*openList{&t.usual, &t.lasting} {
		for op := open.first; op != nil; op = open.first {
			t.abandon(op, now, end)
		}
	}
}

// abandon ends an operation with the session. Where that is in the normal course of things, it is no error.
func (t *Tracker) abandon(op *Operation, now time.Duration, end End) {
	switch {
	case op.state == onTask:
		// A task may outlive the session by design: its end is not known.
	case op.Method == semconv.SubscriptionsListen:
		// Ends with the session, if not before.
	case end == ServerLeft && op.state == inFlight && op.Dir == ToServer:
		op.ErrorType, op.Class = semconv.ErrServerExit, Unavailable
	case op.Method == semconv.Discover:
		// A server of the versions before 2026-07-28 need not know how to answer a probe.
	default:
		op.ErrorType, op.Class = semconv.ErrAbandoned, Abandoned
	}
	t.finish(op, now)
}

// makeRoom ends an operation if there are as many as there may be: first one whose end is known, then the one that has been
// open longest. Requests whose nature is to stay open are spared, unless they are the most of all.
func (t *Tracker) makeRoom(now time.Duration) {
	if t.usual.length+t.lasting.length+t.settled.length < t.cfg.Capacity {
		return
	}
	switch {
	case t.settled.first != nil:
		t.conclude(t.settled.first)
	case t.usual.first != nil && t.lasting.length <= t.cfg.Capacity/2:
		t.expire(t.usual.first, now)
	default:
		t.expire(t.lasting.first, now)
	}
}

// expire ends an operation that can be kept no longer.
func (t *Tracker) expire(op *Operation, now time.Duration) {
	op.ErrorType, op.Class = semconv.ErrExpired, Abandoned
	t.giveUp(op)
	t.finish(op, now)
}

// giveUp stops waiting for the answer to the operation's request, which may still come.
func (t *Tracker) giveUp(op *Operation) {
	if op.flight.is {
		t.gone.bury(op.Dir, op.current)
	}
}

// finish closes an operation and hands it to the observer.
func (t *Tracker) finish(op *Operation, at time.Duration) {
	at = max(at, op.Start)
	t.flights.remove(op)
	t.rest(op)
	t.silence(op)
	if k := (taskKey{op.task.exact(), op.Dir}); t.tasks[k] == op {
		delete(t.tasks, k)
	}
	t.inputs.remove(op)
	if t.probe == op {
		t.probe = nil
	}
	op.remove()
	op.resume(at)
	op.End, op.state = at, finished
	op.FirstByte = min(op.FirstByte, at)
	t.observer.Finished(op)
	op.Parent = nil // the chain of parents must not keep a session's whole past alive
}

func (t *Tracker) violation(v Violation, m *Message) {
	t.note = Note{Message: m, Violation: v} // not a new one each time: a server may log to stdout a lot
	t.observer.Noted(&t.note)
	t.note = Note{} // nothing of a message is kept for longer than it is needed
}

func (t *Tracker) orphan(m *Message) { t.violation(OrphanResponse, m) }
