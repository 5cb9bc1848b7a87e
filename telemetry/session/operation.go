package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// operation is the live state of an operation: its record so far, and what the tracker needs to continue.
type operation struct {
	record.Operation // without the members that snapshot computes

	wall   func(time.Duration) time.Time
	dir    record.Direction
	start  time.Duration // when the request was read
	parent *operation
	reply  *Extra // of the latest response, or nil

	state     state
	id        Ref           // of the latest request: a retry has a new one
	asked     time.Duration // when the latest request was read
	firstByte time.Duration // of the latest response
	arguments uint64        // keyed hash, see Message
	token     Ref           // the progress token of the latest request

	shown     bool     // it has been reported as still open
	lasting   bool     // it stays open by nature
	wantsTask bool     // the client asked for a task (2025-11-25)
	task      Ref      // the task that the operation is about or has started
	settled   *taskEnd // set once that task is known to have ended
	listing   *listing // the list that it asks for a page of
	page      int      // and which one

	inputState uint64        // keyed hash of the requestState that a retry must repeat
	suspended  bool          // the server has said that it waits for the user's input
	holds      int           // how many reasons there are to wait for a person
	heldSince  time.Duration // if there are any
	heldUntil  time.Duration // when the last wait ended
	visit      Ref           // of a question: the web page that the user goes to, if it is answered there
	waiter     *operation    // of a question: the call that waits for the answer, if known
	accepted   bool          // of a question: the user has accepted it
	inCall     bool          // of a question: it was asked in the course of a call, known or not
	hangAfter  time.Duration // of its own time: when it is reported as hanging next; 0: not reported yet

	end            int64    // bytes of the stream up to the end of the latest request
	answeredBefore int      // operations that had been answered when this one opened
	watched        *watched // nil: it has not been open for LookAfter
}

// state is what an open operation waits for.
type state uint8

const (
	inFlight state = iota // the response to a request
	onTask                // the end of a task
	onInput               // a retry with the user's input
)

// taskEnd is when a task ended: the times of the first and last byte of the message that reported it.
type taskEnd struct{ first, last time.Duration }

const (
	maxEvents   = 32
	maxProgress = maxEvents - 8 // the rest is for rarer events, which say more
)

// newOperation returns the operation that a request opens.
func newOperation(m *Message, protocol string, wall func(time.Duration) time.Time) *operation {
	start := m.Last
	if m.Cut { // its end is never read
		start = m.First
	}
	op := &operation{
		Operation: record.Operation{
			Direction: m.Dir, Method: m.Method, RequestID: m.ID.Text, Protocol: protocol, Batch: m.Batch,
			Start: wall(start), RoundTrips: 1,
		},
		wall: wall, dir: m.Dir, start: start, id: m.ID.Ref, lasting: semconv.LongLived(m.Method),
	}
	op.setRequest(m)
	return op
}

// setRequest records what may stand behind a request's id and method. Of a request that has been read in part, it may be
// missing.
func (op *operation) setRequest(m *Message) {
	x := m.optional()
	op.Target, op.Resource, op.JSONRPC, op.RequestSize, op.end = m.Target, x.Resource, x.JSONRPC, m.Size, m.End
	op.RequestTokens = m.Tokens
	op.Protocol = cmp.Or(x.Protocol, op.Protocol)
	if isHandshake(m.Dir, m.Method) {
		op.Requested = x.Protocol
	}
	op.Traceparent, op.Tracestate, op.Content, op.TaskID = x.Traceparent, x.Tracestate, x.Shown, x.Task.Text
	op.arguments, op.visit, op.task, op.wantsTask = m.Arguments, x.Elicitation, x.Task.Ref, x.WantsTask
}

// canExpire reports whether the operation ends after a day: it does not stay open by nature, and it does not merely
// wait for the result of a task that has ended, which need not be fetched.
func (op *operation) canExpire() bool { return !op.lasting && op.settled == nil }

// canHang reports whether a long wait for the operation's end is a sign of trouble: it is not a person that takes long.
func (op *operation) canHang() bool {
	question := op.asksPerson() && (op.inCall || op.Method == semconv.ElicitationCreate)
	return op.canExpire() && op.holds == 0 && !question
}

// snapshot returns a record of the operation. It shares nothing with the operation that may change.
func (op *operation) snapshot(change record.Change, at time.Duration) *record.Operation {
	r := op.Operation
	r.Change = change
	r.Events = slices.Clip(op.Events)
	r.Hung = op.hangAfter > 0
	r.InputWait = op.waited(at)
	r.Duration = max(at-op.start-r.InputWait, 0)
	if change == record.Ended {
		r.End = op.wall(at)
	}
	if op.Answered {
		r.FirstByte = op.wall(op.firstByte)
		if op.RoundTrips == 1 {
			r.Wait, r.Transfer = max(op.firstByte-op.start-r.InputWait, 0), max(at-op.firstByte, 0)
		}
	}
	if x := op.reply; x != nil {
		r.Content.Error, r.Content.Result = x.Shown.Error, x.Shown.Result
		r.Definitions, r.List = definitionsOf(op, x), listPageOf(op, x)
		if len(r.Definitions) == 1 && r.Definitions[0].Kind == record.InstructionsDefinition {
			r.DefinitionTokens = r.Definitions[0].Tokens
		}
	}
	return &r
}

// addResponse adds what a message of the operation's response is.
func (op *operation) addResponse(m *Message) {
	op.ResponseSize += m.Size
	op.ResponseTokens += m.Tokens
	if x := m.Extra; x != nil && x.List == record.ToolDefinition {
		op.ResponseTokens += int64(x.Listed) * aroundTool
	}
	op.ResponseMedia += m.Media
}

// setResponse records the response to the latest request. Whether it ends the operation is for the caller to find
// out. A response can seem to begin before its request ends, because the two are read by different goroutines.
func (op *operation) setResponse(m *Message) {
	op.addResponse(m)
	op.Answered, op.firstByte = true, max(m.First, op.asked)
	op.reply, op.accepted = m.Extra, m.Facts.has(accepts)
}

// continueWith undoes what setResponse recorded about the end: the operation waits for something else now. The size
// stays, since sizes are those of all round trips.
func (op *operation) continueWith(s state) { op.state, op.Answered, op.firstByte = s, false, 0 }

// retry records that the client sent the request again, with the user's input.
func (op *operation) retry(m *Message) {
	op.id, op.end = m.ID.Ref, m.End
	op.resume(m.Last)
	op.event(semconv.RetryEvent, m.Last)
	op.RoundTrips++
	op.RequestSize += m.Size
	op.RequestTokens += m.Tokens
}

// fail sets the error from a response. The code is always kept, but some codes are not errors of the server that
// answers them.
func (op *operation) fail(errorResponse, isError bool, code string, class record.Class) {
	op.ErrorType, op.Code, op.Class = "", code, class
	switch {
	case errorResponse && op.dir == record.ToServer && slices.Contains(clientFaults, code):
	case errorResponse && code == "":
		op.ErrorType = semconv.Other
	case errorResponse:
		op.ErrorType = code
	case isError:
		op.ErrorType = semconv.ErrTool
	}
}

const codeInvalidParams = "-32602"

// clientFaults are the codes that OpenTelemetry's conventions for MCP do not count as errors of the server (see package
// semconv): parse error, invalid request, method not found, invalid params, resource not found.
var clientFaults = []string{"-32700", "-32600", "-32601", codeInvalidParams, "-32002"}

// event adds an event if there is still room. Records share the events of earlier ones, which are never changed.
func (op *operation) event(name string, at time.Duration) {
	if len(op.Events) < maxEvents {
		op.Events = append(op.Events, record.Event{Name: name, Time: op.wall(at)})
	}
}

// progress counts a notification. Only the first ones become events: a flood of them would leave no room for others.
func (op *operation) progress(at time.Duration) {
	op.Progress++
	if op.Progress <= maxProgress {
		op.event(semconv.ProgressEvent, at)
	}
}

// startsTask reports whether a response has created a task.
func (op *operation) startsTask(x *Extra) bool {
	return x.Task.Type == framing.StringID && (x.ResultType == resultTask || op.wantsTask && x.MakesTask)
}

// setTaskStatus records the status of the operation's task and reports whether it is new.
func (op *operation) setTaskStatus(status string, at time.Duration) (changed bool) {
	if changed = status != op.TaskStatus; changed {
		op.TaskStatus = status
		op.event(semconv.TaskEvent, at)
	}
	if status == taskInputRequired {
		op.suspend(at)
	} else {
		op.resume(at)
	}
	return changed
}

// fetchedResult takes the response to tasks/result. It may be the first to tell how the task ended.
func (op *operation) fetchedResult(m *Message) {
	isError := m.Kind == framing.ErrorResponse
	if op.TaskStatus != taskFailed && op.TaskStatus != taskCancelled {
		op.TaskStatus = taskCompleted
		if isError {
			op.TaskStatus = taskFailed
		}
	}
	op.fail(isError, m.IsError, m.Code, m.Class)
	op.addResponse(m)
}
