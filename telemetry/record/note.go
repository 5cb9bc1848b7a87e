package record

import (
	"cmp"
	"time"
)

// Note is a record of something other than an operation: a Session, Message, Notification, Violation, Finding,
// DefinitionChange, LogLine, Blockage, Measurement or Exit. The set is closed; a type switch over it is how a sink tells
// them apart.
type Note interface{ note() }

func (Session) note()          {}
func (Message) note()          {}
func (Notification) note()     {}
func (Violation) note()        {}
func (Finding) note()          {}
func (DefinitionChange) note() {}
func (LogLine) note()          {}
func (Blockage) note()         {}
func (Exit) note()             {}
func (Measurement) note()      {}

// Session says what is known of the session as a whole. The first record comes before any other, and a new one whenever
// something in it has changed.
type Session struct {
	Time     time.Time `json:"time"`     // of this record
	ID       string    `json:"id"`       // random: stdio has no session ids of its own
	Launched time.Time `json:"launched"` // when spanpipe began
	Started  time.Time `json:"started"`  // when the server's process was started
	PID      int       `json:"pid,omitempty"`

	Protocol  string `json:"protocol,omitempty"`           // the version agreed, or named by the client
	Requested string `json:"requested_protocol,omitempty"` // the version that the client asked for last
	Client    Peer   `json:"client,omitzero"`
	Server    Peer   `json:"server,omitzero"`

	Ready  bool `json:"ready,omitempty"`  // the server has answered a request, other than by refusing a handshake
	Silent bool `json:"silent,omitempty"` // it had not within SilentAfter
}

// SilentAfter is how long after its launch a session counts as silent if the server has answered nothing.
const SilentAfter = 5 * time.Second

// Peer is what a client or server says of itself: clientInfo or serverInfo.
type Peer struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// MessageKind is what a line on the wire turned out to be.
type MessageKind string

// The kinds of messages.
const (
	RequestMessage      MessageKind = "request"
	NotificationMessage MessageKind = "notification"
	ResponseMessage     MessageKind = "response"
	ErrorMessage        MessageKind = "error"
	OtherMessage        MessageKind = "other"
)

// Message is one message on the wire. It comes after the records that the message led to.
type Message struct {
	Time      time.Time   `json:"time"` // last byte
	Direction Direction   `json:"direction"`
	Kind      MessageKind `json:"kind"`
	Method    string      `json:"method,omitempty"` // of a response: that of its request, if known
	Size      int64       `json:"size"`             // bytes on the wire
}

// Notification is a JSON-RPC notification.
type Notification struct {
	Time        time.Time `json:"time"`
	Direction   Direction `json:"direction"`
	Method      string    `json:"method"`
	Operation   uint64    `json:"operation,omitempty"` // the open operation it belongs to, or has just cancelled
	Resource    string    `json:"resource,omitempty"`  // as in Operation
	JSONRPC     string    `json:"jsonrpc,omitempty"`
	Protocol    string    `json:"protocol,omitempty"`
	Batch       bool      `json:"batch,omitempty"`
	Traceparent string    `json:"traceparent,omitempty"`
	Tracestate  string    `json:"tracestate,omitempty"`
	Size        int64     `json:"size"`          // bytes on the wire
	URI         string    `json:"uri,omitempty"` // redacted, if captured
}

// ViolationKind is a way to break the protocol.
type ViolationKind string

// The kinds of violations.
const (
	Noise          ViolationKind = "noise"           // text that is not JSON
	InvalidJSON    ViolationKind = "invalid_json"    // broken JSON
	NotJSONRPC     ViolationKind = "not_jsonrpc"     // JSON, but not a JSON-RPC message
	ForeignFraming ViolationKind = "foreign_framing" // Content-Length or HTTP headers
	OrphanResponse ViolationKind = "orphan_response" // a response to nothing that was asked
	LateResponse   ViolationKind = "late_response"   // a response to a request that was cancelled or given up
	NullID         ViolationKind = "null_id"         // a request or response whose id is neither a string nor a number
	DuplicateID    ViolationKind = "duplicate_id"    // a request with the id of one that is still in flight
	IDMismatch     ViolationKind = "id_mismatch"     // a response whose id was only alike
	StuckCursor    ViolationKind = "stuck_cursor"    // a page of a list whose next cursor leads back

	ByteOrderMark   ViolationKind = "byte_order_mark"  // in front of a message
	JSONRPCVersion  ViolationKind = "jsonrpc_version"  // no jsonrpc member, or not "2.0"
	BatchMessage    ViolationKind = "batch"            // a message in a batch, in a version without batches
	MissingID       ViolationKind = "missing_id"       // a request without an id
	NotificationID  ViolationKind = "notification_id"  // a notification with an id
	LateProgress    ViolationKind = "late_progress"    // progress for a request that has ended
	UnknownProgress ViolationKind = "unknown_progress" // progress with a token that no request has given
	BadResponse     ViolationKind = "invalid_response" // a response that is not one result or one error object
	BadResult       ViolationKind = "invalid_result"   // a result that does not fit the schema of its method
	BadParams       ViolationKind = "invalid_params"   // parameters that do not fit the schema of their method
	NotInitialized  ViolationKind = "not_initialized"  // a request before notifications/initialized
	ServerRequest   ViolationKind = "server_request"   // a request by the server, in a version without them

	InitializeRefused  ViolationKind = "initialize_refused"  // an error in answer to initialize
	UnsupportedVersion ViolationKind = "unsupported_version" // an answer to initialize with a version that the client cannot know
	VersionMismatch    ViolationKind = "version_mismatch"    // an answer to initialize with an older version than asked for
)

// Violation is something on the wire that the protocol does not allow.
type Violation struct {
	Time      time.Time     `json:"time"`
	Direction Direction     `json:"direction"`
	Kind      ViolationKind `json:"kind"`
	Reason    string        `json:"reason,omitempty"` // what was wrong, in fixed words, if the kind alone does not say it
	Size      int64         `json:"size"`             // bytes on the wire

	Operation uint64 `json:"operation,omitempty"` // the operation it concerns, if known
	Method    string `json:"method,omitempty"`    // of the message, or of the request that it answers
	Sent      string `json:"sent,omitempty"`      // the id or progress token in the message, as in JSON or its type
	Awaited   string `json:"awaited,omitempty"`   // of a stray response: ids of requests that wait for one

	Requested string `json:"requested_protocol,omitempty"` // the version that the client has asked for
	Given     string `json:"given_protocol,omitempty"`     // the version in the answer
	Supported string `json:"supported,omitempty"`          // the versions that a refusal names

	// Late is, of a late response, how long after the end of its operation it came.
	Late time.Duration `json:"late_ns,omitempty"`
}

// FindingKind is a kind of anomaly.
type FindingKind string

// The kinds of findings.
const (
	Loop           FindingKind = "loop"
	Burst          FindingKind = "burst"
	LatencyOutlier FindingKind = "latency_outlier"
	SizeOutlier    FindingKind = "size_outlier"
)

// The kinds that a session's own past cannot tell: they compare with the server's earlier sessions.
const (
	UnseenSequence  FindingKind = "unseen_sequence"
	Rate            FindingKind = "rate"
	Slow            FindingKind = "slow"
	Large           FindingKind = "large"
	Failures        FindingKind = "failures"
	Unlisted        FindingKind = "unlisted"
	FailingTogether FindingKind = "failing_together"
)

// OfPast reports whether a finding of this kind compares with earlier sessions.
func (k FindingKind) OfPast() bool {
	switch k {
	case UnseenSequence, Rate, Slow, Large, Failures, Unlisted, FailingTogether:
		return true
	}
	return false
}

// Side is the half of a call that a size belongs to.
type Side string

// The sides of a call.
const (
	RequestSide  Side = "request"
	ResponseSide Side = "response"
)

// Finding is something unusual about a call, with what was seen and what had been usual until then, both in Unit
// (UCUM):
//
//	loop             repeats in this run; the longest run without alarm before it   {call}
//	burst            rate over 10 s; its 95th percentile                            {call}/s
//	latency_outlier  duration; the tool's median                                    s
//	size_outlier     size; the tool's median                                        By
//
// These compare with earlier sessions, and follow later if those are not known yet:
//
//	unseen_sequence   how often From was followed by this call; how often before            {call}
//	rate              calls in the last hour; the 95th percentile of this client's hours    {call}/h
//	slow              median of five calls in a row; the median of such medians             s
//	large             likewise, of sizes                                                    By
//	failures          failures among the last ten calls; what 98 of 100 sessions had        {call}
//	failing_together  likewise, of calls of several targets                                 {call}
//	unlisted          calls of a tool that was never listed; how many there were            {call}
//
// It follows the record that it was found in.
type Finding struct {
	Time      time.Time   `json:"time"`
	Kind      FindingKind `json:"kind"`
	Operation uint64      `json:"operation"` // the call that stood out; of a burst, the one with which it began
	Tool      string      `json:"tool"`
	Side      Side        `json:"side,omitempty"` // of a size outlier
	Seen      float64     `json:"seen"`
	Usual     float64     `json:"usual"`
	Unit      string      `json:"unit"`

	// Of one that compares with earlier sessions:
	Resource string    `json:"resource,omitempty"` // instead of Tool: the template or scheme
	Prompt   string    `json:"prompt,omitempty"`   // likewise
	From     string    `json:"from,omitempty"`     // the call before, of an unseen sequence
	Since    time.Time `json:"since,omitzero"`     // since when what is usual is known
	Sessions int       `json:"sessions,omitempty"` // in how many sessions
}

// Target returns the tool, resource or prompt that stood out.
func (f *Finding) Target() string { return cmp.Or(f.Tool, f.Resource, f.Prompt) }

// Blockage is a time in which the reader of a stream does not take what the writer has written, if it is not known which
// request that delays.
type Blockage struct {
	Time      time.Time     `json:"time"`
	Direction Direction     `json:"direction"`
	Duration  time.Duration `json:"duration_ns"` // so far
}

// LogSource is where a log line comes from.
type LogSource string

// The sources of log lines.
const (
	FromStderr  LogSource = "stderr"  // the server's stderr
	FromMessage LogSource = "message" // notifications/message
)

// LogLine is something the server logged, redacted. There is one only if SPANPIPE_CAPTURE asks for it.
type LogLine struct {
	Time   time.Time `json:"time"`
	Source LogSource `json:"source"`
	Level  string    `json:"level,omitempty"`  // MCP's levels, which are those of syslog (RFC 5424)
	Logger string    `json:"logger,omitempty"` // as the message names it
	Text   string    `json:"text"`
}

// EndedBy is the side that ended a session.
type EndedBy string

// Who can end a session.
const (
	ByClient EndedBy = "client" // the client acted first, see Cause
	ByServer EndedBy = "server" // the server ended while the client was still there, or never started
)

// Cause is what ended a session: the first thing that either side did to end it.
type Cause string

// The causes of a session's end.
const (
	ServerEnded Cause = "server_ended" // the server exited or closed its end of the streams
	NotStarted  Cause = "not_started"  // the server could not be started
	ClientLeft  Cause = "client_left"  // the client closed its end of the streams
	Signaled    Cause = "signaled"     // the host sent a signal that ends a server
	HostDied    Cause = "host_died"    // the host's process ended
)

// EndedBy returns the side that acted first.
func (c Cause) EndedBy() EndedBy {
	if c == ServerEnded || c == NotStarted {
		return ByServer
	}
	return ByClient
}

// Exit is how the server's process, and with it the session, ended. It is the last record of a session.
type Exit struct {
	Time    time.Time `json:"time"`
	EndedBy EndedBy   `json:"ended_by"`
	Cause   Cause     `json:"cause,omitempty"`
	Code    int       `json:"code"`             // exit code, if no signal killed it; that of a shell if it did not start
	Signal  string    `json:"signal,omitempty"` // name of the signal that killed it, such as SIGKILL
	Reason  string    `json:"reason,omitempty"` // why it did not start, in the system's fixed words
	Open    int       `json:"open,omitempty"`   // operations that were open when it ended

	// Lifetime runs from the start of the process; CPU time is that of the server and of the descendants it waited for.
	Lifetime   time.Duration `json:"lifetime_ns"`
	UserTime   time.Duration `json:"user_time_ns,omitempty"`
	SystemTime time.Duration `json:"system_time_ns,omitempty"`
}

// Failed reports whether the server is at fault: it did not start, crashed, or ended by itself, which hosts show as a lost
// server whatever its code. After the client has acted, a code says little: servers fail in many ways to end on request.
func (e Exit) Failed() bool {
	switch e.Signal {
	case "", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGPIPE": // how hosts end servers
		return e.EndedBy == ByServer
	}
	return true
}

// Measurement is a value that a rule of the user's has found in a call, see package rules. It holds numbers, and words that
// the user has listed.
type Measurement struct {
	Time      time.Time `json:"time"`
	Operation uint64    `json:"operation"` // the call
	Rule      string    `json:"rule"`      // the name of its metric
	Value     float64   `json:"value"`
	Labels    []Label   `json:"labels,omitempty"`
}

// Label is a label of a measurement.
type Label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
