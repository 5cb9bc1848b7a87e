package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Sink receives what a tracker finds. Its methods are called in the order of events, in one goroutine, from within New,
// Observe, Advance and Close. It may keep records and must not change them.
type Sink interface {
	// Opened is called when an operation opens, with the change record.Opened.
	Opened(op *record.Operation)
	// Changed is called with every other change. record.Ended comes exactly once for every operation, and last.
	Changed(op *record.Operation)
	// Noted is called for everything that is not an operation.
	Noted(n record.Note)
}

// Config sets the bounds of a tracker and what is known of the session when it starts. Zero values mean the defaults.
type Config struct {
	// Capacity is how many operations may be open at once. One more ends the oldest as expired. Default 10,000.
	Capacity int
	// HangAfter is how long an operation may be open before it is reported as hanging, and again each time that has
	// doubled. Time in which a person is asked does not count. Requests that stay open by nature never hang. Default 0:
	// no reports.
	HangAfter time.Duration

	Session  record.Session                // what is known from the start: ID, Launched, Started, PID
	Wall     func(time.Duration) time.Time // converts times of the session; nil: Session.Launched plus the time
	Contents Contents                      // which content was asked for

	// Look returns what can be seen beside the messages, for the verdict about an operation that hangs or ends without an
	// answer, and whether that is anything; the server's processes are wanted only for an operation of the client's. It is
	// not called for one that is answered within LookAfter, and must not block. Nil: nothing can be seen.
	Look func(processes bool) (look Look, ok bool)
}

// Tracker turns the messages of one session into records. It is for one goroutine.
type Tracker struct {
	cfg     Config
	sink    Sink
	session record.Session // as last reported
	count   uint64         // operations so far

	open      []*operation // in order of arrival
	shown     int          // how many of the open ones have been reported as still open: the first
	settled   []*operation // those whose task has ended, in the order of that end
	lasting   int          // how many of the open ones stay open by nature
	flights   flights
	inputs    inputs
	tokens    map[key]*operation // by the progress token of their latest request
	questions questions
	early     earlyResponses
	givenUp   givenUp
	stalls    stalls
	first     firstCalls
	listings  listings

	protocol      string // agreed in initialize
	agreed        bool   // session.Protocol is more than what the client has asked for
	uninitialized bool   // initialize has come and was not refused, and notifications/initialized has not come
	spent         spent

	blockages map[record.Direction]blockage
	partial   *operation // the one whose request has not been read as a whole, if that has been reported
}

// blockage is a time in which the reader of a stream takes nothing.
type blockage struct{ since, next time.Duration } // next: when it is to be reported next

// New returns a tracker and reports the session to the sink.
func New(cfg Config, sink Sink) *Tracker {
	cfg.Capacity = cmp.Or(cfg.Capacity, 10_000)
	if cfg.Wall == nil {
		cfg.Wall = cfg.Session.Launched.Add
	}
	t := &Tracker{
		cfg: cfg, sink: sink, session: cfg.Session,
		flights: flights{}, inputs: inputs{}, tokens: map[key]*operation{}, first: firstCalls{},
		blockages: map[record.Direction]blockage{}, stalls: stalls{look: cfg.Look},
	}
	if t.session.Time = t.session.Started; t.session.Time.IsZero() {
		t.session.Time = t.session.Launched
	}
	t.sink.Noted(t.session)
	return t
}

func (t *Tracker) noteSession(at time.Duration) {
	t.session.Time = t.cfg.Wall(at)
	t.sink.Noted(t.session)
}

func (t *Tracker) changed(op *operation, change record.Change, at time.Duration) {
	r := op.snapshot(change, at)
	if !t.cfg.Contents.WantsResult(op.Method) { // an early response was redacted before its method was known
		r.Content.Result = ""
	}
	t.sink.Changed(r)
}

// last returns the latest operation with a property, or nil.
func (t *Tracker) last(is func(*operation) bool) *operation {
	for _, op := range slices.Backward(t.open) {
		if is(op) {
			return op
		}
	}
	return nil
}
