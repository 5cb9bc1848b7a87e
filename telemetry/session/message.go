package session

import (
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// Direction is the way a message goes.
type Direction uint8

// The two directions of a stdio connection. Each has an id space of its own.
const (
	ToServer Direction = iota // on the server's stdin: the client speaks
	ToClient                  // on the server's stdout: the server speaks
)

// Opposite is the way an answer goes.
func (d Direction) Opposite() Direction { return d ^ 1 }

func (d Direction) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}

// Message is one message in a form that can be kept: what the tracker needs to know, and nothing of its content.
// Times are counted from the start of the session on the monotonic clock.
type Message struct {
	Kind      framing.Kind
	Dir       Direction
	Batch     bool
	IsError   bool // result.isError is true
	ID        ID
	Method    string        // of a request or notification; of an answer, set by the tracker, what it is to
	Target    string        // the tool or prompt it is about
	First     time.Duration // when its first and its last byte had been read
	Last      time.Duration
	Size      int64  // bytes on the wire
	Code      string // an error's code
	Class     Class  // of an error or a result with isError
	Arguments uint64 // keyed hash of params.arguments; in memory only
	Reason    string // of a malformed line, what was wrong
	Extra     *Extra // what few messages have; nil for most
}

// Extra holds what only some messages carry. Zero values mean absent.
type Extra struct {
	JSONRPC  string // the jsonrpc member, if it is not "2.0"
	Protocol string // the protocol version that the message names

	PeerName, PeerVersion string // clientInfo or serverInfo: of whoever sent the message

	Traceparent, Tracestate string // params._meta, W3C trace context
	ProgressToken           Ref    // of a request: the token it asks progress for; of a notification: whose progress it is

	Cancels      Ref    // notifications/cancelled: params.requestId
	GaveUp       bool   // its reason reads as a timeout
	URI          string // params.uri or params.ref.uri as sent. It is content: it may be matched with a template, it may not be exported
	Level        string // notifications/message, logging/setLevel
	Logger       string
	Mode         string // elicitation/create: form or url
	Subscription Ref    // of a notification: the subscriptions/listen request that it is delivered for
	Resources    int    // subscriptions/listen: how many resources it names

	WantsTask  bool // params.task is present
	MakesTask  bool // result.task is present (2025-11-25)
	Task       ID   // the task that the message is about, or that a result has created
	TaskStatus string
	Related    Ref // _meta related-task: the task in whose course the message was sent
	Outcome    *Outcome

	ResultType string   // result.resultType: input_required or task
	Answers    bool     // params.inputResponses is present
	State      uint64   // keyed hash of requestState; in memory only
	Versions   []string // result.supportedVersions, of server/discover

	Listed         int      // elements of result.tools
	DefinitionSize int64    // bytes of result.tools
	Tools          []string // their names
	Templates      []string // result.resourceTemplates[].uriTemplate

	Content *Content // as it came; whoever takes the message from the queue redacts it into Shown, and removes it
	Shown   *Shown
}

// Outcome is how a task ended, where a message about it tells that: since 2026-07-28, tasks/get and notifications/tasks
// carry the task's result or error; in 2025-11-25 the status message of a failed one may say something.
type Outcome struct {
	Told    bool   // there is a result or an error
	IsError bool   // result.isError is true
	Code    string // of the error
	Class   Class  // of the error, or of a failure that has only a status message
}

// extra makes the message's rare part when something goes into it.
func (m *Message) extra() *Extra {
	if m.Extra == nil {
		m.Extra = new(Extra)
	}
	return m.Extra
}

// outcome makes the part about a task's end when something goes into it.
func (x *Extra) outcome() *Outcome {
	if x.Outcome == nil {
		x.Outcome = new(Outcome)
	}
	return x.Outcome
}
