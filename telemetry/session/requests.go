package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func (t *Tracker) request(m *Message) {
	if !m.ID.legal() { // MCP forbids null, which JSON-RPC only advises against (basic, requests)
		t.violation(record.NullID, m)
	}
	t.checkRequest(m)
	if m.Method == semconv.Initialize && m.Dir == record.ToServer {
		t.endProbe(m)
		t.uninitialized = true // now and not with the answer, which may be seen after what follows it
	}
	op := t.retried(m)
	if op == nil {
		op = t.completed(m)
	}
	if op == nil {
		op = t.begin(m)
	}
	if op.Undelivered = m.Cut; m.Cut {
		return // nothing answers it
	}
	op.asked, op.state = m.Last, inFlight
	t.listings.request(op, m.optional().Cursor)
	if t.givenUp.has(op.dir, op.id) {
		op.Ambiguous = true // the response to the earlier request with this id may still come
	}
	// An id must not be used twice in a session (basic, requests). To use it again after the response does no harm;
	// while the first request is in flight, a response could be for either.
	if t.flights.add(op) && m.ID.legal() {
		t.violation(record.DuplicateID, m)
	}
	if token := m.optional().ProgressToken; token.Type != framing.NoID { // a retry may bring another one
		t.dropToken(op)
		op.token = token
		t.tokens[token.key(op.dir)] = op
	}
	if m, exact := t.early.find(op); m != nil {
		t.matched(op, m, exact)
	}
}

// begin opens an operation.
func (t *Tracker) begin(m *Message) *operation {
	t.makeRoom(m.Last)
	op := newOperation(m, t.protocol, t.cfg.Wall)
	t.count++
	op.Number = t.count
	if m.Arguments != 0 {
		op.ArgumentsOf = t.first.of(m.Arguments, op.Number)
	}
	if op.parent = t.parent(op, m); op.parent != nil {
		op.Parent = op.parent.Number
	}
	op.answeredBefore = t.stalls.answered
	t.open = append(t.open, op)
	if op.lasting {
		t.lasting++
	}
	if op.asksPerson() {
		t.questions.ask(op, t.open)
	}
	t.sink.Opened(op.snapshot(record.Opened, op.start))
	return op
}

// completed returns the operation of which only a part of the request was known when it was reported, and now more is.
func (t *Tracker) completed(m *Message) *operation {
	op := t.partial
	if op == nil || op.dir != m.Dir || op.id != m.ID.Ref || op.Method != m.Method {
		return nil
	}
	t.partial = nil
	op.setRequest(m)
	if m.Arguments != 0 {
		op.ArgumentsOf = t.first.of(m.Arguments, op.Number)
	}
	return op
}

// retried finds the operation that a request continues with the user's input. It returns nil for any other request.
func (t *Tracker) retried(m *Message) *operation {
	op, ambiguous := t.inputs.find(m)
	if op == nil {
		return nil
	}
	t.inputs.remove(op)
	op.Ambiguous = op.Ambiguous || ambiguous
	op.retry(m)
	t.changed(op, record.Retried, m.Last)
	return op
}

// endProbe ends a server/discover that was not answered before the client turned to initialize. That is how a client
// that speaks versions before and since 2026-07-28 recognizes an older server (basic/versioning), and is not an
// error.
func (t *Tracker) endProbe(m *Message) {
	probe := t.last(func(op *operation) bool {
		return op.Method == semconv.Discover && op.dir == record.ToServer && op.state == inFlight
	})
	if probe != nil {
		t.giveUp(probe, m.Last)
	}
}

// parent returns the operation in whose course a request was made: that of the task which it is about or related to, the
// call whose progress token it repeats, or the one call that the server is working on. If it works on several, it could
// be any of them: nothing else on the wire ties a server's request to the call that caused it. A request about a task
// counts as a round trip of its parent.
func (t *Tracker) parent(op *operation, m *Message) *operation {
	if p := t.withTask(op.dir.Opposite(), m.optional().Related); p != nil {
		return p
	}
	if p := t.withTask(op.dir, op.task); p != nil {
		p.RoundTrips++
		if op.Method == semconv.TasksUpdate {
			p.resume(op.start)
		}
		return p
	}
	// Tokens that are numbers prove nothing: SDKs take the ids of requests for them, and both sides count from 0.
	if token := m.optional().ProgressToken; token.Type == framing.StringID {
		if p := t.tokens[token.key(op.dir.Opposite())]; p != nil && p.token == token {
			return p
		}
	}
	return t.currentCall(op.dir)
}

// currentCall returns the only call that the server is working on, if the direction is that of the server's messages.
func (t *Tracker) currentCall(dir record.Direction) *operation {
	var current *operation
	if dir == record.ToServer {
		return nil
	}
	for _, op := range t.open {
		if !op.mayAsk() {
			continue
		}
		if current != nil {
			return nil
		}
		current = op
	}
	return current
}

// RequestMethod returns the method of the request that a response would be matched with if it were observed now:
// empty if there is none.
func (t *Tracker) RequestMethod(m *Message) string {
	if op, _ := t.asked(m); op != nil {
		return op.Method
	}
	return ""
}

// RequestNumber returns the number of the operation that a response would be matched with if it were observed now, and that of
// the operation whose task it is about, if it is a response to such a request; 0 if there is none.
func (t *Tracker) RequestNumber(m *Message) (number, task uint64) {
	op, _ := t.asked(m)
	if op == nil {
		return 0, 0
	}
	if started := t.withTask(op.dir, op.task); started != nil && started != op {
		task = started.Number
	}
	return op.Number, task
}

// TaskNumber returns the number of the operation whose task a notification is about, or 0.
func (t *Tracker) TaskNumber(m *Message) uint64 {
	if op := t.notifiedTask(m); op != nil {
		return op.Number
	}
	return 0
}

// GivenUp reports whether a response is to a request that was cancelled or given up.
func (t *Tracker) GivenUp(m *Message) bool { return t.givenUp.has(m.Dir.Opposite(), m.ID.Ref) }

// asked returns the operation whose request a message answers, and whether its id is exactly that of the request. A
// response that is older than the request is to an earlier use of the id.
func (t *Tracker) asked(m *Message) (op *operation, exact bool) {
	op, exact = t.flights.find(m.Dir.Opposite(), m.ID.Ref)
	if op != nil && op.asked > m.Last {
		return nil, false
	}
	return op, exact
}

// response takes a response and returns the method of its request, if that is known.
func (t *Tracker) response(m *Message) (method string) {
	t.checkResponse(m)
	op, exact := t.asked(m)
	switch {
	case op != nil:
		t.matched(op, m, exact)
		return op.Method
	case !m.ID.legal():
		t.strayed(record.NullID, missing(m.ID.Ref), m, nil)
	case t.late(m):
	default:
		if overflow := t.early.add(m); overflow != nil {
			t.strayed(record.OrphanResponse, "", overflow, nil)
		}
	}
	return ""
}

// matched takes the response to an operation's request. It ends the operation, unless that now waits for a task or
// for the user.
func (t *Tracker) matched(op *operation, m *Message, exact bool) {
	if !exact {
		op.IDMismatch = true
		t.strayed(record.IDMismatch, "", m, op)
	}
	t.flights.remove(op)
	op.setResponse(m)
	if t.listings.response(op, m) {
		t.violates(record.StuckCursor, "", m, op)
	}
	if op.asksPerson() && op.parent != nil {
		op.parent.resume(m.Last) // the task that asked for the user's input has it
	}
	if op.dir == record.ToServer {
		t.shaken(op, m)
	}
	if t.continues(op, m) {
		return
	}
	t.checkResult(op, m)
	op.fail(m.Kind == framing.ErrorResponse, m.IsError, m.Code, m.Class)
	t.fetched(op, m)
	t.stalls.answered++
	t.finish(op, m.Last)
}

// late reports a response to a request that is no longer waited for, and whether it is one.
func (t *Tracker) late(m *Message) bool {
	g, ok := t.givenUp.take(m.Dir.Opposite(), m.ID.Ref)
	if ok {
		v := t.describe(record.LateResponse, m.Reason, m, nil)
		v.Operation, v.Method, v.Late = g.number, g.method, max(m.Last-g.at, 0)
		t.sink.Noted(v)
	}
	return ok
}

// continues reports whether a response does not end the operation. If so it waits for what is still to come.
func (t *Tracker) continues(op *operation, m *Message) bool {
	switch {
	case m.Kind != framing.Response || m.Extra == nil || semconv.AboutTask(op.Method):
		return false
	case m.Extra.AsksUser():
		op.continueWith(onInput)
		op.suspend(m.Last)
		op.inputState = m.Extra.State
		t.inputs.add(op)
		t.changed(op, record.InputRequired, m.Last)
	case op.startsTask(m.Extra):
		op.continueWith(onTask)
		op.task, op.TaskID = m.Extra.Task.Ref, m.Extra.Task.Text
		if !t.updateTask(op, m) {
			t.changed(op, record.TaskChanged, m.Last)
		}
	default:
		return false
	}
	return true
}
