package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Tasks (2025-11-25, basic/utilities/tasks; the extension of 2026-07-28, SEP-2663): a request is answered at once with a
// task, and what the user waits for is the task's end. The operation stays open until then, and the requests about the
// task become its children.
//
// How the end is told differs. In 2025-11-25 the result is fetched with tasks/result, which may be asked before the task
// has ended and blocks until then; tasks/get and notifications/tasks/status tell the status alone, and "failed" includes
// results with isError. In the extension tasks/get and notifications/tasks carry the result or the error itself. So an
// operation whose task is known to have ended, but not how, is settled: it ended then, and waits a while to hear how.

// The values of result.resultType and of a task's status that the tracker acts upon.
const (
	resultInputRequired = "input_required"
	resultTask          = "task"

	taskWorking       = "working"
	taskInputRequired = "input_required"
	taskCompleted     = "completed"
	taskFailed        = "failed"
	taskCancelled     = "cancelled"
)

const codeInvalidParams = "-32602"

// aboutTask says whether the method asks about a task that there is. The answer to it is never a new task, whatever its
// resultType: there are examples of tasks/get answered with "task".
func aboutTask(method string) bool {
	switch method {
	case semconv.TasksGet, semconv.TasksResult, semconv.TasksCancel, semconv.TasksUpdate, semconv.TasksList:
		return true
	}
	return false
}

// startsTask says whether an answer that names a task has created it.
func startsTask(op *Operation, x *Extra) bool {
	wanted := op.Request != nil && op.Request.WantsTask
	return x.ResultType == resultTask || wanted && x.MakesTask
}

// task returns the open operation that started the task, or nil.
func (t *Tracker) task(dir Direction, id Ref) *Operation {
	if id.Type != framing.StringID {
		return nil
	}
	return t.tasks[taskKey{id.exact(), dir}]
}

// awaitTask keeps an operation open until its task ends.
func (t *Tracker) awaitTask(op *Operation, m *Message) {
	op.state, op.Answered, op.FirstByte = onTask, false, 0
	op.setTask(m.Extra.Task)
	t.tasks[taskKey{op.task.exact(), op.Dir}] = op
	t.taskNews(op, m)
}

// taskNews takes what a message says about the state of the task that an operation has started.
func (t *Tracker) taskNews(op *Operation, m *Message) {
	if op == nil || m.Extra == nil || m.Extra.TaskStatus == "" {
		return
	}
	if m.Extra.TaskStatus != op.TaskStatus {
		op.TaskStatus = m.Extra.TaskStatus
		op.event(semconv.TaskEvent, m.Last)
	}
	if op.TaskStatus == taskInputRequired {
		op.suspend(m.Last, semconv.InputEvent)
		return
	}
	op.resume(m.Last)
	switch op.TaskStatus {
	case taskCompleted, taskFailed:
		t.settle(op, m)
	case taskCancelled:
		t.taskEnds(op, m, semconv.ErrCancelled, Cancelled)
	}
}

// settle notes the end of an operation's task, and ends the operation if the message tells how it went.
func (t *Tracker) settle(op *Operation, m *Message) {
	if op.settled == nil {
		op.settled = &settlement{m.First, m.Last}
		op.remove()
		t.settled.push(op)
	}
	o, failed := m.Extra.outcome(), op.TaskStatus == taskFailed
	if failed && op.ErrorType == "" {
		op.ErrorType, op.Class = semconv.ErrTask, o.Class
	}
	if !o.Told {
		return
	}
	op.ErrorType = ""
	op.fail(failed, o.IsError, o.Code, o.Class)
	if m.Kind == framing.Notification {
		op.ResponseSize += m.Size
	}
	t.ends(op, m)
}

// fetched takes the answer to a request about a task, for the sake of the operation that started the task.
func (t *Tracker) fetched(fetch *Operation, m *Message) {
	op := t.task(fetch.Dir, fetch.task)
	if op == nil || !aboutTask(fetch.Method) {
		return
	}
	isError := m.Kind == framing.ErrorResponse
	switch fetch.Method {
	case semconv.TasksResult:
		t.outcome(op, m, isError)
	case semconv.TasksGet:
		if isError && m.Code == codeInvalidParams { // the server does not know the task any more
			t.taskEnds(op, m, semconv.ErrTask, NotFound)
		} else if !isError {
			t.taskTold(op, m)
		}
	case semconv.TasksCancel:
		if isError {
			return
		}
		if t.taskTold(op, m); m.Extra == nil || m.Extra.TaskStatus == "" {
			// The extension's answer is a mere acknowledgement, after which the client need not ask again.
			t.taskEnds(op, m, semconv.ErrCancelled, Cancelled)
		}
	}
}

// taskTold takes a task's state from an answer.
func (t *Tracker) taskTold(op *Operation, m *Message) {
	if m.Extra != nil && m.Extra.Outcome != nil && m.Extra.Outcome.Told {
		op.ResponseSize += m.Size
	}
	t.taskNews(op, m)
}

// outcome ends the operation whose task's result has been fetched.
func (t *Tracker) outcome(op *Operation, m *Message, isError bool) {
	if op.TaskStatus != taskFailed && op.TaskStatus != taskCancelled {
		op.TaskStatus = taskCompleted
		if isError {
			op.TaskStatus = taskFailed
		}
	}
	op.ErrorType = ""
	op.fail(isError, m.IsError, m.Code, m.Class)
	op.ResponseSize += m.Size
	t.ends(op, m)
}

// taskEnds ends an operation whose task has ended without a result. If the task is known to have ended before, that is what
// counts.
func (t *Tracker) taskEnds(op *Operation, m *Message, errorType string, class Class) {
	if op.settled == nil {
		op.ErrorType, op.Class = errorType, class
	}
	t.ends(op, m)
}

// ends ends an operation at the end of its task: when that was first told, at the latest by the message.
func (t *Tracker) ends(op *Operation, m *Message) {
	if op.settled == nil {
		op.settled = &settlement{m.First, m.Last}
	}
	t.conclude(op)
}

// conclude ends an operation whose task is known to have ended, at that time.
func (t *Tracker) conclude(op *Operation) {
	op.Answered, op.FirstByte = true, max(op.settled.first, op.Start)
	t.finish(op, op.settled.last)
}

func (op *Operation) setTask(id ID) { op.task, op.TaskID = id.Ref, id.Text }
