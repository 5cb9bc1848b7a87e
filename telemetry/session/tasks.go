package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Tasks (2025-11-25, basic/utilities/tasks; the extension of 2026-07-28, SEP-2663): a request is answered at once with
// a task, and the user waits for the end of the task. The operation stays open until then, and the requests about the
// task are its children.
//
// How a peer learns of the end differs. In 2025-11-25 tasks/result fetches the result; it may be sent before the task
// has ended and then blocks. tasks/get and notifications/tasks/status carry the status alone, and "failed" includes
// results with isError. In the extension tasks/get and notifications/tasks carry the result or the error itself. So an
// operation whose task is known to have ended, but not how, is settled: it ended then, and waits a while for the
// result.

// withTask returns the operation that has started a task and waits for it.
func (t *Tracker) withTask(dir record.Direction, task Ref) *operation {
	if task.Type == framing.NoID {
		return nil
	}
	return t.last(func(op *operation) bool { return op.state == onTask && op.dir == dir && op.task == task })
}

// updateTask takes the status of an operation's task from a message, and ends the operation if the message has all of
// it. It reports whether the status is new.
func (t *Tracker) updateTask(op *operation, m *Message) (changed bool) {
	status := m.optional().TaskStatus
	if status == "" {
		return false
	}
	changed = op.setTaskStatus(status, m.Last)
	switch op.TaskStatus {
	case taskCompleted, taskFailed:
		if t.settle(op, m) {
			return changed
		}
	case taskCancelled:
		t.endTask(op, m, semconv.ErrCancelled, record.Cancelled)
		return changed
	}
	if changed {
		t.changed(op, record.TaskChanged, m.Last)
	}
	return changed
}

// settle records that an operation's task has ended. If the message has the outcome, it ends the operation and reports
// true.
func (t *Tracker) settle(op *operation, m *Message) bool {
	t.taskEnded(op, m)
	outcome, failed := m.Extra.Outcome, op.TaskStatus == taskFailed
	if failed && op.ErrorType == "" {
		op.ErrorType, op.Class = semconv.ErrTask, outcome.Class
	}
	if !outcome.Known {
		return false
	}
	op.fail(failed, outcome.IsError, outcome.Code, outcome.Class)
	if m.Kind == framing.Notification {
		op.addResponse(m)
	}
	t.conclude(op)
	return true
}

// taskEnded records that an operation's task has ended: at the latest when the message came.
func (t *Tracker) taskEnded(op *operation, m *Message) {
	if op.settled == nil {
		op.settled = &taskEnd{m.First, m.Last}
		t.settled = append(t.settled, op)
	}
}

// fetched takes the response to a request about a task, for the operation that started the task.
func (t *Tracker) fetched(fetch *operation, m *Message) {
	op := t.withTask(fetch.dir, fetch.task)
	if op == nil {
		return
	}
	isError := m.Kind == framing.ErrorResponse
	switch fetch.Method {
	case semconv.TasksResult:
		op.fetchedResult(m)
		t.endsBy(op, m)
	case semconv.TasksGet:
		if isError && m.Code == codeInvalidParams { // the server does not know the task any more
			t.endTask(op, m, semconv.ErrTask, record.NotFound)
		} else if !isError {
			t.fetchedStatus(op, m)
		}
	case semconv.TasksCancel:
		if isError {
			return
		}
		if t.fetchedStatus(op, m); m.optional().TaskStatus == "" {
			// The extension only acknowledges, and the client need not ask again.
			t.endTask(op, m, semconv.ErrCancelled, record.Cancelled)
		}
	}
}

// fetchedStatus takes a task's status, and in the extension the result, from a response.
func (t *Tracker) fetchedStatus(op *operation, m *Message) {
	if m.optional().Outcome.Known {
		op.addResponse(m)
	}
	t.updateTask(op, m)
}

// endTask ends an operation whose task ended without a result, with the given error unless the task had already ended.
func (t *Tracker) endTask(op *operation, m *Message, errorType string, class record.Class) {
	if op.settled == nil {
		op.ErrorType, op.Class = errorType, class
	}
	t.endsBy(op, m)
}

// endsBy ends an operation whose task had ended at the latest when the message came.
func (t *Tracker) endsBy(op *operation, m *Message) {
	t.taskEnded(op, m)
	t.conclude(op)
}

// concludeSettled ends the operations whose tasks had ended by the given time: their results are no longer awaited.
func (t *Tracker) concludeSettled(limit time.Duration) {
	for len(t.settled) > 0 && t.settled[0].settled.last <= limit {
		t.conclude(t.settled[0])
	}
}
