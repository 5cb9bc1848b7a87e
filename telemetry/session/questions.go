package session

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// questions holds the server's open requests that a person may have to decide: an elicitation, the approval of a sampling
// request, a choice of roots. While one is open, the call in whose course it was made waits for the person, and that
// time is not the tool's (openai/codex#17566).
//
// Nothing on the wire ties a question to its call, unless the call is a task. If several calls are in flight, the
// question's span has no call above it, but the time can often be attributed all the same: by what happens later. A call
// that ends did not wait for a question that is still open, and a call that waits for one question seldom asks another.
// Time that cannot be attributed to one call is taken from none.
type questions struct {
	open  []*operation
	pages []visit
}

// visit is a page on the web at which a user answers: the client's response to an elicitation in URL mode (2025-11-25,
// client/elicitation) means only that the user has gone there.
type visit struct {
	page  Ref
	call  *operation
	since time.Duration
}

const (
	maxQuestions = 256 // a person answers a few at a time, and each message that ends a call looks at all of them
	maxVisits    = 64  // the server need not tell when one is over
)

// ask adds a question. Its call is its parent, if that is known.
func (q *questions) ask(op *operation, open []*operation) {
	if len(q.open) == maxQuestions {
		return
	}
	q.open = append(q.open, op)
	op.inCall = op.parent != nil || slices.ContainsFunc(open, func(call *operation) bool { return call.mayHaveAsked(op) })
	if op.parent != nil {
		op.assign(op.parent)
	} else {
		q.attribute(open)
	}
}

// answered removes a question that has ended, and its call goes on.
func (q *questions) answered(op *operation, at time.Duration, open []*operation) {
	q.open = slices.DeleteFunc(q.open, func(other *operation) bool { return other == op })
	if op.waiter != nil {
		if op.visit.legal() && op.accepted && len(q.pages) < maxVisits {
			q.pages = append(q.pages, visit{op.visit, op.waiter, at})
		}
		op.waiter.release(at)
		op.waiter = nil
	}
	q.attribute(open)
}

// ended takes a call that has ended. The open questions that were attributed to it must be those of others.
func (q *questions) ended(call *operation, open []*operation) {
	for _, op := range q.open {
		if op.waiter == call {
			op.waiter = nil
		}
	}
	q.pages = slices.DeleteFunc(q.pages, func(v visit) bool { return v.call == call })
	q.attribute(open)
}

// attribute gives the questions whose call is not known to the calls that may have asked them, if there are no more of
// these: then each of them waits.
func (q *questions) attribute(open []*operation) {
	var unknown []*operation
	for _, op := range q.open {
		if op.waiter == nil && op.inCall {
			unknown = append(unknown, op)
		}
	}
	if len(unknown) == 0 {
		return
	}
	var calls []*operation
	for _, call := range open {
		if call.mayHaveAsked(unknown[len(unknown)-1]) && call.holds == 0 {
			calls = append(calls, call)
		}
		if len(calls) > len(unknown) {
			return
		}
	}
	for i, call := range calls {
		if call.start <= unknown[i].start {
			unknown[i].assign(call)
		}
	}
}

// completed takes the news that the user is done with a page: the call has waited until now.
func (q *questions) completed(page Ref, at time.Duration) {
	for i, v := range q.pages {
		if v.page == page {
			v.call.hold(v.since)
			v.call.release(at)
			q.pages = slices.Delete(q.pages, i, i+1)
			return
		}
	}
}

// holdBack reports whether a call may be waiting for a person although no open question is attributed to it.
func (q *questions) holdBack(call *operation) bool {
	return slices.ContainsFunc(q.open, func(op *operation) bool { return op.waiter == nil && call.mayHaveAsked(op) }) ||
		slices.ContainsFunc(q.pages, func(v visit) bool { return v.call == call })
}

// mayHaveAsked reports whether a question may have been asked in the course of a call.
func (op *operation) mayHaveAsked(question *operation) bool {
	return op.mayAsk() && op.start <= question.start
}

// mayAsk reports whether the server is working on a call, and may ask the client for something in its course.
func (op *operation) mayAsk() bool {
	return op.dir == record.ToServer && op.state == inFlight && !op.Undelivered && semconv.MayAsk(op.Method)
}

// asksPerson reports whether the operation is a question: a person may have to decide, and takes as long as it takes. An
// elicitation always asks the user. Sampling and roots/list are answered without one by many clients, so outside of any
// call a long wait for them is reported like any other.
func (op *operation) asksPerson() bool {
	return op.dir == record.ToClient && semconv.AsksPerson(op.Method)
}

// assign makes a call wait for the question, from the time on when it was asked.
func (op *operation) assign(call *operation) {
	op.waiter = call
	call.hold(op.start)
}

// hold starts to count the time in which the operation waits for a person, and release stops it. Waits that overlap are
// counted once: the time ends when none is left.
func (op *operation) hold(at time.Duration) {
	if op.holds == 0 {
		op.heldSince = max(at, op.heldUntil)
	}
	op.holds++
}

func (op *operation) release(at time.Duration) {
	if op.holds--; op.holds == 0 {
		op.InputWait += max(at-op.heldSince, 0)
		op.heldUntil = at
	}
}

// waited returns how long the operation has waited for a person so far.
func (op *operation) waited(at time.Duration) time.Duration {
	if op.holds == 0 {
		return op.InputWait
	}
	return op.InputWait + max(at-op.heldSince, 0)
}

// suspend starts to count the time in which the server waits for the user's input, because it said so in a response or
// in the status of a task, and resume stops it.
func (op *operation) suspend(at time.Duration) {
	if !op.suspended {
		op.suspended = true
		op.event(semconv.InputEvent, at)
		op.hold(at)
	}
}

func (op *operation) resume(at time.Duration) {
	if op.suspended {
		op.suspended = false
		op.release(at)
	}
}
