package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func (t *Tracker) notification(m *Message) {
	note := Note{Message: m}
	switch {
	case m.Method == semconv.Cancelled:
		note.Operation = t.cancelled(m)
	case m.Method == semconv.Progress:
		note.Operation = t.progressed(m)
	default:
		note.Operation = t.subject(m)
	}
	t.observer.Noted(&note)
	if m.Method == semconv.TasksStatus || m.Method == semconv.TasksNotification {
		t.taskNews(t.notifiedTask(m), m)
	}
}

// subject finds the open operation that a notification belongs to: the task that it names, the subscription that it is
// delivered for, or the one call that the server is working on.
func (t *Tracker) subject(m *Message) *Operation {
	if x := m.Extra; x != nil {
		if op := t.notifiedTask(m); op != nil {
			return op
		}
		for _, dir := range []Direction{ToServer, ToClient} {
			if op := t.task(dir, x.Related); op != nil {
				return op
			}
		}
		if x.Subscription.legal() {
			return t.subscription(m.Dir, x.Subscription)
		}
	}
	if m.Dir == ToClient && len(t.calls) == 1 {
		return t.calls[0]
	}
	return nil
}

// notifiedTask is the operation whose task a notification is about. It comes from the side that works on the task, which is
// not the one that started it.
func (t *Tracker) notifiedTask(m *Message) *Operation {
	if m.Extra == nil {
		return nil
	}
	return t.task(m.Dir.Opposite(), m.Extra.Task.Ref)
}

// subscription is the open subscriptions/listen of the other side with the id.
func (t *Tracker) subscription(dir Direction, id Ref) *Operation {
	if op, _ := t.flights.find(dir.Opposite(), id); op != nil && op.Method == semconv.SubscriptionsListen {
		return op
	}
	return nil
}

// cancelled ends the operation that is given up. Its id leaves a tombstone: an answer may still come. Requests are
// cancelled by whoever made them, but for initialize, which cannot be; a subscription also by the server, since that is how
// it ends one (2026-07-28, basic/patterns/cancellation). To end a subscription is no error.
func (t *Tracker) cancelled(m *Message) *Operation {
	if m.Extra == nil || !m.Extra.Cancels.legal() {
		return nil
	}
	op, _ := t.flights.find(m.Dir, m.Extra.Cancels)
	if op == nil {
		op = t.subscription(m.Dir, m.Extra.Cancels)
	}
	if op == nil || op.Method == semconv.Initialize {
		return nil
	}
	op.event(semconv.Cancelled, m.Last)
	switch {
	case op.Method == semconv.SubscriptionsListen:
	case m.Extra.GaveUp:
		op.ErrorType, op.Class = semconv.ErrTimeout, Timeout
	default:
		op.ErrorType, op.Class = semconv.ErrCancelled, Cancelled
	}
	t.giveUp(op)
	t.finish(op, m.Last)
	return op
}

// progressed counts progress on the operation that asked for it.
func (t *Tracker) progressed(m *Message) *Operation {
	if m.Extra == nil || m.Extra.ProgressToken.Type == framing.NoID {
		return nil
	}
	op := t.tokens[m.Extra.ProgressToken.key(m.Dir.Opposite())]
	if op != nil {
		op.progress(m.Last)
	}
	return op
}

func (op *Operation) progress(at time.Duration) {
	op.Progress++
	if op.Progress <= maxProgress {
		op.event(semconv.ProgressEvent, at)
	}
}
