package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// AnswerTo says which method an answer would be to, if it were observed now: empty if its request is not known.
func (t *Tracker) AnswerTo(m *Message) string {
	if op, _ := t.flights.find(m.Dir.Opposite(), m.ID.Ref); op != nil {
		return op.Method
	}
	return ""
}

func (t *Tracker) answer(m *Message) {
	dir := m.Dir.Opposite()
	op, same := t.flights.find(dir, m.ID.Ref)
	switch {
	case op != nil && op.asked <= m.Last: // no answer is older than its request
		t.answered(op, m, same)
	case !m.ID.legal():
		t.violation(NullID, m)
	case t.gone.take(dir, m.ID.Ref):
		t.violation(LateResponse, m)
	default:
		if overflow, full := t.early.put(m.ID.key(dir), m); full {
			t.orphan(&overflow)
		}
	}
}

// answered takes the answer to an operation's request, which ends it unless a task or the user's input is still to come.
func (t *Tracker) answered(op *Operation, m *Message, same bool) {
	if !same {
		op.IDMismatch = true
		t.violation(IDMismatch, m)
	}
	t.flights.remove(op)
	t.rest(op)
	m.Method = op.Method // what the answer is to
	op.ResponseSize += m.Size
	op.Answered, op.FirstByte = true, max(m.First, op.asked)
	op.Reply = m.Extra
	if op.Dir == ToClient && op.Parent != nil {
		op.Parent.resume(m.Last) // the task that asked for input has got it
	}
	t.learn(op, m)
	if t.continues(op, m) {
		return
	}
	op.fail(m.Kind == framing.ErrorResponse, m.IsError, m.Code, m.Class)
	t.fetched(op, m)
	t.finish(op, m.Last)
}

// continues says whether an answer is not yet the end of the operation, and keeps it open if so.
func (t *Tracker) continues(op *Operation, m *Message) bool {
	switch {
	case m.Kind != framing.Response || m.Extra == nil || aboutTask(op.Method):
		return false
	case m.Extra.ResultType == resultInputRequired:
		t.awaitInput(op, m)
	case m.Extra.Task.Type == framing.StringID && startsTask(op, m.Extra):
		t.awaitTask(op, m)
	default:
		return false
	}
	return true
}

// fail sets the operation's error from its answer. Codes that mean the request was at fault are no errors of a server
// that answered them, as OpenTelemetry's conventions say: the code is kept, the error is not set.
func (op *Operation) fail(answeredError, isError bool, code string, class Class) {
	op.Code, op.Class = code, class
	switch {
	case answeredError && !(op.Dir == ToServer && clientFault(code)):
		op.ErrorType = code
		if op.ErrorType == "" {
			op.ErrorType = semconv.Other
		}
	case !answeredError && isError:
		op.ErrorType = semconv.ErrTool
	}
}

// clientFault lists the codes that the conventions call no error of the server's: parse error, invalid request, method not
// found, invalid params, resource not found.
func clientFault(code string) bool {
	switch code {
	case "-32700", "-32600", "-32601", codeInvalidParams, "-32002":
		return true
	}
	return false
}

// learn takes the protocol version that the answer to initialize settles.
func (t *Tracker) learn(op *Operation, m *Message) {
	if op.Method == semconv.Initialize && m.Extra != nil && m.Extra.Protocol != "" {
		t.protocol = m.Extra.Protocol
		op.Protocol = t.protocol
	}
}
