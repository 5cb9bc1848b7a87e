package redact

import "strings"

// isPlaceholder tells values that stand for a secret and are none: empty, stars, ${NAME}, {{ name }}, <password>, %s.
func isPlaceholder(v string) bool {
	v = strings.TrimSpace(v)
	if v == "" || strings.Trim(v, "*") == "" || strings.Trim(v, ".") == "" || strings.Trim(v, "xX") == "" || strings.Trim(v, "•") == "" {
		return true
	}
	switch {
	case strings.HasPrefix(v, "${"), strings.HasPrefix(v, "{{"), strings.HasPrefix(v, "$("):
		return strings.IndexByte("})", v[len(v)-1]) >= 0
	case v[0] == '$':
		return strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
	case v[0] == '<':
		return strings.HasSuffix(v, ">")
	case v[0] == '%':
		return len(v) == 2 || len(v) > 2 && v[len(v)-1] == '%'
	}
	switch strings.ToLower(v) {
	case "null", "none", "nil", "true", "false", "undefined", "redacted", "[redacted]", "n/a", "yes", "no", "unset", "empty", "hidden":
		return true
	}
	return false
}

// isReference tells unquoted values that are an expression of a program, or a type: os.environ["TOKEN"], getToken(),
// process.env.API_KEY, string.
func isReference(v, rest string) bool {
	head := v
	if i := strings.IndexAny(v, "([{"); i >= 0 {
		head = v[:i]
		if head != "" && strings.Trim(head, identChars) == "" && isAlpha(head[0]) {
			return true
		}
	}
	for _, p := range [...]string{
		"process.env", "os.environ", "os.Getenv", "env.", "config.", "self.", "this.", "req.", "request.", "args.", "options.", "ctx.",
		"settings.", "secrets.", "vars.", "var.", "data.", "user.", "params.", "props.", "body.", "credentials.",
	} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	switch strings.TrimRight(v, ",;?!|") {
	case "string", "str", "String", "number", "int", "bool", "boolean", "any", "object", "bytes", "Buffer", "SecretStr", "Optional",
		"unknown", "char", "text", "varchar":
		return true
	}
	return false
}

// isProse tells words with which a sentence goes on after "password:" or "--token", where a secret would be expected.
func isProse(v string) bool {
	switch strings.ToLower(strings.TrimRight(v, ".,;:!?)")) {
	case "must", "is", "are", "was", "were", "be", "been", "should", "shall", "not", "no", "invalid", "required", "missing", "expired",
		"the", "a", "an", "cannot", "can", "could", "unexpected", "failed", "failure", "too", "has", "have", "had", "does", "do",
		"did", "if", "and", "or", "of", "to", "for", "in", "on", "with", "by", "from", "at", "as", "this", "that", "these", "your",
		"you", "we", "it", "its", "expected", "wrong", "incorrect", "denied", "rejected", "revoked", "mismatch", "malformed",
		"unknown", "error", "found", "unauthorized", "forbidden", "only", "optional", "please", "use", "used", "set", "see",
		"when", "where", "which", "will", "would", "may", "might", "at-least", "contains", "needs", "ok", "default", "got",
		"permission", "access", "unable", "either", "one", "all", "string", "value", "field", "length", "minimum", "maximum",
		"eof", "identifier", "unterminated", "bad", "reset", "changed", "updated", "enter", "provide", "via", "end", "true", "false":
		return true
	}
	return false
}

func isPath(v string) bool {
	return strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 || len(v) > 2 && isAlpha(v[0]) && v[1] == ':' && v[2] == '\\' ||
		v == "." || v == "/"
}

func hasDigitOrSign(v string) bool { return strings.ContainsAny(v, "0123456789!@#$%^&*_+=/\\~|") }

func countDigits(v string) int {
	n := 0
	for i := range len(v) {
		if isDigit(v[i]) {
			n++
		}
	}
	return n
}
