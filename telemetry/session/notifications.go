package session

import (
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func (t *Tracker) notification(m *Message) {
	var op *operation
	t.checkRequest(m)
	switch m.Method {
	case semconv.Initialized:
		t.uninitialized = false
	case semconv.ElicitationComplete:
		t.questions.completed(m.optional().Elicitation, m.Last)
		op = t.subject(m)
	case semconv.Cancelled:
		op = t.cancelled(m)
	case semconv.Progress:
		op = t.progressed(m)
	default:
		op = t.subject(m)
	}
	t.note(m, op)
	if m.Method == semconv.TasksStatus || m.Method == semconv.TasksNotification {
		if op := t.notifiedTask(m); op != nil {
			t.updateTask(op, m)
		}
	}
}

// note reports a notification, and what it logs if that was captured.
func (t *Tracker) note(m *Message, op *operation) {
	x := m.optional()
	n := record.Notification{
		Time: t.cfg.Wall(m.Last), Direction: m.Dir, Method: m.Method, Resource: x.Resource,
		JSONRPC: x.JSONRPC, Protocol: t.session.Protocol, Batch: m.Batch,
		Traceparent: x.Traceparent, Tracestate: x.Tracestate, Size: m.Size, URI: x.Shown.URI,
	}
	if op != nil {
		n.Operation = op.Number
	}
	t.sink.Noted(n)
	if x.Log != "" {
		t.sink.Noted(record.LogLine{
			Time: n.Time, Source: record.FromMessage, Level: x.Level, Logger: x.Logger, Text: x.Log,
		})
	}
}

// subject returns the open operation that a notification belongs to: that of the task or the subscription which it
// names, or the one call that the server is working on.
func (t *Tracker) subject(m *Message) *operation {
	if op := t.notifiedTask(m); op != nil {
		return op
	}
	for _, dir := range []record.Direction{record.ToServer, record.ToClient} {
		if op := t.withTask(dir, m.optional().Related); op != nil {
			return op
		}
	}
	if id := m.optional().Subscription; id.legal() {
		return t.subscription(m.Dir, id)
	}
	return t.currentCall(m.Dir)
}

// notifiedTask returns the operation whose task a notification is about. The side that works on a task sends it, not
// the side that started the task.
func (t *Tracker) notifiedTask(m *Message) *operation {
	return t.withTask(m.Dir.Opposite(), m.optional().Task.Ref)
}

// subscription returns the other side's open subscriptions/listen with the id.
func (t *Tracker) subscription(dir record.Direction, id Ref) *operation {
	if op, _ := t.flights.find(dir.Opposite(), id); op != nil && op.Method == semconv.SubscriptionsListen {
		return op
	}
	return nil
}

// cancelled ends the operation that is cancelled and returns it. The side that made a request cancels it, except
// initialize, which cannot be cancelled. The server ends a subscription in the same way (2026-07-28,
// basic/patterns/cancellation); for neither side is that an error.
func (t *Tracker) cancelled(m *Message) *operation {
	id := m.optional().Cancels
	op, _ := t.flights.find(m.Dir, id)
	if op == nil {
		op = t.subscription(m.Dir, id)
	}
	if op == nil || op.Method == semconv.Initialize || !id.legal() {
		return nil
	}
	op.event(semconv.Cancelled, m.Last)
	switch {
	case op.Method == semconv.SubscriptionsListen:
	case m.optional().TimedOut:
		op.ErrorType, op.Class = semconv.ErrTimeout, record.Timeout
	default:
		op.ErrorType, op.Class = semconv.ErrCancelled, record.Cancelled
	}
	t.giveUp(op, m.Last)
	return op
}

// progressed counts progress for the operation that asked for it. Tokens must be unique among the requests in flight
// (basic/utilities/progress); if they are not, the latest request has it. Clients have dropped the connection because of
// progress after the response, or under a token of the server's own.
func (t *Tracker) progressed(m *Message) *operation {
	token, dir := m.optional().ProgressToken, m.Dir.Opposite()
	if !token.legal() {
		return nil // reported as invalid parameters
	}
	op := t.tokens[token.key(dir)]
	late, spent := t.spent.find(token.key(dir))
	switch {
	case op == nil && !spent:
		t.strayProgress(record.UnknownProgress, token, m)
	case op == nil && m.Last >= late:
		t.strayProgress(record.LateProgress, token, m)
	case op == nil:
	case op.token != token:
		t.strayProgress(record.UnknownProgress, token, m)
		op.progress(m.Last)
	default:
		op.progress(m.Last)
	}
	return op
}

// strayProgress reports progress that no receiver expects.
func (t *Tracker) strayProgress(kind record.ViolationKind, token Ref, m *Message) {
	v := t.describe(kind, "", m, nil)
	v.Sent = ID{Ref: token}.shown()
	if op := t.tokens[token.key(m.Dir.Opposite())]; op != nil {
		v.Reason, v.Awaited = "the token is of another type than the request's", ID{Ref: op.token}.shown()
	}
	t.sink.Noted(v)
}
