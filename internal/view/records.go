package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// State is what is known of a session's process.
type State string

// The states.
const (
	Live    State = "live"
	Ended   State = "ended"   // and its exit is known
	Killed  State = "killed"  // its process ended without saying so
	Unknown State = "unknown" // whether it lives is not known
)

// Records are what is known of a session, live or stored. They are for one goroutine.
type Records struct {
	Session    record.Session
	Operations []record.Operation // in the order of their numbers
	Notes      []record.Note
	Exit       *record.Exit // nil while it runs, and if its process was killed
	State      State
	Last       time.Time // until when something is known: now, if it is live

	answers map[string][]record.Note // those that came late, by id; nil until they are looked for
}

// Outcome returns the outcome of one of the operations.
func (r *Records) Outcome(op *record.Operation) Outcome {
	o := OutcomeOf(op)
	if r.State == Killed {
		o = Left(op)
	}
	if o.Ending == TimedOut {
		o.Late = Late(op, r.late()[op.RequestID])
	}
	return o
}

// late returns the answers that came late by the ids that they refer to: a picture asks for them with each operation, and a
// long session has a hundred thousand notes.
func (r *Records) late() map[string][]record.Note {
	if r.answers == nil {
		r.answers = map[string][]record.Note{}
		for _, n := range r.Notes {
			if v, ok := n.(record.Violation); ok && v.Kind == record.LateResponse {
				r.answers[answered(&v)] = append(r.answers[answered(&v)], n)
			}
		}
	}
	return r.answers
}

// answered returns the id to which a late answer refers: a number, or a text in quotes.
func answered(v *record.Violation) string { return strings.Trim(v.Sent, `"`) }

// Counts are what a session's operations add up to.
type Counts struct {
	Calls       int // that have ended, see record.Operation.IsCall
	Failed      int // operations, so that it is seen if the handshake fails
	FailedCalls int // those of them that are calls
	Hung        int // operations that were reported as hanging, whether or not they still do
}

// String says what the operations add up to: "12 calls, 1 failed, 1 hung", "no calls, 1 operation failed".
func (c Counts) String() string {
	text, other := "no calls", ""
	if c.Calls > 0 {
		text = fmt.Sprintf("%s, %s failed", Plural(c.Calls, "call"), Number(c.FailedCalls))
		other = "other "
	}
	if n := c.Failed - c.FailedCalls; n > 0 {
		text += ", " + Plural(n, other+"operation") + " failed"
	}
	if c.Hung > 0 {
		text += fmt.Sprintf(", %s hung", Number(c.Hung))
	}
	return text
}

// Totals returns what the operations of a session add up to: "5 calls, 1 failed, p95 801ms".
func Totals(t *record.Totals) string {
	text := Counts{Calls: t.Calls, Failed: t.Failed, FailedCalls: t.FailedCalls}.String()
	for _, other := range []struct {
		n    int
		word string
	}{{t.Cancelled, semconv.ErrCancelled}, {t.Abandoned, string(Unanswered)}} {
		if other.n > 0 {
			text += fmt.Sprintf(", %d %s", other.n, other.word)
		}
	}
	if t.Answered() > 0 {
		text += ", p95 " + Duration(t.P95())
	}
	return text
}

// Add adds the counts of another session.
func (c *Counts) Add(o Counts) {
	c.Calls, c.Failed, c.FailedCalls, c.Hung = c.Calls+o.Calls, c.Failed+o.Failed, c.FailedCalls+o.FailedCalls, c.Hung+o.Hung
}

// Count counts a session's operations.
func Count(r *Records) Counts {
	var c Counts
	for i := range r.Operations {
		op := &r.Operations[i]
		o := r.Outcome(op)
		if ending := OutcomeOf(op).Ending; op.IsCall() && ending != Open && ending != Hung { // what a kill left open did not end
			c.Calls++
		}
		if o.Failed() {
			c.Failed++
		}
		if o.Failed() && op.IsCall() {
			c.FailedCalls++
		}
		if op.Hung {
			c.Hung++
		}
	}
	return c
}

// Late returns how long after the end of an operation its answer came: 0 if it did not, or if that is not known.
func Late(op *record.Operation, notes []record.Note) time.Duration {
	for _, n := range notes {
		if v, ok := n.(record.Violation); ok && answersLate(&v, op) {
			return v.Time.Sub(op.End)
		}
	}
	return 0
}

// answersLate reports whether a violation is the answer to an operation that has ended, to which it refers by its id alone.
func answersLate(v *record.Violation, op *record.Operation) bool {
	return v.Kind == record.LateResponse && v.Direction == op.Direction.Opposite() && v.Time.After(op.End) &&
		op.ErrorType == semconv.ErrTimeout && op.RequestID != "" && answered(v) == op.RequestID
}

// until returns when an operation ended, or until when it is known to have been open.
func (r *Records) until(op *record.Operation) time.Time {
	if op.End.IsZero() {
		return later(r.Last, op.Start)
	}
	return later(op.End, op.Start)
}

// drawn returns when an operation is drawn: until its answer came, even if that was late.
func (r *Records) drawn(op *record.Operation) Interval {
	return Interval{op.Start, r.until(op).Add(r.Outcome(op).Late)}
}

// Took returns the whole time of an operation, less a person's.
func (r *Records) Took(op *record.Operation) time.Duration {
	if op.End.IsZero() {
		return max(0, r.until(op).Sub(op.Start)-op.InputWait)
	}
	return op.Duration
}

// Begin returns when the session began.
func (r *Records) Begin() time.Time {
	switch {
	case !r.Session.Launched.IsZero():
		return r.Session.Launched
	case !r.Session.Started.IsZero():
		return r.Session.Started
	case len(r.Operations) > 0:
		return r.Operations[0].Start
	}
	return r.Last
}

// End returns when the session ended, or until when it is known to have run.
func (r *Records) End() time.Time {
	end := r.Last
	if r.Exit != nil {
		end = r.Exit.Time
	}
	for i := range r.Operations {
		end = later(end, r.Operations[i].End)
	}
	return later(end, r.Begin())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Server returns what the server calls itself, or the given name.
func (r *Records) Server(otherwise string) string {
	return Safe(cmp.Or(r.Session.Server.Name, otherwise))
}

// Collector is a sink that keeps a session's records. It may be read while records still arrive.
type Collector struct {
	mu         sync.Mutex
	operations map[uint64]*record.Operation
	records    Records
}

// Opened keeps an operation.
func (c *Collector) Opened(op *record.Operation) { c.keep(op) }

// Changed keeps what has become of an operation.
func (c *Collector) Changed(op *record.Operation) { c.keep(op) }

func (c *Collector) keep(op *record.Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations == nil {
		c.operations = map[uint64]*record.Operation{}
	}
	c.operations[op.Number] = op
}

// Noted keeps a note, except for those about each message.
func (c *Collector) Noted(n record.Note) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch n := n.(type) {
	case record.Message:
	case record.Session:
		c.records.Session = n
	case record.Exit:
		c.records.Exit = &n
	default:
		c.records.Notes = append(c.records.Notes, n)
	}
}

// Records returns what has been kept so far.
func (c *Collector) Records(now time.Time) *Records {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.records
	r.State, r.Last = Live, now
	if r.Exit != nil {
		r.State, r.Last = Ended, r.Exit.Time
	}
	r.Notes = slices.Clone(r.Notes)
	for _, op := range c.operations {
		r.Operations = append(r.Operations, *op)
	}
	slices.SortFunc(r.Operations, func(a, b record.Operation) int { return cmp.Compare(a.Number, b.Number) })
	return &r
}

// Drawn reports whether a notification has a place of its own in a picture. Those that tell about an operation have not,
// as they have no span.
func Drawn(n record.Notification) bool {
	switch n.Method {
	case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
		return false
	}
	return true
}
