package redact

import (
	"cmp"
	"strings"
)

// findPairs emits the values that stand beside a name that announces a secret: name=value, name: value, "name":
// "value", <name>value</name>, --name value, "name is value".
func findPairs(s string, emit emitter) {
	for at := 0; ; {
		i := strings.IndexAny(s[at:], "=:>")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		name, ok := nameBefore(s, i)
		if !ok {
			continue
		}
		kind := pairKind(s, name)
		if kind == "" {
			continue
		}
		lo, hi := valueAfter(s, i, kind, isPlural(s[name.lo:name.hi]))
		if kind = certain(kind, s[lo:hi]); kind != "" && hi > lo {
			emit(lo, hi, kind)
			at = max(at, hi) // a separator in a secret does not count
		}
	}
	findFlags(s, emit)
	findSentences(s, emit)
}

// field is a name in a text: where it stands and whether it is quoted.
type field struct {
	lo, hi int
	quoted bool
}

// nameBefore returns the name that ends before the separator at i. Between them may be a quote, spaces, the bracket of
// env["NAME"], or what makes := and ?= of an equals sign.
func nameBefore(s string, i int) (field, bool) {
	hi := i
	for hi > 0 && i-hi < 3 && (has(" \t]", s[hi-1]) || s[i] == '=' && has(":?+", s[hi-1])) {
		hi--
	}
	f := field{hi: hi}
	for f.hi > 0 && has("\"'`\\", s[f.hi-1]) {
		f.hi--
		f.quoted = true
	}
	f.lo = f.hi
	// Names in programs are paths, too: config.db.password, $DB_PASSWORD, env[TOKEN].
	for f.lo > 0 && f.hi-f.lo < maxKey && (isWord(s[f.lo-1]) || has("_-.$[", s[f.lo-1])) {
		f.lo--
	}
	if s[i] == '>' && (f.lo == 0 || s[f.lo-1] != '<') {
		return f, false // not an element of XML
	}
	return f, f.hi > f.lo && !inMarker(s, f.lo, f.hi)
}

// pairKind returns the kind that a name in running text announces. Unquoted, it may have two words ("API key: …"), of
// which nameBefore sees the last.
func pairKind(s string, f field) Kind {
	name := s[f.lo:f.hi]
	name = name[strings.LastIndexAny(name, "[$")+1:] // env[NAME], $NAME
	kind := keyKind(name)
	if kind != "" && kind != kindMaybe || f.quoted || f.lo == 0 || s[f.lo-1] != ' ' {
		return kind
	}
	// Alone, these words announce nothing or little; "security code" and "seed phrase" do.
	if !oneOf(lower(name), "key", "keys", "code", "string", "phrase", "number") {
		return kind
	}
	lo := f.lo - 1
	for lo > 0 && f.lo-lo < 16 && isAlpha(s[lo-1]) {
		lo--
	}
	return cmp.Or(keyKind(s[lo:f.hi]), kind)
}

// valueAfter returns the value after the separator at i. The range is empty if there is no secret value.
func valueAfter(s string, i int, kind Kind, plural bool) (lo, hi int) {
	lo = i + 1
	for lo < len(s) && (s[lo] == '=' || s[i] == '=' && has(">~", s[lo])) { // ==, =>, =~
		lo++
	}
	near := lo
	lo = run(s, lo, 16, func(c byte) bool { return c == ' ' || c == '\t' })
	if lo == len(s) || has("\r\n{", s[lo]) || s[lo] == '[' && s[i] == ':' { // an object or a list
		return lo, lo
	}
	open := quoteAt(s, lo)
	switch {
	case open != "":
		lo += len(open)
		hi = quotedEnd(s, lo, open)
	case s[i] == '>': // text of an XML element
		hi = lo + max(0, strings.IndexByte(s[lo:], '<'))
	default:
		hi = bareEnd(s, lo, kind)
		// After such a name even two or three words are the secret, which bareEnd takes for a sentence.
		before := s[max(0, i-16):i]
		if kind == KindPassword && (indexFold(before, "phrase") >= 0 || indexFold(before, "mnemonic") >= 0) {
			hi = max(hi, passphrase(s, lo, 1))
		}
	}
	value := s[lo:hi]
	if !isSecret(value, kind) || open == "`" && strings.Contains(value, " ") { // TOKEN=`command of a shell`
		return lo, lo
	}
	if open == "" && !isBareSecret(value, kind, plural, lo > near) {
		return lo, lo
	}
	return lo, hi
}

// isSecret reports whether a value beside a name of this kind is a secret.
func isSecret(v string, kind Kind) bool {
	if isPlaceholder(v) || isPath(v) && kind != KindKey { // base64 may begin like a path
		return false
	}
	switch kind {
	case KindAuthorization: // Bearer ${TOKEN}
		_, credential, ok := strings.Cut(v, " ")
		return !ok || !isPlaceholder(credential) && !has("{<$", credential[0])
	case KindToken, KindKey:
		return v[0] != '<' // markup
	case KindPhone, KindCard:
		return countDigits(v) >= 7
	case KindConnection:
		return hasDigitOrSign(v)
	}
	return true
}

// isBareSecret reports whether an unquoted value is a secret, and not an expression, a count, or a word of a sentence.
// Quotes show that a value is meant; without them "password: must be longer" has the same form as a password. With
// spaced, a space stands before the value, as in a sentence.
func isBareSecret(v string, kind Kind, plural, spaced bool) bool {
	if strings.Trim(v, "0123456789.") == "" && isCount(v, kind, plural) {
		return false
	}
	first, _, sentence := strings.Cut(v, " ")
	return !isReference(v) && !(isProse(first) && sentence) && !(spaced && isProse(v))
}

// isCount reports whether a number counts something instead of being a secret: tokens: 51200, token=3.
func isCount(v string, kind Kind, plural bool) bool {
	switch kind {
	case KindToken, KindKey, KindCookie, KindAuthorization, KindConnection:
		return countDigits(v) < 6 || plural
	}
	return false
}

// quoteAt returns the quote that begins at i with the backslashes before it: ", ', `, \", \\\".
func quoteAt(s string, i int) string {
	n := run(s, i, 16, func(c byte) bool { return c == '\\' })
	if n < len(s) && has("\"'`", s[n]) {
		return s[i : n+1]
	}
	return ""
}

// quotedEnd returns where the quoted text that begins at i ends. Without a closing quote that is the end of the line.
func quotedEnd(s string, i int, open string) int {
	for at := i; at < len(s); {
		n := strings.Index(s[at:], open)
		if n < 0 {
			break
		}
		at += n
		// A backslash inside is written as two, and once more doubled by each escaping of the whole text. What doubles them
		// also makes ", \" and \\\" of the opening quote, so its length is that of one backslash inside.
		slashes := len(s[i:at]) - len(strings.TrimRight(s[i:at], `\`))
		if slashes%(2*len(open)) == 0 {
			return at
		}
		at += len(open)
	}
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// bareEnd returns where the unquoted value that begins at i ends.
func bareEnd(s string, i int, kind Kind) int {
	switch kind {
	case KindAuthorization, KindCookie: // a header: the line, or the quotes around it
		n := strings.IndexAny(s[i:], "\r\n\"'`<")
		if n < 0 {
			return len(s)
		}
		return i + len(strings.TrimRight(s[i:i+n], `\`))
	case KindPassword:
		if end := passphrase(s, i, 4); end > i {
			return end
		}
	}
	for end := i; end < len(s); end++ {
		switch s[end] {
		case ' ', '\t', '\n', '\r', '"', '\'', '`', '&', '<', '>', ';':
			return end
		case ',', ')', ']', '}':
			if closes(s[end+1:]) {
				return end
			}
		case '\\':
			if end+1 < len(s) && has("\"'nrt", s[end+1]) { // the text itself is escaped: token=abc\n
				return end
			}
		}
	}
	return len(s)
}

// closes reports whether a bracket or comma, which might belong to a password, ends it, judging by what follows.
func closes(rest string) bool {
	if rest == "" || has(" \t\r\n,)]};\"'.", rest[0]) {
		return true
	}
	n := run(rest, 0, maxKey, func(c byte) bool { return isToken(c) || has(".$[", c) })
	return n > 0 && n < len(rest) && (rest[n] == '=' || rest[n] == ':')
}

// passphrase returns the end of a passphrase or seed phrase, which is at least so many lower-case words; 0 if there is
// none.
func passphrase(s string, i, least int) int {
	count, end := 0, 0
	for i < len(s) {
		n := run(s, i, len(s), isLower)
		if n-i < 3 || n < len(s) && !has(" \t\r\n\"'`,.;", s[n]) || count < 4 && isProse(s[i:n]) {
			break
		}
		count, end = count+1, n
		if n == len(s) || s[n] != ' ' {
			break
		}
		i = n + 1
	}
	if count < least {
		return 0
	}
	return end
}

// findFlags emits the values of command-line flags that stand apart from them: --password x, "--token","x".
func findFlags(s string, emit emitter) {
	for at := 0; ; {
		i := strings.Index(s[at:], "--")
		if i < 0 {
			return
		}
		lo := at + i + len("--")
		hi := run(s, lo, maxKey, isToken)
		at = hi
		if hi == lo || hi == len(s) || !has(" \"',", s[hi]) {
			continue
		}
		kind := keyKind(s[lo:hi])
		if kind == "" || kind == kindMaybe {
			continue
		}
		lo = run(s, hi, 8, func(c byte) bool { return has(" \"',", c) })
		end := bareEnd(s, lo, KindSecret)
		if c := s[lo-1]; c == '"' || c == '\'' {
			end = quotedEnd(s, lo, s[lo-1:lo])
		}
		// Behind a flag without a value stands the next flag, or the rest of a usage text.
		if v := s[lo:end]; v != "" && v[0] != '-' && !isPlaceholder(v) && !isReference(v) && !isProse(v) {
			emit(lo, end, kind)
		}
	}
}

// findSentences emits what a sentence states a secret to be: "the password is hunter2". A value of letters alone is
// taken for a word of the sentence.
func findSentences(s string, emit emitter) {
	const verb = " is "
	for at := 0; ; {
		i := strings.Index(s[at:], verb)
		if i < 0 {
			return
		}
		i += at
		at = i + len(verb) - 1
		f, ok := nameBefore(s, i)
		if !ok {
			continue
		}
		kind := pairKind(s, f)
		if kind == "" || kind == kindMaybe || kind == KindPhone {
			continue
		}
		lo := i + len(verb)
		if open := quoteAt(s, lo); open != "" {
			emit(lo+len(open), quotedEnd(s, lo+len(open), open), kind)
			continue
		}
		hi := bareEnd(s, lo, KindSecret)
		for hi > lo && has(".,!?", s[hi-1]) {
			hi--
		}
		if hasDigitOrSign(s[lo:hi]) && hi-lo >= 4 {
			emit(lo, hi, kind)
		}
	}
}
