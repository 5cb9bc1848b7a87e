package record

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Direction is the way a message travels. Each direction has request ids of its own.
type Direction string

// The two directions of a stdio connection.
const (
	ToServer Direction = "to_server" // on the server's stdin: the client sends
	ToClient Direction = "to_client" // on the server's stdout: the server sends
)

// Opposite returns the direction of the response to a request.
func (d Direction) Opposite() Direction {
	if d == ToServer {
		return ToClient
	}
	return ToServer
}

// Change says why a record of an operation was made.
type Change string

// The changes of an operation.
const (
	Opened        Change = "opened"         // its request was read
	InputRequired Change = "input_required" // the server asked for the user's input (2026-07-28) and waits
	Retried       Change = "retried"        // the client sent the request again, with the input
	TaskChanged   Change = "task"           // its task was created or has a new status
	StillOpen     Change = "open"           // it has been open for OpenAfter, and can be shown while it runs
	Hanging       Change = "hanging"        // it has been open for long; repeated each time that has doubled
	Ended         Change = "ended"          // it is over; no record of it follows
)

// OpenAfter is how long an operation is open before that is worth a record: most have ended by then.
const OpenAfter = time.Second

// Operation is a request and its response or, where the protocol takes several round trips for one purpose (a task, a
// retry after input_required), all of them together. Some operations are calls, see IsCall. A record is a snapshot:
// Change says at which point of the operation's life.
type Operation struct {
	Change Change `json:"change"`
	Number uint64 `json:"number"`           // counts the session's operations by their requests, from 1
	Parent uint64 `json:"parent,omitempty"` // the open operation during which this one was started, if unambiguous

	Direction Direction `json:"direction"` // of the request: ToServer is one by the client
	Method    string    `json:"method"`
	Target    string    `json:"target,omitempty"`             // the tool or prompt
	Resource  string    `json:"resource,omitempty"`           // the URI template that the URI matches, else its scheme
	RequestID string    `json:"request_id,omitempty"`         // of the first request
	JSONRPC   string    `json:"jsonrpc,omitempty"`            // the jsonrpc member, if it is not "2.0"
	Protocol  string    `json:"protocol,omitempty"`           // the protocol version it was made under, if known
	Requested string    `json:"requested_protocol,omitempty"` // initialize and server/discover: the version asked for
	Batch     bool      `json:"batch,omitempty"`              // the request was in a JSON-RPC batch

	Traceparent string `json:"traceparent,omitempty"` // params._meta of the request, W3C trace context (SEP-414)
	Tracestate  string `json:"tracestate,omitempty"`

	Start     time.Time `json:"start"`               // last byte of the request
	FirstByte time.Time `json:"first_byte,omitzero"` // first byte of the response that ended it, if there was one
	End       time.Time `json:"end,omitzero"`        // last byte of that response, or when the operation was given up

	// Durations are in nanoseconds of the monotonic clock: a time in which the machine slept does not count.
	Duration  time.Duration `json:"duration_ns,omitempty"`   // from start to end (or to this record), less InputWait
	Wait      time.Duration `json:"wait_ns,omitempty"`       // request to first byte of the response, in one round trip, less InputWait
	Transfer  time.Duration `json:"transfer_ns,omitempty"`   // from the response's first byte to its last, likewise
	InputWait time.Duration `json:"input_wait_ns,omitempty"` // how long the server waited for a person; its own requests for sampling and roots count

	RequestSize  int64 `json:"request_size,omitempty"`  // bytes on the wire, over all round trips
	ResponseSize int64 `json:"response_size,omitempty"` // likewise

	// Estimates of the tokens that a model writes or reads, see package framing/estimate, and the bytes of image and audio data,
	// which are no tokens.
	RequestTokens  int64 `json:"request_tokens,omitempty"`
	ResponseTokens int64 `json:"response_tokens,omitempty"`
	ResponseMedia  int64 `json:"response_media,omitempty"`

	Answered  bool   `json:"answered,omitempty"`   // a response ended it
	ErrorType string `json:"error_type,omitempty"` // value of error.type; empty if it went well
	Code      string `json:"code,omitempty"`       // JSON-RPC error code of the response
	Class     Class  `json:"class,omitempty"`      // kind of the error

	RoundTrips int    `json:"round_trips,omitempty"` // requests it took; 1 for most
	TaskID     string `json:"task_id,omitempty"`     // of the task it is about or has started, if it may be shown
	TaskStatus string `json:"task_status,omitempty"` // the last status seen

	Ambiguous bool `json:"ambiguous,omitempty"` // another request had its id, so that a response could be either's
	// Undelivered reports that the server (or the client) has not read the whole request.
	Undelivered bool `json:"undelivered,omitempty"`

	// Hung reports that it has been reported as hanging.
	Hung bool `json:"hung,omitempty"`

	// Stall is why it has not been answered, or was not in time: set when it hangs, and when it ends without an answer.
	Stall    Stall      `json:"stall,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"` // what that rests on: none, or one; few operations have any, see Seen

	IDMismatch bool `json:"id_mismatch,omitempty"` // a response's id was only alike: "7" for 7

	Progress int     `json:"progress,omitempty"` // progress notifications
	Events   []Event `json:"events,omitempty"`   // what happened in between; bounded

	// ArgumentsOf is the number of the first operation that is remembered to have had the same arguments: its own if
	// there is none, 0 if the request had no arguments. It reveals repetition without a hash of the content.
	ArgumentsOf uint64 `json:"arguments_of,omitempty"`

	// Definitions are what the response to a list offers, or the instructions in that to a handshake, in the order of the
	// response. Their number is bounded: of a list of thousands, the last are missing.
	Definitions []Definition `json:"definitions,omitempty"`
	List        ListPage     `json:"list,omitzero"` // which part of a list they are

	// ToolCount is the number of tools in this page of a list and those before it, DefinitionSize their bytes. They are
	// absent from a page that is not the last, if a complete list is known already.
	ToolCount      int   `json:"tool_count,omitempty"`
	DefinitionSize int64 `json:"definition_size,omitempty"`

	// DefinitionTokens is the estimate for the definitions in this page of a list and those before it, of whatever kind, or for
	// the instructions in the answer to a handshake. It is absent where ToolCount would be.
	DefinitionTokens int64 `json:"definition_tokens,omitempty"`

	Content Content `json:"content,omitzero"`
}

// IsCall reports whether an operation is a call: the client's use of a tool, a prompt or a resource. The handshake, lists,
// pings and whatever the server asks of its client are none. It is the one meaning of "calls" in telemetry, in the store,
// and in what people and programs are shown.
func (op *Operation) IsCall() bool {
	if op.Direction != ToServer {
		return false
	}
	switch op.Method {
	case semconv.ToolsCall, semconv.PromptsGet, semconv.ResourcesRead:
		return true
	}
	return false
}

// Failed reports whether an operation that has ended counts as failed: not if its requester took it back or left before the
// answer came, nor if the answer is an error that is the requester's own mistake, which has a code and no error type.
func (op *Operation) Failed() bool {
	switch op.ErrorType {
	case "", string(Cancelled), string(Abandoned):
		return false
	}
	return true
}

// Event is something that happened while an operation was open.
type Event struct {
	Name string    `json:"name"` // see package semconv
	Time time.Time `json:"time"`
}

// Content is captured content, redacted. A piece is empty unless SPANPIPE_CAPTURE asks for it.
type Content struct {
	Arguments string     `json:"arguments,omitempty"` // of tools/call, as JSON
	Variables []Variable `json:"variables,omitempty"` // arguments of prompts/get, in the order of their names
	Messages  string     `json:"messages,omitempty"`  // of sampling/createMessage, as JSON
	Result    string     `json:"result,omitempty"`    // of tools/call, tasks/result, prompts/get and sampling
	Error     string     `json:"error,omitempty"`     // the error's message, or the text of a result with isError
	URI       string     `json:"uri,omitempty"`       // params.uri or params.ref.uri
}

// Variable is an argument of a prompt. A name that may not be shown is replaced like any other name.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Class is the kind of an error in a closed set of words, for the question "what goes wrong?".
type Class string

// The classes of errors.
const (
	InvalidParams  Class = "invalid_params"
	NotFound       Class = "not_found"
	Permission     Class = "permission"
	Authentication Class = "authentication"
	RateLimited    Class = "rate_limited"
	Timeout        Class = "timeout"
	Cancelled      Class = "cancelled"
	Unavailable    Class = "unavailable"
	Internal       Class = "internal"
	ToolError      Class = "tool_error"
	Abandoned      Class = "abandoned"
)
