package semconv

import (
	"slices"
	"strings"
)

// Attribute describes an attribute of spans and log records, for TELEMETRY.md. Those of metrics are listed with their
// instruments.
type Attribute struct {
	Key     string
	Type    string
	When    string // when it is set, and what it says
	Example string
}

const exampleID = "2f9c8e1e-57d6-4c5b-a3f1-0c1d6b1f0f5a"

// OperationAttributes returns the attributes of an operation's span, in the order in which they are documented.
func OperationAttributes() []Attribute {
	return slices.Concat(operationAttributes(), stallAttributes(), []Attribute{
		{IDMismatch, "boolean", "the response's id matched only loosely, such as \"7\" for 7", "true"},
	})
}

func operationAttributes() []Attribute {
	return []Attribute{
		{MethodName, "string",
			"always; `" + Other + "` in names of spans and on metrics if MCP does not define the method", "tools/call"},
		{ToolName, "string", "the operation is a tools/call", "get_forecast"},
		{PromptName, "string", "the operation concerns a prompt", "weekend_trip"},
		{OperationName, "string", "tools/call: always `execute_tool`", ExecuteTool},
		{Number, "int", "always: counts the session's requests, in both directions; `spanpipe show --operation` takes it", "12"},
		{RequestID, "string", "the request's id", "7"},
		{ProtocolVersion, "string",
			"the version that the request names, else the one agreed in initialize", "2025-11-25"},
		{Requested, "string",
			"initialize and server/discover: the version that the client asked for", "2026-07-28"},
		{SessionID, "string",
			"always: a random id of this process, since stdio has no session ids of its own", exampleID},
		{ServerName, "string", "the server's name, once it has sent one", "mcp-servers/everything"},
		{NetworkTransport, "string", "always `pipe`", TransportPipe},
		{JSONRPCVersion, "string", "only if it is not 2.0", "none"},
		{ErrorType, "string", "the operation failed: the JSON-RPC error code, or a word, see below", ErrTool},
		{StatusCode, "string", "the response is a JSON-RPC error", "-32602"},
		{ErrorClass, "string",
			"the response is an error, or there was no response: what went wrong, see below", "rate_limited"},
		{RequestSize, "int (By)", "always: the request's size on the wire, over all round trips", "118"},
		{ResponseSize, "int (By)", "it was answered: the response's size on the wire, over all round trips", "1420"},
		{RequestTokens, "int", "a model wrote or reads it: an estimate (±10 %) of the tokens of a call's arguments, or of what a " +
			"server asks a model", "31"},
		{ResponseTokens, "int", "it was answered with something that a model reads: the same of the result's text, or of a list's definitions. " +
			"Image and audio data is left out", "340"},
		{ResponseMedia, "int (By)", "the response has image, audio or other encoded data: its size", "48200"},
		{Wait, "double (s)",
			"it was answered in one round trip: end of the request to first byte of the response, " +
				"less the time in which the server waited for the user", "0.0312"},
		{Transfer, "double (s)", "it was answered in one round trip: first byte of the response to its last", "0.0004"},
		{RoundTrips, "int",
			"it took more than one request: retries with the user's input, requests about its task", "2"},
		{InputWait, "double (s)", "the server waited for the user: how long. The span covers this time, its metric does not",
			"4.1"},
		{TaskStatus, "string", "it started a task: the last status seen", "completed"},
		{ProgressCount, "int", "there was progress: how many notifications", "3"},
		{Batch, "boolean", "the request was in a JSON-RPC batch", "true"},
		{Ambiguous, "boolean",
			"another request with the same id was in flight: the responses may be swapped", "true"},
		{Resource, "string",
			"the request has a URI: the server's template that it matches, else its scheme if that is a known one, else `_OTHER`", "note://{id}"},
		{Hung, "boolean", "it was reported as not answered yet", "true"},
		{Undelivered, "boolean", "the receiver has not read the whole request", "true"},
		{Stall, "string", "it hung, or was cancelled, timed out or abandoned: where it was stuck, see below", "server_idle"},
	}
}

// stallAttributes returns what the verdict of spanpipe.stall rests on.
func stallAttributes() []Attribute {
	return []Attribute{
		{StallUnread, "int (By)", "what the server has not read of what was written to it", "182"},
		{StallBacklog, "int", "earlier requests that it has not read either", "2"},
		{StallPartial, "int (By)", "an answer has begun and not ended: what has come of it", "4096"},
		{StallQuiet, "double (s)", "likewise: the time since its last byte", "29.4"},
		{StallBlocked, "double (s)", "the answer could not be written, because it was not being read: for how long", "30"},
		{StallAsked, "string", "the server had asked the client for something: the method", "sampling/createMessage"},
		{StallOthers, "int", "other requests that were answered since this one came", "12"},
		{StallProcesses, "int", "the server's processes were looked at: how many there were", "3"},
		{StallStopped, "int", "those of them that were stopped, by a signal or a debugger", "1"},
		{StallRunning, "int", "those of them that ran, or waited for a disk", "1"},
		{StallChildren, "int", "those of them that were started since the request", "1"},
		{StallOver, "double (s)", "how long their CPU time was watched, up to the look", "29"},
		{StallCPU, "double (s)", "likewise: what they used", "0.02"},
		{StallBridge, "string", "the server runs elsewhere: the program that leads there, a name from a list", "docker"},
	}
}

// ContentAttributes returns the attributes that are set only if SPANPIPE_CAPTURE asks for them, each redacted and cut.
func ContentAttributes() []Attribute {
	return []Attribute{
		{ToolCallArguments, "string",
			"`arguments`: of tools/call", `{"to":"[redacted:email]","subject":"hello"}`},
		{ToolCallResult, "string",
			"`results`: of tools/call and tasks/result", `{"content":[{"type":"text","text":"sent"}]}`},
		{ErrorMessage, "string",
			"`errors`: the error's message, or the text of a result with isError; also the span's status description",
			"no mail of [redacted:email]"},
		{PromptVariable + "NAME", "string", "`prompts`: an argument of prompts/get", "warm"},
		{PromptResult, "string", "`prompts`: the response to prompts/get", `{"messages":[]}`},
		{SampleRequest, "string", "`prompts`: the messages of sampling/createMessage", `[{"role":"user"}]`},
		{SampleResult, "string", "`prompts`: the response to it", `{"role":"assistant"}`},
		{ResourceURI, "string", "`uris`: the request's URI", "mail://inbox/[redacted:email]"},
	}
}

// IsContent reports whether an attribute holds captured content: whether ContentAttributes lists it.
func IsContent(key string) bool {
	switch key {
	case ToolCallArguments, ToolCallResult, ErrorMessage, PromptResult, SampleRequest, SampleResult, ResourceURI:
		return true
	}
	return strings.HasPrefix(key, PromptVariable)
}

// SessionAttributes returns the attributes of the session's span.
func SessionAttributes() []Attribute {
	return []Attribute{
		{NetworkTransport, "string", "always `pipe`", TransportPipe},
		{ProtocolVersion, "string", "the version agreed, or named by the client", "2025-11-25"},
		{Requested, "string", "the version that the client asked for last", "2026-07-28"},
		{SessionID, "string", "as for operations", exampleID},
		{ClientName, "string", "the client's name, if it has sent one", "claude-desktop"},
		{ClientVersion, "string", "likewise its version", "1.4.0"},
		{ServerName, "string", "the server's name, if it has sent one", "mcp-servers/everything"},
		{ServerVersion, "string", "likewise its version", "2.0.0"},
		{SessionUntil, "string", "always: what the span covers, which is the start of the session and not its length: until " +
			"`first_response`, `silence` (5 seconds without one), `next_trace` or `session_end`", UntilFirstResponse},
	}
}

// ResourceAttributes returns the attributes of the resource, which all signals of a session share. OpenTelemetry's variables
// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES set and add others.
func ResourceAttributes() []Attribute {
	return []Attribute{
		{"service.name", "string", "always: the server's package, or else its program's name", "server-everything"},
		{"service.instance.id", "string", "always: a random id of this process", exampleID},
		{"telemetry.sdk.name", "string", "always, as `telemetry.sdk.language` and `telemetry.sdk.version`", "opentelemetry"},
		{"telemetry.distro.name", "string", "always `spanpipe`, with `telemetry.distro.version`", "spanpipe"},
		{ClientRun, "string", "with the sink `local` or a `SPANPIPE_HASH_KEY_FILE`: the same for all servers that one start of a client has started, a hash of the " +
			"client's process id and start time under the key. None if a person or a service manager has started spanpipe",
			"9a4f0c51d27be863"},
		{ClientSession, "string", "likewise, if the client passes an id of its own session, as Claude Code and Copilot CLI do: " +
			"a hash of it under the key", "41d0b7a2c9e35f86"},
		{User, "string", "`SPANPIPE_USER` is `hash`: a hash of the account under the key, the same for all sessions of one account",
			"b7c1f9e0328a5d46"},
	}
}

// FailureAttributes returns the attributes that the session's span has as well if the server has failed.
func FailureAttributes() []Attribute {
	return []Attribute{
		{ErrorType, "string", "unless the client had acted first: `" + ErrServerExit + "` or `" + ErrNotStarted + "`", ErrServerExit},
		{ExitCause, "string", "always: what ended the session", "server_ended"},
		{Exit, "string", "always: how the server exited", "code"},
		{ExitCode, "string", "its exit code, unless a signal killed it", "1"},
		{Signal, "string", "the signal that killed it", "SIGSEGV"},
		{InFlight, "boolean", "always: whether operations were waiting for their responses", "true"},
	}
}

// Word is a value out of a closed set, with its meaning.
type Word struct{ Value, Meaning string }

// ErrorTypes returns the words that error.type can have besides a JSON-RPC error code.
func ErrorTypes() []Word {
	return []Word{
		{ErrTool, "the result has isError true"},
		{ErrTask, "the task that the request started has failed"},
		{ErrTimeout, "the requester gave up waiting and cancelled"},
		{ErrCancelled, "the requester cancelled"},
		{ErrAbandoned, "the session ended before the response came: the client ended it, or owed the response"},
		{ErrServerExit, "the server ended while it owed the response; of a session: it ended before the client did"},
		{ErrNotStarted, "of a session: the server could not be started"},
		{ErrExpired, "it was open for a day, or it was the oldest of more than 2,000 open operations"},
		{Other, "a JSON-RPC error without a code"},
	}
}

// Stalls returns the words of spanpipe.stall: where an operation is stuck. The first that is true counts.
func Stalls() []Word {
	return []Word{
		{"client_not_reading", "what the server has written is not being read, for a second at least: the client hangs, or is suspended"},
		{"answer_incomplete", "the beginning of an answer has come, and not its end"},
		{"server_stopped", "a process of the server is stopped, by a signal or a debugger"},
		{"starting", "the server has answered nothing yet, and has not read the request or is at work"},
		{"server_not_reading", "the request is still in the server's input; or, of a request of the server's own, the client's answer is"},
		{"server_waiting_for_client", "the server has asked the client for something during this request, and has no answer"},
		{"bridge_remote", "the server runs elsewhere, behind docker, ssh, mcp-remote or the like: idle local processes prove nothing"},
		{"waiting_for_child", "a process that the server has started since the request still runs"},
		{"server_busy", "the server's processes use the CPU, for 1 % of the time and 50 ms at least"},
		{"server_idle", "the server has read the request, and its processes use less than 1 % of the time or 20 ms"},
		{"client_gave_up", "nothing of this is known, and the client cancelled, stopped waiting or left"},
		{"answered_late", "on a late answer and its metric: the answer came after the client had stopped waiting"},
		{"unknown", "it hangs, and nothing of this is known"},
	}
}

// LossReasons returns the words of spanpipe.reason: what was lost, and why.
func LossReasons() []Word {
	return []Word{
		{LostMessage, "a message, before it became a record: the relay was faster than the consumer, or there was no time left at the end"},
		{LostContent, "likewise a piece of captured content, or a line of stderr"},
		{LostSpan, "a span that was not sent: the collector was slower than the session, refused it, or was down"},
		{LostLogRecord, "likewise a log record"},
		{LostConsoleLine, "a line of the console: stderr was not read"},
		{LostStoredSpan, "a span that the local store could not keep: the disk was full or too slow, or the directory was gone"},
		{LostStoredLogRecord, "likewise a log record"},
		{LostMeasurement, "a value of a metric rule whose message was too large, came too fast or too early, or which a counter does not take"},
	}
}
