package semconv

// ViolationKind describes a way to break the protocol: a value of spanpipe.violation.kind. The kinds are those things on
// the wire that an official SDK rejects, ignores or drops, so that a call that looks fine there fails for the user.
type ViolationKind struct {
	Kind   string
	Level  string // of the log record, as slog names it: WARN where clients or servers are known to break on it
	Cause  string // what is wrong, unless the record gives a more precise reason
	Effect string // what SDKs do, or where it was seen
	Remedy string // what to do about it
}

// Hint returns what to do about a violation in the given direction. Text on the server's stdin is the client's.
func (v ViolationKind) Hint(direction string) string {
	if v.Remedy == stdoutHint && direction != "to_client" {
		return ""
	}
	return v.Remedy
}

// The hints for text that one side writes to the other and that is no message.
const (
	stdoutHint  = "a stdio server may write nothing but JSON-RPC messages to stdout; logs belong on stderr"
	framingHint = "this is not newline-delimited JSON-RPC; the bytes pass, but nothing can be measured"
	schemaHint  = "strict clients check every member by the schema of MCP: leave out what is absent, never send null"
)

var violations = []ViolationKind{
	{"noise", "WARN", "a line of text that is not JSON",
		"receivers report a parse error for each line; some drop the connection (modelcontextprotocol/servers#3173)", stdoutHint},
	{"invalid_json", "WARN", "a line that begins like JSON and is not",
		"the message is lost, and its request is never answered",
		"a message is one line of JSON: write no line break inside it, and nothing else on its line"},
	{"not_jsonrpc", "WARN", "JSON that is not a JSON-RPC message",
		"dropped; a request that it was meant to answer waits for ever (elastic/mcp-server-elasticsearch#270)", stdoutHint},
	{"foreign_framing", "WARN", "a Content-Length or HTTP header",
		"neither side understands the other (modelcontextprotocol/python-sdk#2546)", framingHint},
	{"byte_order_mark", "WARN", "a byte order mark before the message",
		"JSON parsers reject it, and the message is lost (modelcontextprotocol/typescript-sdk#2796)",
		"write UTF-8 without a byte order mark: in .NET new UTF8Encoding(false), in PowerShell utf8NoBOM"},
	{"jsonrpc_version", "WARN", "the jsonrpc member is missing or not \"2.0\"",
		"the SDKs for TypeScript, Python and Go reject the message", "every message needs \"jsonrpc\":\"2.0\", as a string"},
	{"batch", "WARN", "a JSON-RPC batch outside of protocol version 2025-03-26",
		"SDKs of other versions reject the whole line, and none of its requests is answered", "send each message in a line of its own"},
	{"null_id", "WARN", "an id that is neither a string nor an integer",
		"receivers drop the message: the request it belongs to waits for ever",
		"answer with exactly the id of the request: same value, same type"},
	{"missing_id", "WARN", "a request without an id",
		"it is taken for a notification: never answered", "give every request an id; only methods below notifications/ have none"},
	{"notification_id", "WARN", "a notification with an id",
		"it is taken for a request: the receiver answers with an error, or the sender waits for an answer",
		"leave out the id of a notification, also when it is null"},
	{"duplicate_id", "WARN", "an id that a request in flight already has",
		"one of the two is never answered, or both get the other's answer (anthropics/claude-ai-mcp#539)",
		"give each request an id of its own"},
	{"id_mismatch", "WARN", "an answer with the id in another type or spelling than the request's",
		"most SDKs compare ids exactly and drop the answer (modelcontextprotocol/python-sdk#961)",
		"answer with exactly the id of the request: same value, same type"},
	{"orphan_response", "WARN", "an answer to no request that is open",
		"SDKs drop it; if it was meant for a request, that waits for ever (radareorg/radare2-mcp#68)",
		"answer with exactly the id of the request, once, and never answer a notification"},
	{"late_response", "INFO", "an answer to a request that was cancelled or given up",
		"ignored; the two may have crossed", ""},
	{"late_progress", "WARN", "progress for a request that has ended",
		"the SDK for TypeScript reports an error, on which clients drop the connection (GLips/Figma-Context-MCP#362)",
		"send no progress after the answer: wait for the last notification to be written before answering"},
	{"unknown_progress", "WARN", "progress with a token that no request has given",
		"as above (twentyhq/twenty#24559)", "use exactly the _meta.progressToken of the request; without one send no progress"},
	{"invalid_response", "WARN", "an answer that is not one result or one error object",
		"schemas of the SDKs reject it, and its request waits for ever (modelcontextprotocol/rust-sdk#1283)",
		"send either result or error, not both; an error is an object with an integer code and a message"},
	{"invalid_result", "WARN", "a result that does not fit MCP's schema",
		"the client rejects the result: the call fails, or the whole list is missing (gensecaihq/Wazuh-MCP-Server#75)", schemaHint},
	{"invalid_params", "WARN", "parameters that do not fit MCP's schema",
		"the receiver rejects a request, or drops a notification without a word", schemaHint},
	{"stuck_cursor", "WARN", "a page of a list whose next cursor leads back to it, or to an earlier page",
		"a client that follows it never comes to the end (DeusData/codebase-memory-mcp#1247)",
		"leave out nextCursor on the last page"},
	{"initialize_refused", "WARN", "the server refuses to initialize",
		"the client gives up, or tries an older version (stimmtdigital/craft-mcp#14)",
		"a server should answer with a version that it supports instead of an error"},
	{"unsupported_version", "WARN", "the server answers with a version that the client cannot know",
		"clients disconnect (jonnyzzz/mcp-steroid#482)", "answer with the version asked for, or an older one of MCP's"},
	{"version_mismatch", "INFO", "the server answers with an older version than the client has asked for",
		"normal, but a client that has dropped the older version disconnects", ""},
	{"not_initialized", "WARN", "a request before notifications/initialized",
		"the SDKs for Python, Go and Rust reject it", "send notifications/initialized after the answer to initialize, and then requests"},
	{"server_request", "WARN", "a request by the server in a version without such requests",
		"since 2026-07-28 clients do not answer requests", "return a result with resultType input_required instead"},
}

// Violations returns the kinds of violations, in the order in which they are documented.
func Violations() []ViolationKind { return append([]ViolationKind(nil), violations...) }

// ViolationOf returns the description of a kind.
func ViolationOf(kind string) ViolationKind {
	for _, v := range violations {
		if v.Kind == kind {
			return v
		}
	}
	return ViolationKind{Kind: kind, Level: "WARN"}
}
