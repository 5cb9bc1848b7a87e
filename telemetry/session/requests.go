package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

func (t *Tracker) request(m *Message) {
	if !m.ID.legal() {
		t.violation(NullID, m)
	}
	if m.Method == semconv.Initialize && m.Dir == ToServer {
		t.unprobed(m.Last)
	}
	op := t.resumed(m)
	if op == nil {
		op = t.begin(m)
	}
	op.asked, op.state = m.Last, inFlight
	if t.gone.has(op.Dir, op.current) {
		op.Ambiguous = true // the answer to the request before may still come
	}
	if t.flights.add(op) && m.ID.legal() {
		t.violation(DuplicateID, m)
	}
	t.working(op)
	t.listen(op, m)
	if t.early.live > 0 {
		t.overtaken(op)
	}
}

// overtaken takes the answer that has been seen before its request, if there is one.
func (t *Tracker) overtaken(op *Operation) {
	if m, same, ok := t.early.find(op.current.key(op.Dir), op.current, op.asked); ok {
		t.answered(op, &m, same)
	}
}

// begin opens a new operation.
func (t *Tracker) begin(m *Message) *Operation {
	op := &Operation{
		Dir: m.Dir, Method: m.Method, Target: m.Target, ID: m.ID, current: m.ID.Ref, Batch: m.Batch,
		Protocol: t.protocol, Start: m.Last, RequestSize: m.Size, RoundTrips: 1,
		Arguments: m.Arguments, Request: m.Extra,
	}
	if m.Extra != nil {
		if m.Extra.Protocol != "" && m.Method != semconv.Initialize {
			op.Protocol = m.Extra.Protocol
		}
		op.setTask(m.Extra.Task)
	}
	t.makeRoom(m.Last)
	op.Parent = t.parent(op)
	if semconv.LongLived(op.Method) {
		t.lasting.push(op)
	} else {
		t.usual.push(op)
	}
	if op.Method == semconv.Discover && op.Dir == ToServer {
		t.probe = op
	}
	t.observer.Started(op)
	return op
}

// unprobed ends a probe that was not answered before the client turned to initialize: that is how a client of both eras
// finds out about a server of the older one (2026-07-28, basic/versioning), and no error.
func (t *Tracker) unprobed(now time.Duration) {
	if t.probe != nil && t.probe.flight.is {
		t.giveUp(t.probe)
		t.finish(t.probe, now)
	}
}

// parent finds the operation in whose course the request is made: the task that it is about or that it names as related,
// or the one call that the server is working on. With several at work there is no telling, and none is named.
func (t *Tracker) parent(op *Operation) *Operation {
	if x := op.Request; x != nil {
		if p := t.task(op.Dir.Opposite(), x.Related); p != nil {
			return p
		}
		if p := t.task(op.Dir, op.task); p != nil {
			p.RoundTrips++
			if op.Method == semconv.TasksUpdate {
				p.resume(op.Start)
			}
			return p
		}
	}
	if op.Dir == ToClient && len(t.calls) == 1 {
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

// rest takes the operation out of those that the server is working on.
func (t *Tracker) rest(op *Operation) {
	if op.call == 0 {
		return
	}
	end := len(t.calls) - 1
	last := t.calls[end]
	t.calls[op.call-1], last.call = last, op.call
	t.calls[end] = nil
	t.calls = t.calls[:end]
	op.call = 0
}

// listen remembers which progress token belongs to the operation. A retry may bring another one.
func (t *Tracker) listen(op *Operation, m *Message) {
	if m.Extra == nil || m.Extra.ProgressToken.Type == framing.NoID {
		return
	}
	t.silence(op)
	op.token, op.listens = m.Extra.ProgressToken.key(op.Dir), true
	t.tokens[op.token] = op
}

// silence forgets the operation's progress token.
func (t *Tracker) silence(op *Operation) {
	if op.listens && t.tokens[op.token] == op {
		delete(t.tokens, op.token)
	}
	op.listens = false
}
