package session

import (
	"bytes"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file is the measure stage: the only code of the package that looks at content before it is redacted. It sees
// values that are bounded in length, while their message is decoded, and lets out numbers, words from a fixed list and
// keyed hashes. Sizes, counts and the hashes of arguments and states are made by package framing, with a key that is
// random in each process.

// maxReason bounds the bytes seen of an error's text and of the reason of a cancellation.
const maxReason = 512

// errorTexts are the texts in a message that may tell the class of an error. They are the scanner's and valid only
// until the message is decoded: that a result is an error may be known only at its end.
type errorTexts struct {
	text    []byte         // the error's message, or the first text of a result
	status  []byte         // a task's status message
	content *framing.Value // the same as text, if it is to be captured
}

// measure finds the classes of the message's errors, and captures an error's text if that was asked for.
func (e *errorTexts) measure(m *Raw) {
	isError := m.Kind == framing.ErrorResponse || m.IsError
	switch {
	case m.Kind == framing.ErrorResponse:
		m.Class = classify(m.Code, e.text, record.Internal)
	case m.IsError:
		m.Class = classify("", e.text, record.ToolError)
	}
	if m.Extra != nil {
		e.measureTask(m.Extra)
	}
	if isError && e.content != nil {
		m.content().Error = copyPiece(e.content)
	}
}

// measureTask finds the class of the failure of a task.
func (e *errorTexts) measureTask(x *Extra) {
	switch {
	case x.Outcome.Code != "":
		x.Outcome.Class = classify(x.Outcome.Code, e.text, record.Internal)
	case x.Outcome.IsError:
		x.Outcome.Class = classify("", e.text, record.ToolError)
	case x.TaskStatus == taskFailed:
		x.Outcome.Class = classify("", e.status, record.ToolError)
	}
}

// codes are the error codes of JSON-RPC 2.0 (section 5.1) and of MCP's schemas with an agreed meaning. Those from
// -32020 to -32022 are of 2026-07-28: header mismatch, missing client capability, unsupported protocol version.
var codes = map[string]record.Class{
	"-32700": record.InvalidParams, "-32600": record.InvalidParams, "-32602": record.InvalidParams,
	"-32601": record.NotFound, "-32002": record.NotFound,
	"-32042": record.Authentication, // URL elicitation required (2025-11-25)
	"-32001": record.Timeout,        // the request timeout of the official SDKs
	"-1":     record.Permission,     // the user rejected a sampling request
	"-32020": record.InvalidParams, "-32021": record.InvalidParams, "-32022": record.InvalidParams,
}

// phrases are searched in an error's text, in order: the first that occurs gives the class. They are in lower case. No
// phrase is a word that is common in other texts ("not", "found", "time"). A status of HTTP counts only beside a word:
// a bare 404 may be a port or a count. Most errors of tools have no code, so the texts of errno, of HTTP libraries and
// of the official SDKs have to do.
var phrases = []struct {
	class record.Class
	any   []string
}{
	{record.RateLimited, []string{
		"rate limit", "ratelimit", "too many requests", "quota exceeded", "status 429", "code 429", "http 429",
		"429 too many", "throttl",
	}},
	{record.Authentication, []string{
		"unauthorized", "unauthenticated", "authentication", "invalid api key", "invalid token", "token expired",
		"expired token", "bad credentials", "invalid credentials", "not logged in", "login required", "status 401",
		"status code 401", "http 401",
	}},
	{record.Permission, []string{
		"permission denied", "forbidden", "access denied", "not permitted", "not allowed", "eacces", "eperm",
		"insufficient permission", "insufficient scope", "status 403", "status code 403", "http 403",
	}},
	{record.Timeout, []string{"timed out", "timeout", "deadline exceeded", "etimedout"}},
	{record.Cancelled, []string{"cancelled", "canceled", "aborted by", "aborterror"}},
	{record.Unavailable, []string{
		"econnrefused", "econnreset", "enotfound", "ehostunreach", "connection refused", "connection reset",
		"connection closed", "service unavailable", "temporarily unavailable", "bad gateway", "network is unreachable",
		"no such host", "fetch failed", "status 502", "status 503", "status 504", "status code 502", "status code 503",
		"status code 504",
	}},
	{record.NotFound, []string{
		"not found", "no such file", "enoent", "does not exist", "doesn't exist", "unknown tool", "unknown resource",
		"unknown prompt", "status 404", "status code 404", "http 404",
	}},
	{record.InvalidParams, []string{
		"invalid argument", "invalid param", "invalid input", "invalid request", "validation error", "input validation",
		"missing required", "required parameter", "is required", "must be a", "expected string", "expected number",
		"invalid_type", "zoderror", "bad request", "status 400", "status code 400",
	}},
	{record.Internal, []string{
		"internal error", "internal server error", "unhandled", "traceback", "stack trace", "nullpointer",
		"cannot read propert", "undefined is not", "panic:", "segmentation fault", "status 500", "status code 500",
	}},
}

// classify returns the class of an error: from its code if that has an agreed meaning, else from the first bytes of its
// text, else fallback.
func classify(code string, text []byte, fallback record.Class) record.Class {
	if c, ok := codes[code]; ok {
		return c
	}
	lower := bytes.ToLower(text[:min(len(text), maxReason)])
	defer clear(lower) // no content stays in memory for longer than it is needed
	for _, p := range phrases {
		for _, phrase := range p.any {
			if bytes.Contains(lower, []byte(phrase)) {
				return p.class
			}
		}
	}
	return fallback
}

// timedOut reports whether the reason of a cancellation reads like a timeout, as the TypeScript SDK's "Request timed
// out" does.
func timedOut(reason []byte) bool { return classify("", reason, record.Cancelled) == record.Timeout }
