package session

import "bytes"

// Class is the kind of an error in a closed set of words, for the question "what goes wrong".
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

// codes are those of JSON-RPC and MCP whose meaning is agreed.
var codes = map[string]Class{
	"-32700": InvalidParams, "-32600": InvalidParams, "-32602": InvalidParams,
	"-32601": NotFound, "-32002": NotFound,
	"-32042": Authentication, // URL elicitation required (2025-11-25)
	"-32001": Timeout,        // the request timeout of the official SDKs
	"-1":     Permission,     // the user rejected a sampling request
	"-32020": InvalidParams, "-32021": InvalidParams, "-32022": InvalidParams,
}

// phrases are looked for in an error's text, in order: the first that occurs gives the class. They are in lower case, and
// chosen so that a word that is common in other texts ("not", "found", "time") never decides alone.
var phrases = []struct {
	class Class
	any   [][]byte
}{
	{RateLimited, words(
		"rate limit", "ratelimit", "too many requests", "quota exceeded", "status 429", "code 429", "http 429",
		"429 too many", "throttl",
	)},
	{Authentication, words(
		"unauthorized", "unauthenticated", "authentication", "invalid api key", "invalid token", "token expired",
		"expired token", "bad credentials", "invalid credentials", "not logged in", "login required", "status 401",
		"status code 401", "http 401",
	)},
	{Permission, words(
		"permission denied", "forbidden", "access denied", "not permitted", "not allowed", "eacces", "eperm",
		"insufficient permission", "insufficient scope", "status 403", "status code 403", "http 403",
	)},
	{Timeout, words("timed out", "timeout", "deadline exceeded", "etimedout")},
	{Cancelled, words("cancelled", "canceled", "aborted by", "aborterror")},
	{Unavailable, words(
		"econnrefused", "econnreset", "enotfound", "ehostunreach", "connection refused", "connection reset",
		"connection closed", "service unavailable", "temporarily unavailable", "bad gateway", "network is unreachable",
		"no such host", "fetch failed", "status 502", "status 503", "status 504", "status code 502", "status code 503",
		"status code 504",
	)},
	{NotFound, words(
		"not found", "no such file", "enoent", "does not exist", "doesn't exist", "unknown tool", "unknown resource",
		"unknown prompt", "status 404", "status code 404", "http 404",
	)},
	{InvalidParams, words(
		"invalid argument", "invalid param", "invalid input", "invalid request", "validation error", "input validation",
		"missing required", "required parameter", "is required", "must be a", "expected string", "expected number",
		"invalid_type", "zoderror", "bad request", "status 400", "status code 400",
	)},
	{Internal, words(
		"internal error", "internal server error", "unhandled", "traceback", "stack trace", "nullpointer",
		"cannot read propert", "undefined is not", "panic:", "segmentation fault", "status 500", "status code 500",
	)},
}

func words(s ...string) [][]byte {
	out := make([][]byte, len(s))
	for i := range s {
		out[i] = []byte(s[i])
	}
	return out
}

// classify finds the class of an error from its code, and where that says little, from the first bytes of its text. The text
// is only looked at. What neither tells is of the class otherwise.
func classify(code string, text []byte, otherwise Class) Class {
	if c, ok := codes[code]; ok {
		return c
	}
	var buf [maxReason]byte
	lower := buf[:copy(buf[:], text)]
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	defer clear(lower)
	for _, p := range phrases {
		for _, w := range p.any {
			if bytes.Contains(lower, w) {
				return p.class
			}
		}
	}
	return otherwise
}

// timedOut says whether a cancellation's reason reads as a client that gave up waiting, as "Request timed out" of the
// TypeScript SDK does.
func timedOut(reason []byte) bool { return classify("", reason, Cancelled) == Timeout }
