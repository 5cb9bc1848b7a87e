package redact

import (
	"cmp"
	"strings"
)

// findPairs emits values that stand beside a name that says they are secret: name=value, name: value, "name": "value",
// <name>value</name>, --name value, name is value.
func findPairs(s string, emit func(lo, hi int, kind Kind)) {
	for at := 0; ; {
		i := strings.IndexAny(s[at:], "=:>")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		name, named := nameBefore(s, i)
		if !named {
			continue
		}
		kind := pairKind(s, name)
		if kind == "" {
			continue
		}
		lo, hi := valueAfter(s, i, kind)
		if kind = certain(kind, s[lo:hi]); kind != "" && hi > lo {
			emit(lo, hi, kind)
			at = max(at, hi)
		}
	}
	findFlags(s, emit)
	findStated(s, emit)
}

// maxKey bounds how much of a name is looked at.
const maxKey = 80

// field is a name in a text: where it stands and whether it was quoted.
type field struct {
	lo, hi int
	quoted bool
}

// nameBefore returns the name that ends before the separator at i.
func nameBefore(s string, i int) (field, bool) {
	hi := i
	for hi > 0 && i-hi < 3 && (s[hi-1] == ' ' || s[hi-1] == '\t' || s[i] == '=' && strings.IndexByte(":?+", s[hi-1]) >= 0 || s[hi-1] == ']') {
		hi--
	}
	f := field{hi: hi}
	for f.hi > 0 && (s[f.hi-1] == '"' || s[f.hi-1] == '\'' || s[f.hi-1] == '`' || s[f.hi-1] == '\\') {
		f.hi--
		f.quoted = true
	}
	f.lo = f.hi
	for f.lo > 0 && f.hi-f.lo < maxKey && isNameByte(s[f.lo-1]) {
		f.lo--
	}
	if s[i] == '>' && (f.lo == 0 || s[f.lo-1] != '<') {
		return f, false // no element of XML
	}
	return f, f.hi > f.lo
}

func isNameByte(c byte) bool {
	return isWord(c) || c == '_' || c == '-' || c == '.' || c == '$' || c == '['
}

// pairKind classifies a name in running text. Unquoted, it may be of two words ("API key: …"), of which isNameByte sees
// the last.
func pairKind(s string, f field) Kind {
	name := s[f.lo:f.hi]
	if i := strings.LastIndexAny(name, "[$"); i >= 0 { // env[NAME], $NAME
		name = name[i+1:]
	}
	kind := keyKind(name)
	if kind != "" && kind != kindMaybe || f.quoted || f.lo == 0 || s[f.lo-1] != ' ' {
		return kind
	}
	lo := f.lo - 1
	for lo > 0 && f.lo-lo < 16 && isAlpha(s[lo-1]) {
		lo--
	}
	if f.lo-1-lo < 2 || !oneOf(strings.ToLower(name), "key", "keys", "code", "string", "phrase", "number") {
		return kind
	}
	return cmp.Or(keyKind(s[lo:f.hi]), kind)
}

// valueAfter returns the value after the separator at i; an empty range if it is none or a reference to one.
func valueAfter(s string, i int, kind Kind) (lo, hi int) {
	sep := s[i]
	lo = i + 1
	for lo < len(s) && (s[lo] == '=' || (s[lo] == '>' || s[lo] == '~') && sep == '=') {
		lo++
	}
	spaced := lo
	for lo < len(s) && lo-spaced < 16 && (s[lo] == ' ' || s[lo] == '\t') {
		lo++
	}
	if lo == len(s) || s[lo] == '\n' || s[lo] == '\r' || s[lo] == '{' || s[lo] == '[' && sep == ':' {
		return lo, lo
	}
	open := quoteAt(s, lo)
	if open != "" {
		lo += len(open)
		hi = quotedEnd(s, lo, open)
	} else if sep == '>' {
		hi = lo + max(0, strings.IndexByte(s[lo:], '<'))
	} else {
		hi = bareEnd(s, lo, kind)
		if before := s[max(0, i-16):i]; kind == KindPassword && (indexFold(before, "phrase") >= 0 || indexFold(before, "mnemonic") >= 0) {
			hi = max(hi, passphrase(s, lo, 1))
		}
	}
	value := s[lo:hi]
	if kind == KindAuthorization {
		if n := strings.IndexByte(value, ' '); n > 0 && (isPlaceholder(value[n+1:]) || strings.IndexByte("{<$", value[n+1]) >= 0) {
			return lo, lo
		}
	}
	if isPlaceholder(value) || isPath(value) && kind != KindKey {
		return lo, lo
	}
	if open == "`" && strings.Contains(value, " ") || (kind == KindToken || kind == KindKey) && strings.HasPrefix(value, "<") {
		return lo, lo // a command of a shell, markup
	}
	if open == "" && strings.Trim(value, "0123456789.") == "" && isCount(value, s, i, kind) {
		return lo, lo
	}
	first, _, _ := strings.Cut(value, " ")
	if open == "" && (isReference(value) || isProse(first) && first != value || lo > spaced && isProse(value)) {
		return lo, lo
	}
	if kind == KindPhone || kind == KindCard || kind == KindConnection && !hasDigitOrSign(value) {
		if countDigits(value) < 7 {
			return lo, lo
		}
	}
	return lo, hi
}

// isCount tells numbers that a name counts instead of hiding: tokens: 512, token=3.
func isCount(value, s string, sep int, kind Kind) bool {
	f, _ := nameBefore(s, sep)
	switch kind {
	case KindToken, KindKey, KindCookie, KindAuthorization, KindConnection:
		return len(value) < 6 || isPlural(s[f.lo:f.hi])
	}
	return false
}

// quoteAt returns the quote that begins at i with the backslashes before it: ", ', `, \", \\\".
func quoteAt(s string, i int) string {
	n := i
	for n < len(s) && s[n] == '\\' && n-i < 16 {
		n++
	}
	if n < len(s) && (s[n] == '"' || s[n] == '\'' || s[n] == '`') {
		return s[i : n+1]
	}
	return ""
}

// quotedEnd returns where the quoted text that begins at i ends. Without a closing quote it is the line's end.
func quotedEnd(s string, i int, open string) int {
	for at := i; at < len(s); {
		n := strings.Index(s[at:], open)
		if n < 0 {
			break
		}
		at += n
		slashes := 0
		for at-slashes > i && s[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 || len(open) > 1 && slashes == 0 {
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
	case KindAuthorization, KindCookie:
		return lineEnd(s, i)
	case KindPassword:
		if words := passphrase(s, i, 4); words > i {
			return words
		}
	}
	for end := i; end < len(s); end++ {
		switch c := s[end]; c {
		case ' ', '\t', '\n', '\r', '"', '\'', '`', '&', '<', '>', ';':
			return end
		case ',', ')', ']', '}':
			if closes(s[end+1:]) {
				return end
			}
		case '\\':
			if end+1 < len(s) && strings.IndexByte("\"'nrt", s[end+1]) >= 0 {
				return end
			}
		}
	}
	return len(s)
}

// closes tells whether a bracket or comma, which might belong to a password, ends it: by what follows.
func closes(rest string) bool {
	if rest == "" || strings.IndexByte(" \t\r\n,)]};\"'.", rest[0]) >= 0 {
		return true
	}
	n := 0
	for n < len(rest) && n < maxKey && isNameByte(rest[n]) {
		n++
	}
	return n > 0 && n < len(rest) && (rest[n] == '=' || rest[n] == ':')
}

// lineEnd returns the end of a header's value: the line's, or a quote's that is around the header.
func lineEnd(s string, i int) int {
	n := strings.IndexAny(s[i:], "\r\n\"'`<")
	if n < 0 {
		return len(s)
	}
	return i + len(strings.TrimRight(s[i:i+n], `\`))
}

// passphrase returns the end of at least so many lower-case words, as passphrases and seed phrases are; 0 if there are fewer.
func passphrase(s string, i, least int) int {
	words, end := 0, 0
	for i < len(s) {
		n := i
		for n < len(s) && isLower(s[n]) {
			n++
		}
		if n-i < 3 || n < len(s) && !isSpace(s[n]) && strings.IndexByte("\"'`,.;", s[n]) < 0 || isProse(s[i:n]) {
			break
		}
		words, end = words+1, n
		if n == len(s) || s[n] != ' ' {
			break
		}
		i = n + 1
	}
	if words < least {
		return 0
	}
	return end
}

// findFlags emits the values of command-line flags that stand apart from them: --password x.
func findFlags(s string, emit func(lo, hi int, kind Kind)) {
	for at := 0; ; {
		i := strings.Index(s[at:], "--")
		if i < 0 {
			return
		}
		lo := at + i + 2
		hi := lo
		for hi < len(s) && hi-lo < maxKey && (isWord(s[hi]) || s[hi] == '-' || s[hi] == '_') {
			hi++
		}
		at = max(lo, hi-1)
		if hi == lo || hi >= len(s) || s[hi] != ' ' && strings.IndexByte("\"',", s[hi]) < 0 {
			continue
		}
		if kind := keyKind(s[lo:hi]); kind != "" && kind != kindMaybe {
			from := hi
			for from < len(s) && from-hi < 8 && strings.IndexByte(" \"',", s[from]) >= 0 { // also as JSON: "--token","x"
				from++
			}
			end := bareEnd(s, from, KindSecret)
			if c := s[from-1]; c == '"' || c == '\'' {
				end = quotedEnd(s, from, s[from-1:from])
			}
			if value := s[from:end]; value != "" && value[0] != '-' && !isPlaceholder(value) && !isReference(value) && !isProse(value) {
				emit(from, end, kind)
			}
		}
	}
}

// findStated emits what a sentence says a secret is: "the password is hunter2". A value of letters alone is taken for a
// word of the sentence.
func findStated(s string, emit func(lo, hi int, kind Kind)) {
	for at := 0; ; {
		i := strings.Index(s[at:], " is ")
		if i < 0 {
			return
		}
		i += at
		at = i + 3
		f, ok := nameBefore(s, i)
		if !ok {
			continue
		}
		kind := pairKind(s, f)
		if kind == "" || kind == kindMaybe || kind == KindPhone {
			continue
		}
		lo := i + len(" is ")
		if open := quoteAt(s, lo); open != "" {
			emit(lo+len(open), quotedEnd(s, lo+len(open), open), kind)
			continue
		}
		hi := bareEnd(s, lo, KindSecret)
		for hi > lo && strings.IndexByte(".,!?", s[hi-1]) >= 0 {
			hi--
		}
		if hasDigitOrSign(s[lo:hi]) && hi-lo >= 4 {
			emit(lo, hi, kind)
		}
	}
}
