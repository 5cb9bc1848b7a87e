package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Message is one message without its content: no field holds anything that must not be shown. Times are durations since
// the start of the session on the monotonic clock.
type Message struct {
	Kind      framing.Kind
	Dir       record.Direction
	Batch     bool // an element of a JSON-RPC batch, which only 2025-03-26 allows
	IsError   bool // result.isError is true
	Cut       bool // a request that its reader has not taken as a whole
	ID        ID
	Method    string        // of a request or notification
	Target    string        // the tool or prompt that it names
	First     time.Duration // when its first byte was read
	Last      time.Duration // when its last byte was read
	Size      int64         // bytes on the wire
	Tokens    int64         // estimate of what a model sees of it, see tokens.go
	Media     int64         // bytes of image, audio and other data in it, which are no tokens
	End       int64         // bytes of its stream up to its end
	Code      string        // of an error
	Class     record.Class  // of an error or a result with isError
	Arguments uint64        // keyed hash of params.arguments; must not leave the process
	Reason    string        // of a line that is no message: what was wrong, in fixed words
	Facts     Facts         // what was noticed about its members
	Extra     *Extra        // what few messages have; nil for most
}

// Extra holds the members that only some messages have. It is separate so that the others stay small. Zero values mean
// absent.
type Extra struct {
	JSONRPC   string   // the jsonrpc member, if it is not "2.0"
	Protocol  string   // the protocol version that the message names
	Supported []string // the versions that a refusal names

	PeerName, PeerVersion string // clientInfo or serverInfo of the sender

	Traceparent, Tracestate string // params._meta, W3C trace context (SEP-414)
	ProgressToken           Ref    // the token of progress that a request wants or a notification has

	Cancels      Ref    // notifications/cancelled: params.requestId
	TimedOut     bool   // notifications/cancelled: the reason reads like a timeout
	Level        string // notifications/message
	Logger       string // notifications/message
	Subscription Ref    // of a notification: the subscriptions/listen request that it belongs to

	WantsTask   bool // params.task is present
	MakesTask   bool // result.task is present (2025-11-25)
	Task        ID   // the task that the message is about or that a result has created
	TaskStatus  string
	Elicitation Ref // of elicitation/create in URL mode, and of the notification that it is complete
	Related     Ref // _meta related-task: the task in whose course the message was sent
	Outcome     Outcome

	ResultType string // result.resultType: input_required or task
	HasInput   bool   // params.inputResponses is present
	State      uint64 // keyed hash of requestState; must not leave the process

	Cursor           Ref                   // params.cursor of a request for a page, or result.nextCursor
	List             record.DefinitionKind // what the result lists
	Listed           int                   // its elements
	DefinitionSize   int64                 // its bytes
	DefinitionTokens int64                 // their estimate
	DefinitionHash   uint64                // its keyed hash; must not leave the process
	Definitions      []Definition          // what a list, or the answer to a handshake, puts before a model

	// Unread are the kinds of definitions of which there are some without a fingerprint.
	Unread []record.DefinitionKind

	// The rest is not decoded. The caller fills it in before Observe, from the content of the Raw message.
	Resource string         // the label of the resource's URI, see record.Operation
	Shown    record.Content // captured content, redacted
	Log      string         // notifications/message: params.data, if captured, redacted
}

// Definition is one element of a list of what a server offers, or the server's instructions.
type Definition struct {
	record.Definition

	Index int // which element of its list it is: members of the same element have the same Value.Index
}

// Outcome is how a task ended, if a message about the task reports it. Since 2026-07-28 (SEP-2663), tasks/get and
// notifications/tasks carry the task's result or error. In 2025-11-25 the status message of a failed task may name the
// reason.
type Outcome struct {
	Known   bool         // the message has the result or error
	IsError bool         // result.isError is true
	Code    string       // of the error
	Class   record.Class // of the error, or of a failure that has only a status message
}

// AsksUser reports whether the result is a question to the user (input_required) and not the result of the call.
func (x *Extra) AsksUser() bool { return x.ResultType == resultInputRequired }

// Names returns the names of the definitions of a kind, as far as they may be shown.
func (x *Extra) Names(kind record.DefinitionKind) []string {
	var names []string
	for i := range x.Definitions {
		if d := &x.Definitions[i]; d.Kind == kind && d.Name != "" {
			names = append(names, d.Name)
		}
	}
	return names
}

// optional returns a copy of the message's Extra: an empty one if it has none.
func (m *Message) optional() (x Extra) {
	if m.Extra != nil {
		x = *m.Extra
	}
	return x
}

// ensureExtra returns the message's Extra for writing, and makes one if there is none.
func (m *Message) ensureExtra() *Extra {
	if m.Extra == nil {
		m.Extra = new(Extra)
	}
	return m.Extra
}

// isHandshake reports whether a request asks the server for a version of the protocol.
func isHandshake(dir record.Direction, method string) bool {
	return dir == record.ToServer && (method == semconv.Initialize || method == semconv.Discover)
}

// The values of result.resultType and of a task's status that the tracker acts on.
const (
	resultInputRequired = "input_required"
	resultTask          = "task"

	taskWorking       = "working"
	taskInputRequired = "input_required"
	taskCompleted     = "completed"
	taskFailed        = "failed"
	taskCancelled     = "cancelled"
)

// The words that a member may have. In a message that is not MCP's, a member of the same name can hold anything, so
// other words are not kept.
var (
	levels      = []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}
	statuses    = []string{taskWorking, taskInputRequired, taskCompleted, taskFailed, taskCancelled}
	resultTypes = []string{resultInputRequired, resultTask} // those that do not end an operation
)
