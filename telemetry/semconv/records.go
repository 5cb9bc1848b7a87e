package semconv

import "slices"

// Record describes a log record. A record has the trace and span id of the operation that it is about, if there is a
// span. Package otel writes the message at a level of its own choice; the other fields are for TELEMETRY.md, and tests
// compare them with what is written.
type Record struct {
	Message    string
	Event      string   // its name: OpenTelemetry's EventName, and "event" in lines of JSON
	Level      string   // as slog names them
	When       string   // when there is one, and what it says
	Attributes []string // the keys that it may have, in the order of the example
	Example    string   // its attributes, in that order
	Repeats    bool     // it says what a span says as well, so that the local store leaves it out
	Local      bool     // it is in the local store alone
}

// Attributes that only log records have. They are short, since the program's own log shows them on stderr, and they
// cannot be mistaken for OpenTelemetry's, which all have a namespace.
const (
	Duration        = "duration" // s
	Data            = "data"     // what the server said, redacted
	Logger          = "logger"   // the server's name for the part of it that logged the message
	Size            = "size"     // By
	ViolationReason = "reason"
	Sent            = "sent"      // the id or token in a message, as in JSON
	Awaited         = "awaited"   // the ids that were expected instead
	Supported       = "supported" // versions that a server names when it refuses one
	Hint            = "hint"      // what the user can do
	Seen            = "seen"      // in the unit
	Usual           = "usual"     // likewise
	Unit            = "unit"
	Side            = "side"     // of a size: request, response
	From            = "from"     // the call before an unusual one
	Since           = "since"    // the day since when it is known what is usual
	Sessions        = "sessions" // in how many sessions that was seen
	Calls           = "calls"    // of tools, prompts and resources, that have ended
	Failures        = "failures" // operations, so that it is seen if the handshake fails

	DefinitionSince  = "since"    // when it was first seen as it is now, RFC 3339
	DefinitionPinned = "accepted" // true: it is not what was accepted

	Event = "event" // of a line of JSON: what OTLP has as EventName

	P95 = "p95" // s, 95th percentile of the durations of answered calls
)

// commonRecord holds the attributes of every record: the session's id, and the server's name and version once it has sent
// them. Records of several servers are often stored together.
var commonRecord = []string{SessionID, ServerName, ServerVersion}

// The ends of examples: of a session whose server has not named itself, and of one whose server has.
const (
	commonExample = " " + SessionID + "=" + exampleID
	namedExample  = commonExample + " " + ServerName + "=test-server " + ServerVersion + "=2.0}"
)

// operationRecord holds the attributes that identify an operation and say how long it has taken.
var operationRecord = []string{MethodName, Direction, ToolName, PromptName, RequestID, Duration}

// stallEvidence holds what a verdict rests on.
var stallEvidence = []string{
	StallUnread, StallBacklog, StallPartial, StallQuiet, StallBlocked, StallAsked, StallOthers, StallProcesses, StallStopped,
	StallRunning, StallChildren, StallOver, StallCPU, StallBridge,
}

// The log records. Each also has the attributes of commonRecord.
var (
	SessionStarted = Record{
		Message: "session started", Event: "spanpipe.session.started", Level: "INFO",
		When: "the server has answered for the first time, or has not within 5 seconds; " +
			"its time is that of the start of the server's process",
		Attributes: []string{ProtocolVersion, ClientName, ClientVersion},
		Example: "{mcp.protocol.version=2025-11-25 spanpipe.client.name=test-client " +
			"spanpipe.client.version=1.0" + namedExample,
	}
	SessionEnded = Record{
		Message: "session ended", Event: "spanpipe.session.ended", Level: "INFO, or WARN if the server has failed",
		When: "the server's process has ended: how long it has run, how many calls of tools, prompts and resources it has had " +
			"and what 95 of 100 of them took at most, how many operations have failed, who ended it, and how it exited; " +
			"or it could not be started, and why",
		Attributes: []string{
			Duration, Calls, Failures, P95, ErrorType, ExitCause, Exit, ExitCode, Signal, InFlight, ViolationReason,
		},
		Example: "{duration=2.2 calls=21 failures=5 p95=0.3 error.type=server_exit " +
			"spanpipe.exit.cause=server_ended spanpipe.exit.reason=signal spanpipe.exit.signal=SIGSEGV spanpipe.exit.in_flight=true" + namedExample,
	}
	OperationStarted = Record{
		Message: "operation started", Event: "spanpipe.operation.started", Level: "DEBUG", Repeats: true,
		When:       "a request was read",
		Attributes: []string{MethodName, Direction, ToolName, PromptName, RequestID},
		Example: "{mcp.method.name=tools/call spanpipe.direction=to_server gen_ai.tool.name=fetch " +
			"jsonrpc.request.id=4" + namedExample,
	}
	OperationOpen = Record{
		Message: "operation open", Event: "spanpipe.operation.open", Level: "INFO", Local: true,
		When: "in the local store alone: an operation has been open for a second; " +
			"its time is that of the operation's start, its span is written at the end",
		Attributes: []string{MethodName, Direction, ToolName, PromptName, RequestID, Number, Parent, RequestSize},
		Example: "{mcp.method.name=tools/call spanpipe.direction=to_server gen_ai.tool.name=store jsonrpc.request.id=i " +
			"spanpipe.operation.number=4 spanpipe.operation.request.size=89" + namedExample,
	}
	OperationFinished = Record{
		Message: "operation finished", Event: "spanpipe.operation.finished", Level: "INFO", Repeats: true,
		When: "an operation has ended, with or without success",
		Attributes: append(operationRecord[:len(operationRecord):len(operationRecord)],
			ResponseSize, ErrorType, StatusCode, ErrorClass, ErrorMessage),
		Example: "{mcp.method.name=tools/call spanpipe.direction=to_server gen_ai.tool.name=fetch " +
			"jsonrpc.request.id=4 duration=0.1 spanpipe.operation.response.size=109 error.type=tool_error " +
			"spanpipe.error.class=rate_limited spanpipe.error.message=429 Too Many Requests" + namedExample,
	}
	OperationHangs = Record{
		Message: "operation has not been answered yet", Event: "spanpipe.operation.hanging", Level: "WARN",
		When: "an operation has been open for `SPANPIPE_HANG_AFTER`, " +
			"and again each time that period doubles; time in which the user is asked does not count",
		Attributes: slices.Concat(operationRecord, []string{Hint, Stall}, stallEvidence),
		Example: "{mcp.method.name=tools/call spanpipe.direction=to_server gen_ai.tool.name=store " +
			"jsonrpc.request.id=i duration=30 spanpipe.stall=server_idle spanpipe.stall.processes=1" + namedExample,
	}
	StreamBlocked = Record{
		Message: "what was written is not being read", Event: "spanpipe.stream.blocked", Level: "WARN",
		When: "the server has not read its stdin, or the client its end, for `SPANPIPE_HANG_AFTER`, and again each time that " +
			"has doubled; if it is known which call that delays, that is reported as not answered yet",
		Attributes: []string{Direction, Duration, Hint},
		Example: "{spanpipe.direction=to_server duration=1 hint=the server does not read its stdin: it hangs, or waits for " +
			"something else" + namedExample,
	}
	UnusualCall = Record{
		Message: "unusual call", Event: "spanpipe.call.unusual", Level: "INFO, or WARN if it stands out from earlier sessions",
		When: "a call stands out from the session's own past, or from the server's earlier sessions: what was seen, and what " +
			"had been usual, since when and in how many sessions; see docs/anomalies.md",
		Attributes: []string{Anomaly, ToolName, PromptName, Resource, Seen, Usual, Unit, Side, From, Since, Sessions},
		Example: "{spanpipe.anomaly.kind=size_outlier gen_ai.tool.name=search seen=1048636 usual=160 unit=By " +
			"side=response" + commonExample + "}",
	}
	DefinitionDiffers = Record{
		Message: "definition changed", Event: "spanpipe.definition.changed", Level: "WARN, or INFO if it was only added or removed and nothing was accepted, and from the 6th of a session on",
		When: "a tool, prompt, resource template or the instructions are not what they were when the server was used before, earlier " +
			"in the session, or when they were accepted: which, in which parts, and since when; its text is not in it",
		Attributes: []string{
			DefinitionChange, DefinitionKind, DefinitionName, DefinitionOld, DefinitionParts, DefinitionSince, DefinitionPinned, Hint,
		},
		Example: "{spanpipe.definition.change=changed spanpipe.definition.kind=resource_template " +
			"spanpipe.definition.name=note://{id} spanpipe.definition.parts=other since=2026-11-25T10:00:02Z " +
			"hint=look at what the server says now before you go on; spanpipe definitions lists changes, --accept pins" + namedExample,
	}
	UnexpectedMessage = Record{
		Message: "unexpected message; reported once for each kind", Event: "spanpipe.message.unexpected", Level: "WARN, or INFO where it does no harm",
		When: "something on the wire was not allowed by the protocol; " +
			"`spanpipe.protocol.violations` counts every occurrence; the kinds are listed below",
		Attributes: []string{
			Violation, Direction, MethodName, Sent, Awaited, Requested, ProtocolVersion, Supported, Size, ViolationReason, Hint,
		},
		Example: "{spanpipe.violation.kind=noise spanpipe.direction=to_client size=34 " +
			"reason=a line of text that is not JSON hint=a stdio server may write " +
			"nothing but JSON-RPC messages to stdout; logs belong on stderr" + namedExample,
	}
	LateAnswer = Record{
		Message: "late answer", Event: "spanpipe.answer.late", Level: "INFO",
		When: "a response came to a request that had been cancelled or given up; a violation that is reported each time, " +
			"since it tells how late each answer was",
		Attributes: []string{Violation, Direction, MethodName, Number, Stall, StallLate, Sent, Size, ViolationReason},
		Example: "{spanpipe.violation.kind=late_response spanpipe.direction=to_client mcp.method.name=tools/call " +
			"spanpipe.operation.number=5 spanpipe.stall=answered_late spanpipe.stall.late=0.001 sent=\"late\" size=53 " +
			"reason=an answer to a request that was cancelled or given up" + namedExample,
	}
	ServerMessage = Record{
		Message: "server message", Event: "spanpipe.server.message", Level: "that of the server's message",
		When:       "`SPANPIPE_CAPTURE` has `messages`: the server has sent a notifications/message",
		Attributes: []string{Data, Logger},
		Example:    `{data="slow query" logger=db` + namedExample,
	}
	ServerStderr = Record{
		Message: "server stderr", Event: "spanpipe.server.stderr", Level: "INFO",
		When: "`SPANPIPE_CAPTURE` has `stderr`: the server has written a line to stderr; " +
			"sent to the collector only, since the line itself is passed on",
		Attributes: []string{Data},
		Example:    "{data=listening on the usual port" + namedExample,
	}
)

// Records returns all records, in the order in which they are documented.
func Records() []Record {
	all := []Record{
		SessionStarted, SessionEnded, OperationStarted, OperationOpen, OperationFinished, OperationHangs, StreamBlocked,
		UnusualCall, DefinitionDiffers, UnexpectedMessage, LateAnswer, ServerMessage, ServerStderr,
	}
	for i := range all {
		all[i].Attributes = slices.Concat(all[i].Attributes, commonRecord)
	}
	return all
}
