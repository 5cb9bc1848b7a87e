package session

import (
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
}

// Tracker correlates the messages of one session. It is a pure state machine: time comes with the messages, nothing is
// started, and the same messages give the same operations. It is for one goroutine.
type Tracker struct {
	cfg      Config
	observer Observer

	pending map[key]*Operation // in flight, by id; twins are chained
	open    list               // all that are open, in order of arrival
	calls   []*Operation       // the client's calls in flight that the server may be working on
	tokens  map[key]*Operation // by the progress token they gave
	tasks   map[taskKey]*Operation
	inputs  []*Operation // waiting for the user's input, in order
	early   answers
	gone    tombstones

	protocol string // from the answer to initialize
}

type taskKey struct {
	dir Direction // of the request that started it
	id  string
}

// New returns a tracker of a session that has not begun.
func New(cfg Config, observer Observer) *Tracker {
	if cfg.Capacity <= 0 {
		cfg.Capacity = 10_000
	}
	if cfg.Grace <= 0 {
		cfg.Grace = time.Second
	}
	return &Tracker{
		cfg:      cfg,
		observer: observer,
		pending:  map[key]*Operation{},
		tokens:   map[key]*Operation{},
		tasks:    map[taskKey]*Operation{},
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

// Advance says what time it is: answers that have waited too long for a request are called orphans.
func (t *Tracker) Advance(now time.Duration) {
	t.early.expire(now-t.cfg.Grace, t.orphan)
}

// Close ends the session and every open operation.
func (t *Tracker) Close(now time.Duration, end End) {
	t.early.expire(now, t.orphan)
	for op := t.open.first; op != nil; op = t.open.first {
		t.abandon(op, max(now, op.Start), end)
	}
}

func (t *Tracker) abandon(op *Operation, now time.Duration, end End) {
	switch {
	case op.state == onTask && op.settled > 0:
		now = op.settled
	case op.state == onTask:
		// A task may outlive the session by design: its end is not known, which is no error.
	case op.Method == semconv.SubscriptionsListen:
		// Ends with the session in the normal course of things.
	case end == ServerLeft:
		op.ErrorType, op.Class = semconv.ErrServerExit, Unavailable
	default:
		op.ErrorType, op.Class = semconv.ErrAbandoned, Abandoned
	}
	t.finish(op, now)
}

func (t *Tracker) request(m *Message) {
	if m.ID.Type != framing.StringID && m.ID.Type != framing.NumberID {
		t.violation(NullID, m)
	}
	op := t.resumed(m)
	if op == nil {
		op = t.begin(m)
	}
	op.key = m.ID.key(m.Dir)
	if first := t.pending[op.key]; first != nil {
		t.twin(first, op, m)
	} else {
		t.pending[op.key] = op
	}
	if waiting, ok := t.early.take(op.key, m.ID, m.Last); ok {
		t.answered(op, &waiting)
	}
}

// begin opens a new operation.
func (t *Tracker) begin(m *Message) *Operation {
	op := &Operation{
		Dir: m.Dir, Method: m.Method, Target: m.Target, ID: m.ID, current: m.ID, Batch: m.Batch,
		Protocol: t.protocol, Start: m.Last, RequestSize: m.Size, RoundTrips: 1,
		Arguments: m.Arguments, Request: m.Extra,
	}
	if m.Extra != nil {
		if m.Extra.Protocol != "" && m.Method != semconv.Initialize {
			op.Protocol = m.Extra.Protocol
		}
		op.TaskID = m.Extra.TaskID
	}
	if t.open.length >= t.cfg.Capacity {
		t.evict(m.Last)
	}
	op.Parent = t.parent(m, op)
	t.open.push(op)
	t.working(op)
	t.listen(op)
	t.observer.Started(op)
	return op
}

// parent finds the operation in whose course the request is made: the task that it names, or the one call that the server
// is working on. With several at work there is no telling, and none is named.
func (t *Tracker) parent(m *Message, op *Operation) *Operation {
	if m.Extra != nil {
		if p := t.tasks[taskKey{m.Dir.Opposite(), m.Extra.Related}]; p != nil && m.Extra.Related != "" {
			return p
		}
		if p := t.task(m.Dir, op.TaskID); p != nil {
			p.RoundTrips++
			if m.Method == semconv.TasksUpdate {
				p.resume(m.Last)
			}
			return p
		}
	}
	if m.Dir == ToClient && len(t.calls) == 1 {
		return t.calls[0]
	}
	return nil
}

// working notes a call of the client in whose course the server may send requests of its own.
func (t *Tracker) working(op *Operation) {
	if op.Dir == ToServer && mayAsk(op.Method) {
		t.calls = append(t.calls, op)
		op.call = len(t.calls)
	}
}

func mayAsk(method string) bool {
	switch method {
	case semconv.ToolsCall, semconv.PromptsGet, semconv.ResourcesRead, semconv.Complete:
		return true
	}
	return !semconv.KnownMethod(method)
}

func (t *Tracker) rest(op *Operation) {
	if op.call == 0 {
		return
	}
	last := t.calls[len(t.calls)-1]
	t.calls[op.call-1], last.call = last, op.call
	t.calls[len(t.calls)-1] = nil
	t.calls = t.calls[:len(t.calls)-1]
	op.call = 0
}

// listen remembers which progress token belongs to the operation.
func (t *Tracker) listen(op *Operation) {
	if op.Request == nil || op.Request.ProgressToken.Type == framing.NoID {
		return
	}
	op.token, op.hasToken = op.Request.ProgressToken.key(op.Dir), true
	t.tokens[op.token] = op
}

// twin chains a request behind those in flight with the same key. Answers go to the first in, marked ambiguous if the
// ids are exactly the same.
func (t *Tracker) twin(first, op *Operation, m *Message) {
	for {
		if first.current.same(op.current) {
			first.Ambiguous, op.Ambiguous = true, true
		}
		if first.twin == nil {
			break
		}
		first = first.twin
	}
	if op.Ambiguous {
		t.violation(DuplicateID, m)
	}
	first.twin = op
}

func (t *Tracker) answer(m *Message) {
	if m.ID.Type != framing.StringID && m.ID.Type != framing.NumberID {
		t.violation(NullID, m)
		return
	}
	dir := m.Dir.Opposite()
	k := m.ID.key(dir)
	if op := match(t.pending[k], m); op != nil {
		t.answered(op, m)
		return
	}
	if t.gone.take(k, m.ID) {
		t.violation(LateResponse, m)
		return
	}
	if overflow, full := t.early.put(k, m); full {
		t.orphan(&overflow)
	}
}

// match finds the request that an answer belongs to among those with its key: the first in with exactly its id, else the
// only one there is.
func match(first *Operation, m *Message) *Operation {
	for op := first; op != nil; op = op.twin {
		if op.current.same(m.ID) {
			return op
		}
	}
	if first != nil && first.twin == nil {
		first.IDMismatch = true
		return first
	}
	return nil
}

// answered takes the answer to an operation's request, which ends it unless a task or the user's input is still to come.
func (t *Tracker) answered(op *Operation, m *Message) {
	if op.IDMismatch {
		t.violation(IDMismatch, m)
	}
	t.forget(op)
	m.Method = op.Method // what the answer is to
	op.ResponseSize += m.Size
	op.Answered, op.FirstByte = true, max(m.First, op.Start)
	op.Reply = m.Extra
	t.learn(op, m)
	aboutTask(op, m)
	if m.Kind == framing.Response && m.Extra != nil {
		if t.continues(op, m) {
			return
		}
		t.taskNews(op.Dir, m)
	}
	op.fail(m)
	if op.Method == semconv.TasksResult {
		t.outcome(op, m)
	}
	t.finish(op, max(m.Last, op.Start))
}

// fail sets the operation's error from its answer. Codes that mean the request was at fault are no errors of a server
// that answered them, as OpenTelemetry's conventions say: the code is kept, the error is not set.
func (op *Operation) fail(m *Message) {
	op.Code, op.Class = m.Code, m.Class
	switch {
	case m.Kind == framing.ErrorResponse && !(op.Dir == ToServer && clientFault(m.Code)):
		op.ErrorType = m.Code
		if op.ErrorType == "" {
			op.ErrorType = semconv.Other
		}
	case m.Kind == framing.Response && m.IsError:
		op.ErrorType = semconv.ErrTool
	}
}

// clientFault lists the codes of PROTOCOL's "not an error for the server": parse error, invalid request, method not found,
// invalid params, resource not found.
func clientFault(code string) bool {
	switch code {
	case "-32700", "-32600", "-32601", "-32602", "-32002":
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

func (t *Tracker) notification(m *Message) {
	note := Note{Message: m}
	switch m.Method {
	case semconv.Cancelled:
		note.Operation = t.cancelled(m)
	case semconv.Progress:
		note.Operation = t.progressed(m)
	default:
		if m.Extra != nil && m.Extra.TaskID != "" {
			note.Operation = t.task(m.Dir.Opposite(), m.Extra.TaskID)
			if note.Operation == nil {
				note.Operation = t.task(m.Dir, m.Extra.TaskID)
			}
			t.observer.Noted(&note)
			t.taskNews(m.Dir.Opposite(), m)
			return
		}
		if m.Dir == ToClient && len(t.calls) == 1 {
			note.Operation = t.calls[0]
		}
	}
	t.observer.Noted(&note)
}

// cancelled ends the operation whose requester gave it up. Its id leaves a tombstone: an answer may still come.
// initialize cannot be cancelled.
func (t *Tracker) cancelled(m *Message) *Operation {
	if m.Extra == nil {
		return nil
	}
	k := m.Extra.Cancels.key(m.Dir)
	for op := t.pending[k]; op != nil; op = op.twin {
		if !op.current.same(m.Extra.Cancels) && (op.twin != nil || op != t.pending[k]) {
			continue
		}
		if op.Method == semconv.Initialize {
			return nil
		}
		op.event(semconv.Cancelled, m.Last)
		op.ErrorType, op.Class = semconv.ErrCancelled, Cancelled
		if m.Extra.GaveUp {
			op.ErrorType, op.Class = semconv.ErrTimeout, Timeout
		}
		t.gone.bury(k, op.current)
		t.finish(op, max(m.Last, op.Start))
		return op
	}
	return nil
}

// progressed counts progress on the operation that asked for it.
func (t *Tracker) progressed(m *Message) *Operation {
	if m.Extra == nil {
		return nil
	}
	op := t.tokens[m.Extra.ProgressToken.key(m.Dir.Opposite())]
	if op != nil {
		op.Progress++
		op.event(semconv.ProgressEvent, m.Last)
	}
	return op
}

// evict ends the operation that has been open longest, sparing once those whose nature is to stay open.
func (t *Tracker) evict(now time.Duration) {
	op := t.open.first
	for ; semconv.LongLived(op.Method) && !op.spared; op = t.open.first {
		op.spared = true
		t.open.remove(op)
		t.open.push(op)
	}
	op.ErrorType, op.Class = semconv.ErrExpired, Abandoned
	if op.state == inFlight {
		t.gone.bury(op.key, op.current)
	}
	t.finish(op, max(now, op.Start))
}

// finish closes an operation and hands it to the observer.
func (t *Tracker) finish(op *Operation, at time.Duration) {
	t.forget(op)
	t.rest(op)
	if op.hasToken && t.tokens[op.token] == op {
		delete(t.tokens, op.token)
	}
	if k := (taskKey{op.Dir, op.TaskID}); t.tasks[k] == op {
		delete(t.tasks, k)
	}
	t.noInput(op)
	t.open.remove(op)
	op.resume(at)
	op.End, op.state = at, finished
	t.observer.Finished(op)
	op.Parent = nil // the chain of parents must not keep a session's whole past alive
}

// forget takes an operation's request out of the table of those in flight.
func (t *Tracker) forget(op *Operation) {
	if op.state != inFlight {
		return
	}
	first := t.pending[op.key]
	if first == op {
		if op.twin == nil {
			delete(t.pending, op.key)
		} else {
			t.pending[op.key] = op.twin
		}
	}
	for ; first != nil; first = first.twin {
		if first.twin == op {
			first.twin = op.twin
		}
	}
	op.twin = nil
}

func (t *Tracker) violation(v Violation, m *Message) {
	t.observer.Noted(&Note{Message: m, Violation: v})
}

func (t *Tracker) orphan(m *Message) { t.violation(OrphanResponse, m) }
