package session

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// makeRoom ends an operation if the table is full: first one whose end is known, then the one that has been open
// longest. Those that stay open by nature are spared, since they are old and still in use, unless they take more than
// half of the table: a flood of them must not push out every call.
func (t *Tracker) makeRoom(now time.Duration) {
	if len(t.open) < t.cfg.Capacity {
		return
	}
	if len(t.settled) > 0 {
		t.conclude(t.settled[0])
		return
	}
	spared := t.lasting <= t.cfg.Capacity/2 && t.lasting < len(t.open)
	i := slices.IndexFunc(t.open, func(op *operation) bool { return op.lasting != spared })
	t.expire(t.open[i], now)
}

// expire ends an operation that is not kept any longer.
func (t *Tracker) expire(op *operation, now time.Duration) {
	op.ErrorType, op.Class = semconv.ErrExpired, record.Abandoned
	t.giveUp(op, now)
}

// giveUp ends an operation whose response may still come.
func (t *Tracker) giveUp(op *operation, now time.Duration) {
	if op.state == inFlight {
		t.givenUp.add(op, now)
	}
	t.finish(op, now)
}

// finish ends an operation and removes it from every table.
func (t *Tracker) finish(op *operation, at time.Duration) {
	at = max(at, op.start)
	t.stalls.ended(op, t.open, t.session.Ready)
	t.open = without(t.open, op)
	if op.shown {
		t.shown--
	}
	t.flights.remove(op)
	if op.state == onInput {
		t.inputs.remove(op)
	}
	t.dropToken(op)
	t.spent.add(op, at)
	if op.lasting {
		t.lasting--
	}
	t.settled = without(t.settled, op)
	if t.partial == op {
		t.partial = nil
	}
	if op.holds > 0 {
		op.holds = 1 // whatever it waited for
		op.release(at)
	}
	if op.asksPerson() {
		t.questions.answered(op, at, t.open)
	}
	t.questions.ended(op, t.open)
	op.firstByte = min(op.firstByte, at) // read times may run backwards if the caller's clock does
	t.changed(op, record.Ended, at)
	op.parent = nil // the chain of parents would keep the session's whole past in memory
}

func (t *Tracker) dropToken(op *operation) {
	if k := op.token.key(op.dir); t.tokens[k] == op {
		delete(t.tokens, k)
	}
}

// conclude ends a settled operation at the time when its task ended.
func (t *Tracker) conclude(op *operation) {
	op.Answered, op.firstByte = true, max(op.settled.first, op.start)
	t.finish(op, op.settled.last)
}
