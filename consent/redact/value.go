package redact

import "strings"

// isPlaceholder tells values that stand for a secret and are none: empty, stars, ${NAME}, {{ name }}, <password>, %s.
func isPlaceholder(v string) bool {
	v = strings.TrimSpace(v)
	if len(v) < 2 && !hasWord(v) || isFiller(v) || strings.Trim(v, "*") == "" || strings.Trim(v, ".") == "" || strings.Trim(v, "xX") == "" || strings.Trim(v, "•") == "" {
		return true
	}
	switch {
	case strings.HasPrefix(v, "${"), strings.HasPrefix(v, "{{"), strings.HasPrefix(v, "$("), strings.HasPrefix(v, "{base64("):
		return strings.IndexByte("})", v[len(v)-1]) >= 0
	case v[0] == '$':
		return strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" || isNumber(v[1:])
	case v[0] == '<':
		return strings.HasSuffix(v, ">")
	case v[0] == '%':
		return len(v) == 2 || len(v) > 2 && v[len(v)-1] == '%'
	}
	switch strings.ToLower(v) {
	case "null", "none", "nil", "true", "false", "undefined", "redacted", "[redacted]", "n/a", "yes", "no", "unset", "empty", "hidden":
		return true
	}
	if strings.HasSuffix(v, "***") || strings.HasSuffix(v, "...") && len(v) <= 12 || isVersionRange(v) {
		return true
	}
	if indexFold(v, "your_") >= 0 || indexFold(v, "your-") >= 0 {
		return true // PUT_YOUR_TOKEN_HERE
	}
	return strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == "" && keyKind(v) != "" // TOKEN, YOUR_API_KEY
}

// isVersionRange tells what manifests say of packages named after secrets: "cookie": "^0.7.1".
func isVersionRange(v string) bool {
	n := strings.TrimLeft(v, "^~>=<")
	return len(n) <= 12 && strings.Count(n, ".") == 2 && isNumber(strings.ReplaceAll(n, ".", ""))
}

// isFiller tells values that are mostly one character: xxxxxxxx, sk_XXXXXXXXXXXX.
func isFiller(v string) bool {
	longest, run, words := 0, 0, 0
	var last byte
	for i := range len(v) {
		c := upper(v[i])
		if c == '_' || c == '-' {
			continue
		}
		words++
		if run++; c != last {
			run = 1
		}
		last = c
		longest = max(longest, run)
	}
	return longest >= 8 && longest*10 >= words*6
}

// isReference tells unquoted values that are an expression of a program, or a type: os.environ["TOKEN"], getToken(),
// process.env.API_KEY, string.
func isReference(v string) bool {
	if strings.HasPrefix(v, "$(") || strings.HasPrefix(v, "${") || v[0] == '&' || strings.HasPrefix(v, "https://") && !hasUserinfo(v) {
		return true
	}
	if i := strings.IndexAny(v, "([{"); i >= 0 {
		head := v[:i]
		if i+1 < len(v) && !isWord(v[i+1]) && strings.IndexByte("\"')[]$*&_", v[i+1]) < 0 {
			return false // a bracket in a password
		}
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
		"new", "range", "await", "async", "require", "import", "eof", "identifier", "unterminated", "bad", "reset", "changed", "updated", "enter", "provide", "via", "end", "true", "false":
		return true
	}
	return false
}

func isPath(v string) bool {
	return strings.HasPrefix(v, "./") || strings.HasPrefix(v, "../") || strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 || len(v) > 2 && isAlpha(v[0]) && v[1] == ':' && v[2] == '\\' ||
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
