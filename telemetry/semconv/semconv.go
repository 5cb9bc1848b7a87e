// Package semconv holds every name that spanpipe's telemetry uses: spans, attributes, metrics, log records, and the
// closed sets of words that attributes may hold.
//
// The names under mcp., gen_ai., jsonrpc., rpc., network. and error. are OpenTelemetry's, from the semantic conventions
// for MCP (open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md, status: development). They live here and not
// in an imported package because Go's semconv packages dropped the MCP and GenAI names after v1.41.0. Names under
// spanpipe. are our own, for what the conventions have no name for.
//
// It is the only source of names: TELEMETRY.md's tables are generated from it, and a test fails when they differ. A new
// metric is one row in instruments.go and the line in package otel that records it.
//
// It imports the standard library alone, so that the state machine in telemetry/session can share its words.
//
// No package of this module is a public API before version 1.0.
package semconv

import (
	"slices"
	"time"
)

// Attributes of operations, as OpenTelemetry names them. What each one means, and when a span has it, stands in
// TELEMETRY.md; the names without a comment here say it.
const (
	MethodName        = "mcp.method.name"
	ProtocolVersion   = "mcp.protocol.version"
	ResourceURI       = "mcp.resource.uri"
	ToolName          = "gen_ai.tool.name"
	PromptName        = "gen_ai.prompt.name"
	OperationName     = "gen_ai.operation.name"
	ToolCallArguments = "gen_ai.tool.call.arguments"
	ToolCallResult    = "gen_ai.tool.call.result"
	PromptVariable    = "gen_ai.prompt.variable." // and the variable's name
	RequestID         = "jsonrpc.request.id"
	JSONRPCVersion    = "jsonrpc.protocol.version"
	// StatusCode is to become rpc.status_code in a later version of the conventions.
	StatusCode       = "rpc.response.status_code"
	ErrorType        = "error.type"
	NetworkTransport = "network.transport"
	User             = "enduser.pseudo.id" // of the resource
)

// Values of OpenTelemetry's attributes.
const (
	ExecuteTool   = "execute_tool" // gen_ai.operation.name of tools/call
	TransportPipe = "pipe"         // network.transport of stdio
	Other         = "_OTHER"       // a name outside the bounded set, or an error without a better word
)

// Values of error.type besides JSON-RPC error codes. The set is closed, as the conventions ask: a value is a dimension
// of metrics.
const (
	ErrTool       = "tool_error"  // a result with isError true, as the conventions say
	ErrTimeout    = "timeout"     // the requester gave up waiting and cancelled
	ErrCancelled  = "cancelled"   // the requester cancelled
	ErrAbandoned  = "abandoned"   // the session ended before the response came, and it was not server_exit
	ErrServerExit = "server_exit" // the server ended while it owed the response, or the session
	ErrNotStarted = "not_started" // of a session: the server could not be started
	ErrExpired    = "expired"     // given up after a day, or to make room in the bounded table of open operations
	ErrTask       = "task_failed" // the task that the request started ended in failure
)

// Attributes of our own. Those that end in size are in bytes. Operation attributes that are metrics' names as well have
// the same unit and meaning there.
const (
	Number       = "spanpipe.operation.number" // of the session's requests, in both directions, from 1
	Parent       = "spanpipe.operation.parent" // the number of the operation during which it was started
	Hung         = "spanpipe.operation.hung"   // it was reported as not answered yet
	Stall        = "spanpipe.stall"            // where an operation is stuck that is not answered in time
	RequestSize  = "spanpipe.operation.request.size"
	ResponseSize = "spanpipe.operation.response.size"

	// Estimates: never under names of gen_ai.usage, which are the provider's count.
	RequestTokens  = "spanpipe.operation.request.tokens_estimated"  //nolint:gosec // not a credential
	ResponseTokens = "spanpipe.operation.response.tokens_estimated" //nolint:gosec // not a credential
	ResponseMedia  = "spanpipe.operation.response.media.size"       // image and audio data, which are no tokens

	Wait          = "spanpipe.operation.wait"     // s, request's last byte to response's first, less InputWait
	Transfer      = "spanpipe.operation.transfer" // s, response's first byte to its last
	RoundTrips    = "spanpipe.operation.round_trips"
	InputWait     = "spanpipe.operation.input_wait" // s, time in which the server waited for the user
	Ambiguous     = "spanpipe.operation.ambiguous"  // more than one request with this id was in flight
	IDMismatch    = "spanpipe.operation.id_mismatch"
	Undelivered   = "spanpipe.operation.undelivered" // the receiver has not read the whole request
	ErrorClass    = "spanpipe.error.class"
	ProgressCount = "spanpipe.operation.progress.count"
	TaskStatus    = "spanpipe.task.status"
	Batch         = "spanpipe.batch"
	SessionID     = "spanpipe.session.id" // not mcp.session.id, which is what an HTTP header carries: stdio has none
	Requested     = "spanpipe.protocol.requested_version"
	ClientName    = "spanpipe.client.name"
	ClientVersion = "spanpipe.client.version"
	ClientRun     = "spanpipe.client.run"     // of the resource: groups the servers of one client
	ClientSession = "spanpipe.client.session" // likewise, by the client's own id for its session
	ServerName    = "spanpipe.server.name"
	ServerVersion = "spanpipe.server.version"
	SessionUntil  = "spanpipe.session.until" // what has ended the session's span, see below
	Direction     = "spanpipe.direction"     // to_server, to_client
	Kind          = "spanpipe.message.kind"  // request, notification, response, error, other
	Phase         = "spanpipe.startup.phase" // process, handshake, tools
	LossReason    = "spanpipe.reason"        // of a loss
	Violation     = "spanpipe.violation.kind"
	Exit          = "spanpipe.exit.reason" // ok, code, signal, not_started
	ExitCode      = "spanpipe.exit.code"   // as text
	Signal        = "spanpipe.exit.signal"
	ExitCause     = "spanpipe.exit.cause"     // server_ended, not_started, client_left, signaled, host_died
	InFlight      = "spanpipe.exit.in_flight" // operations were waiting for their responses
	Resource      = "spanpipe.resource"       // a URI template of the server, or a scheme
	FromTool      = "spanpipe.tool.from"
	ToTool        = "spanpipe.tool.to"
	ErrorMessage  = "spanpipe.error.message"     // redacted; only if captured
	PromptResult  = "spanpipe.prompt.result"     // likewise
	SampleRequest = "spanpipe.sampling.messages" // likewise
	SampleResult  = "spanpipe.sampling.result"   // likewise
	Anomaly       = "spanpipe.anomaly.kind"

	DefinitionChange = "spanpipe.definition.change" // added, removed, changed, renamed
	DefinitionKind   = "spanpipe.definition.kind"   // tool, prompt, resource_template, instructions
	DefinitionName   = "spanpipe.definition.name"
	DefinitionOld    = "spanpipe.definition.old_name"
	DefinitionParts  = "spanpipe.definition.parts"  // words, separated by commas
	DefinitionUnlike = "spanpipe.definition.pinned" // true: it is not what was accepted

	CPUMode = "cpu.mode" // user, system: OpenTelemetry's
)

// Attributes of what a verdict rests on. Sizes are in bytes, times in seconds.
const (
	StallUnread    = "spanpipe.stall.unread"    // that the answerer has not read
	StallBacklog   = "spanpipe.stall.backlog"   // earlier requests that it has not read either
	StallPartial   = "spanpipe.stall.partial"   // of an answer that has begun
	StallQuiet     = "spanpipe.stall.quiet"     // since the last byte of it
	StallBlocked   = "spanpipe.stall.blocked"   // how long the answer cannot be written
	StallAsked     = "spanpipe.stall.asked"     // the method of the server's own open request
	StallOthers    = "spanpipe.stall.others"    // other requests that were answered meanwhile
	StallProcesses = "spanpipe.stall.processes" // of the server
	StallStopped   = "spanpipe.stall.stopped"   // those that are stopped
	StallRunning   = "spanpipe.stall.running"   // those that run
	StallChildren  = "spanpipe.stall.children"  // those that were started since the request
	StallCPU       = "spanpipe.stall.cpu"       // that they used
	StallOver      = "spanpipe.stall.over"      // in this time
	StallBridge    = "spanpipe.stall.bridge"    // the program that leads to the server
	StallLate      = "spanpipe.stall.late"      // how late an answer came
)

// Values of spanpipe.reason.
const (
	LostMessage         = "message"
	LostContent         = "content"
	LostSpan            = "span"
	LostLogRecord       = "log_record"
	LostConsoleLine     = "console_line"
	LostStoredSpan      = "stored_span"
	LostStoredLogRecord = "stored_log_record"
	LostMeasurement     = "measurement" // of a metric rule
)

// Names of spans and events that are not a method.
const (
	SessionSpan   = "mcp.session"
	SessionFailed = "mcp.session.failed" // a span of no duration, see package otel
	ProgressEvent = "progress"
	InputEvent    = "input_required"
	RetryEvent    = "retry"
	TaskEvent     = "task"
)

// Values of spanpipe.session.until.
const (
	UntilFirstResponse = "first_response" // of the server
	UntilSilence       = "silence"        // the server had not answered for 5 seconds
	UntilNextTrace     = "next_trace"     // the span only starts another trace of the session
	UntilSessionEnd    = "session_end"    // the session was that short
)

// versions are those of MCP. The first was never a release, but SDKs accept it.
var versions = []string{"2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

// KnownVersion reports whether a version is one of MCP's.
func KnownVersion(protocol string) bool { return slices.Contains(versions, protocol) }

// IsVersion reports whether a text has the form of a version of MCP, which is a date.
func IsVersion(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// HasSessions reports whether a version of the protocol has sessions: 2026-07-28 and later ones are stateless. Versions
// are dates. A peer can name any text as its version, and a text that is not a date is not taken for a late one.
func HasSessions(protocol string) bool {
	return !IsVersion(protocol) || protocol < "2026-07-28"
}
