package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file ties together the round trips that are one call to the user.
//
// Tasks (2025-11-25, and the extension of 2026-07-28): a request is answered at once with a task; what the user waits for
// is the task's end, told by tasks/result, tasks/get, or a notification. The operation stays open until then, and the
// requests about the task become its children.
//
// Multi round-trip requests (2026-07-28): an answer with resultType input_required is no end either. The client asks its
// user and sends the request again, under a new id, with inputResponses and the server's opaque requestState.

// The values of result.resultType and of a task's status that the tracker acts upon.
const (
	resultInputRequired = "input_required"
	resultTask          = "task"

	taskInputRequired = "input_required"
	taskCompleted     = "completed"
	taskFailed        = "failed"
	taskCancelled     = "cancelled"
)

// task returns the open operation that started the task, or nil.
func (t *Tracker) task(dir Direction, id string) *Operation {
	if id == "" {
		return nil
	}
	return t.tasks[taskKey{dir, id}]
}

// continues says whether an answer is not yet the end of the operation, and keeps it open if so.
func (t *Tracker) continues(op *Operation, m *Message) bool {
	x := m.Extra
	switch {
	case x.ResultType == resultInputRequired:
		op.state, op.inputState = onInput, x.State
		op.suspend(m.Last)
		t.inputs = append(t.inputs, op)
	case x.TaskID != "" && (x.ResultType == resultTask || op.Request != nil && op.Request.WantsTask):
		op.state, op.TaskID, op.TaskStatus = onTask, x.TaskID, x.TaskStatus
		op.inline = x.ResultType == resultTask
		op.event(semconv.TaskEvent, m.Last)
		t.tasks[taskKey{op.Dir, op.TaskID}] = op
	default:
		return false
	}
	t.rest(op)
	if op.state == onTask {
		t.taskNews(op.Dir, m)
	}
	return true
}

// resumed finds the operation that a request continues with the user's input: the one that waits with the same
// requestState, else the only one that waits for the same method and target. It returns nil for any other request.
func (t *Tracker) resumed(m *Message) *Operation {
	if m.Extra == nil || !m.Extra.Answers && m.Extra.State == 0 {
		return nil
	}
	var found *Operation
	for _, op := range t.inputs {
		if op.Dir != m.Dir || op.Method != m.Method || op.Target != m.Target {
			continue
		}
		if op.inputState != 0 && op.inputState == m.Extra.State {
			found = op
			break
		}
		if found != nil {
			return nil
		}
		found = op
	}
	if found == nil {
		return nil
	}
	t.noInput(found)
	found.state, found.current = inFlight, m.ID
	found.resume(m.Last)
	found.event(semconv.RetryEvent, m.Last)
	found.RoundTrips++
	found.RequestSize += m.Size
	t.working(found)
	return found
}

func (t *Tracker) noInput(op *Operation) {
	if op.state != onInput {
		return
	}
	for i, o := range t.inputs {
		if o == op {
			t.inputs = append(t.inputs[:i], t.inputs[i+1:]...)
			return
		}
	}
}

// taskNews takes what a message says about the state of a task that was started in the given direction.
func (t *Tracker) taskNews(dir Direction, m *Message) {
	if m.Extra == nil || m.Extra.TaskStatus == "" {
		return
	}
	op := t.task(dir, m.Extra.TaskID)
	if op == nil {
		return
	}
	if status := m.Extra.TaskStatus; status != op.TaskStatus {
		op.TaskStatus = status
		op.event(semconv.TaskEvent, m.Last)
	}
	switch op.TaskStatus {
	case taskInputRequired:
		op.suspend(m.Last)
		return
	case taskFailed:
		op.ErrorType, op.Class = semconv.ErrTask, ToolError
	case taskCancelled:
		op.ErrorType, op.Class = semconv.ErrCancelled, Cancelled
	case taskCompleted:
		if !op.inline { // whether it went well is told by tasks/result, which is still to come
			op.resume(m.Last)
			op.settled = m.Last
			return
		}
		if m.IsError {
			op.ErrorType, op.Class = semconv.ErrTool, m.Class
		}
	default:
		op.resume(m.Last)
		return
	}
	t.finish(op, max(m.Last, op.Start))
}

// outcome ends the operation whose task's result has been fetched.
func (t *Tracker) outcome(fetch *Operation, m *Message) {
	op := t.task(fetch.Dir, fetch.TaskID)
	if op == nil {
		return
	}
	op.fail(m)
	op.ResponseSize += m.Size
	if op.TaskStatus != taskFailed && op.TaskStatus != taskCancelled {
		op.TaskStatus = taskCompleted
	}
	end := m.Last
	if op.settled > 0 {
		end = op.settled
	}
	t.finish(op, max(end, op.Start))
}

// aboutTask fills in, from the request, which task an answer is about: tasks/get and tasks/cancel need not repeat it.
func aboutTask(op *Operation, m *Message) {
	if m.Kind == framing.Response && m.Extra != nil && m.Extra.TaskID == "" &&
		(op.Method == semconv.TasksGet || op.Method == semconv.TasksCancel) {
		m.Extra.TaskID = op.TaskID
	}
}

// suspend starts the clock of the user's waiting time, resume stops it.
func (op *Operation) suspend(at time.Duration) {
	if op.waiting == 0 {
		op.waiting = max(at, 1)
		op.event(semconv.InputEvent, at)
	}
}

func (op *Operation) resume(at time.Duration) {
	if op.waiting > 0 {
		op.InputWait += max(at-op.waiting, 0)
		op.waiting = 0
	}
}
