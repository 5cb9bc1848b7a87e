package redact

import (
	"cmp"
	"strings"
)

// findPairs emits the values that stand beside a name that announces a secret: name=value, name: value, "name":
// "value", <name>value</name>, --name value, "name is value".
func findPairs(s string, m marks, names kinds, emit emitter) {
	p := pairs{s: s, names: names, emit: emit}
	if m.has(separators) {
		p.find()
	}
	if m.has(dash) {
		findFlags(s, emit)
	}
	if m.has(blank) {
		p.findSentences()
	}
}

var (
	separators = markOf("=:>é") // é for ： and ＝ of Chinese, Japanese and Korean text
	dash       = markOf("-")
	blank      = markOf(" ")
)

// pairs looks for names with values in a text. Every byte is looked at a bounded number of times: a value that is long
// and then is no secret must not be read again from each name in it.
type pairs struct {
	s       string
	names   kinds
	emit    emitter
	line    int // end of the header line that was read last; what begins before it ends there as well
	steps   int // bytes of values that were read
	paired  Kind
	pairEnd int // where the value that announced paired ends
}

func (p *pairs) find() {
	for i := 0; i < len(p.s); i++ {
		width := separatorLen(p.s, i)
		if width == 0 {
			continue
		}
		name, ok := nameBefore(p.s, i)
		if !ok {
			continue
		}
		kind := p.kind(name, i+width)
		if kind == "" {
			continue
		}
		v := p.valueAfter(name, i, width, kind)
		if kind = certain(kind, p.s[v.lo:v.hi]); kind != "" && v.hi > v.lo {
			p.emit(v.lo, v.hi, kind)
			i = max(i, v.hi-1) // a separator in a secret does not count
		}
	}
}

// separatorLen returns the length of the separator between a name and its value at i; 0 if there is none.
func separatorLen(s string, i int) int {
	switch c := s[i]; {
	case c == '=' || c == ':' || c == '>':
		return 1
	case c == 0xef && (strings.HasPrefix(s[i:], "：") || strings.HasPrefix(s[i:], "＝")):
		return len("：")
	}
	return 0
}

// maxApart is how far a value may stand from the name that it belongs to, where both are values: name: PIN, value: 1.
const maxApart = 160

// kind returns what the name announces for the value at i. Where that is the value of a member such as name, it is
// remembered for the member value that follows.
func (p *pairs) kind(f field, i int) Kind {
	switch roleOf(p.s[f.lo:f.hi]) {
	case roleName:
		lo := run(p.s, i, 8, func(c byte) bool { return has(" \t\"'`", c) })
		hi := run(p.s, lo, maxKey, func(c byte) bool { return c >= 0x80 || isToken(c) || has(" .#/:[]=", c) })
		p.paired, p.pairEnd = labelKind(strings.TrimSpace(firstLabel(p.s[lo:hi]))), hi
	case roleValue:
		if p.paired != "" && f.lo-p.pairEnd < maxApart {
			kind := p.paired
			p.paired = ""
			return kind
		}
	}
	return p.pairKind(f)
}

// firstLabel returns a label up to the next member or attribute in the same line.
func firstLabel(s string) string {
	if i := strings.IndexAny(s, ":="); i > 0 && s[i] == ':' {
		s = s[:i]
	}
	return s
}

// lastWord returns the last word of a name: parameterName and option_name are names as well.
func lastWord(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if !isWord(name[i]) {
			return name[i+1:]
		}
		if isUpper(name[i]) && isLower(name[i-1]) {
			return name[i:]
		}
	}
	return name
}

// role says what a member is beside others in its object, or an attribute in its element.
type role uint8

const (
	roleNone  role = iota
	roleName       // its value says what the value beside it is: {"name": "PIN", "value": "1234"}
	roleValue      // the value beside it
)

// roleOf returns the role of a name, which its last word gives away: parameterName, default_value.
func roleOf(name string) role {
	const longest = len("placeholder")
	word := lastWord(name)
	if len(word) > longest {
		return roleNone
	}
	switch lower(word) {
	case "name", "key", "variable", "header", "field", "selector", "element", "label", "param", "parameter", "property",
		"setting", "option", "placeholder":
		return roleName
	case "value", "val", "text", "string", "content":
		return roleValue
	}
	return roleNone
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
	for hi > 0 && i-hi < 3 && (has(" \t", s[hi-1]) || s[i] == '=' && has(":?+]", s[hi-1])) {
		hi--
	}
	f := field{hi: hi}
	for f.hi > 0 && has("\"'`\\", s[f.hi-1]) {
		f.hi--
		f.quoted = true
	}
	f.lo = f.hi
	// Names in programs are paths, too: config.db.password, $DB_PASSWORD, env[TOKEN].
	for f.lo > 0 && f.hi-f.lo < maxKey && (isNameLetter(s[f.lo-1]) || has("_-.$[", s[f.lo-1])) {
		f.lo--
	}
	if s[i] == '>' && (f.lo == 0 || s[f.lo-1] != '<') && !(f.quoted && isNameAttribute(s[:f.lo])) {
		return f, false // not an element of XML
	}
	return f, f.hi > f.lo && !inMarker(s, f.lo, f.hi)
}

// isNameAttribute reports whether the value of an attribute follows that names its element: <entry key="PIN">1</entry>.
func isNameAttribute(before string) bool {
	before, quoted := strings.CutSuffix(before, `"`)
	return quoted && (strings.HasSuffix(before, "name=") || strings.HasSuffix(before, "Name=") || strings.HasSuffix(before, "key="))
}

// pairKind returns the kind that a name in running text announces. Unquoted, it may have two words ("API key: …"), of
// which nameBefore sees the last.
func (p *pairs) pairKind(f field) Kind {
	s, name := p.s, p.s[f.lo:f.hi]
	name = name[strings.LastIndexAny(name, "[$")+1:] // env[NAME], $NAME
	kind := p.names.kind(name)
	if kind != "" && kind != kindMaybe || f.quoted || f.lo == 0 || s[f.lo-1] != ' ' {
		return kind
	}
	// Alone, these words announce nothing or little; "security code" and "seed phrase" do.
	if !oneOf(lower(name), "key", "keys", "code", "string", "phrase", "number", "passe", "chiave", "ordine", "khẩu", "sandi") {
		return kind
	}
	lo := f.lo - 1
	for lo > 0 && f.lo-lo < 16 && (isAlpha(s[lo-1]) || s[lo-1] >= 0x80 || s[lo-1] == ' ' && lower(s[lo:f.lo]) == "de ") {
		lo--
	}
	return cmp.Or(keyKind(s[lo:f.hi]), kind)
}

// value is a value in a text.
type value struct{ lo, hi int }

// valueAfter returns the value after the separator at i. The range is empty if there is no secret value.
func (p *pairs) valueAfter(f field, i, width int, kind Kind) value {
	s := p.s
	lo := i + width
	for lo < len(s) && (s[lo] == '=' || s[i] == '=' && has(">~", s[lo])) { // ==, =>, =~
		lo++
	}
	near := lo
	lo = run(s, lo, 16, func(c byte) bool { return c == ' ' || c == '\t' })
	none := value{lo, lo}
	if lo == len(s) || has("\r\n{", s[lo]) || s[lo] == '[' && s[i] == ':' && !inMarkerAt(s, lo) { // an object or a list
		return none
	}
	if v, ok := p.block(f, lo); ok {
		return v
	}
	open, hi := quoteAt(s, lo), 0
	switch {
	case open != "":
		lo += len(open)
		hi = quotedEnd(s, lo, open)
	case s[i] == '>': // text of an XML element
		lo, hi = elementText(s, lo)
	default:
		hi = p.bareEnd(lo, kind)
	}
	p.steps += hi - lo
	v := s[lo:min(hi, lo+maxJudged)]
	if v == "" || !isSecret(v, kind) || open == "`" && strings.Contains(v, " ") { // TOKEN=`command of a shell`
		return none
	}
	if open == "" && s[i] != '>' {
		if !isBareSecret(v, kind, isPlural(s[f.lo:f.hi]), lo > near) {
			return none
		}
		hi = max(hi, p.restOfLine(f, lo, hi, kind))
	}
	return value{lo, hi}
}

// maxJudged is how much of a value is looked at to decide whether it is a secret, in bytes.
const maxJudged = 512

// elementText returns the text of the XML element that begins at lo.
func elementText(s string, lo int) (int, int) {
	const open, end = "<![CDATA[", "]]>"
	if strings.HasPrefix(s[lo:], open) {
		lo += len(open)
		return lo, lo + max(0, strings.Index(s[lo:], end))
	}
	return lo, lo + max(0, strings.IndexByte(s[lo:], '<'))
}

// block returns the value of a YAML block scalar whose sign, | or >, is at i: the lines below with a deeper indentation.
func (p *pairs) block(f field, i int) (value, bool) {
	s := p.s
	if s[i] != '|' && s[i] != '>' {
		return value{}, false
	}
	lo := run(s, i+1, 3, func(c byte) bool { return has("+-0123456789", c) })
	lo = run(s, lo, 8, func(c byte) bool { return c == ' ' || c == '\r' })
	if lo >= len(s) || s[lo] != '\n' {
		return value{}, false
	}
	outer := f.lo - strings.LastIndexByte(s[:f.lo], '\n') - 1
	lo++
	hi := lo
	for hi < len(s) {
		text := run(s, hi, len(s), func(c byte) bool { return c == ' ' })
		if text < len(s) && s[text] != '\n' && text-hi <= outer {
			break
		}
		end := strings.IndexByte(s[text:], '\n')
		if end < 0 {
			hi = len(s)
			break
		}
		hi = text + end + 1
	}
	lo = run(s, lo, hi-lo, isSpace)
	hi = lo + len(strings.TrimRight(s[lo:hi], " \r\n"))
	p.steps += hi - lo
	return value{lo, hi}, true
}

// restOfLine returns the end of a value whose name begins a line, as in YAML and .env files: it may have spaces, and
// ends with the line or before a comment.
func (p *pairs) restOfLine(f field, lo, hi int, kind Kind) int {
	if kind != KindPassword && kind != KindSecret && kind != KindToken && kind != KindKey || !beginsLine(p.s, f.lo) {
		return hi
	}
	end := lo + strings.IndexAny(p.s[lo:min(len(p.s), lo+maxJudged)], "\r\n")
	if end < lo {
		end = min(len(p.s), lo+maxJudged)
	}
	rest := p.s[hi:max(end, hi)]
	if !strings.HasPrefix(rest, " ") || strings.ContainsAny(rest, "\"'{}") { // a program, or a log line with more members
		return hi
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	if strings.ContainsAny(rest, "=:&|;") {
		return hi
	}
	return hi + len(strings.TrimRight(rest, " "))
}

// beginsLine reports whether what begins at i is the first word of its line, apart from what assignments begin with.
func beginsLine(s string, i int) bool {
	lo := strings.LastIndexByte(s[max(0, i-maxKey):i], '\n') + 1 + max(0, i-maxKey)
	before := strings.TrimLeft(s[lo:i], " \t->+*#$")
	return before == "" || oneOf(strings.TrimRight(before, " "), "export", "set", "ENV", "env", "setx", "declare -x")
}

// inMarkerAt reports whether a marker begins at i: it is a value, and not a list.
func inMarkerAt(s string, i int) bool { return strings.HasPrefix(s[i:], markerOpen) }

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
		return v[0] != '<' && len(v) >= 3 && !isSecretName(v) && !isSentence(v) // markup
	case KindSecret, KindCookie:
		return !isSecretName(v) && !isSentence(v)
	case KindPassword:
		return len(v) >= 3 || !isNumber(v)
	case KindPhone, KindCard:
		return countDigits(v) >= 7
	case KindConnection:
		return hasDigitOrSign(v)
	}
	return true
}

// isSecretName reports whether a value is the name of a secret and not one: "tokenField": "accessToken".
func isSecretName(v string) bool {
	return len(v) < maxKey && !hasDigit(v) && run(v, 0, len(v), isToken) == len(v) && keyKind(v) != "" && !randomWord(v)
}

// isBareSecret reports whether an unquoted value is a secret, and not an expression, a count, or a word of a sentence.
// Quotes show that a value is meant; without them "password: must be longer" has the same form as a password. With
// spaced, a space stands before the value, as in a sentence.
func isBareSecret(v string, kind Kind, plural, spaced bool) bool {
	if strings.Trim(v, "0123456789.") == "" && isCount(v, kind, plural) {
		return false
	}
	first, _, sentence := strings.Cut(v, " ")
	switch kind {
	case KindAuthorization:
		if isPlaceholder(strings.TrimRight(first, ",;)")) {
			return false
		}
	case KindToken, KindKey:
		if spaced && !sentence && strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,;") == "" && !randomWord(v) {
			return false // a word, or the name of a variable
		}
	}
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
func (p *pairs) bareEnd(i int, kind Kind) int {
	switch kind {
	case KindAuthorization, KindCookie: // a header: the line, or the quotes around it
		if i >= p.line {
			n := strings.IndexAny(p.s[i:], "\r\n\"'`<")
			if n < 0 {
				n = len(p.s) - i
			}
			p.line = i + n
			p.steps += n
		}
		return i + len(strings.TrimRight(p.s[i:p.line], `\`))
	case KindPassword:
		least := 4
		// After such a name even two or three words are the secret, which are taken for a sentence otherwise.
		if before := p.s[max(0, i-20):i]; indexFold(before, "phrase") >= 0 || indexFold(before, "mnemonic") >= 0 {
			least = 1
		}
		if end := passphrase(p.s, i, least); end > i {
			return max(end, wordEnd(p.s, i))
		}
	}
	return wordEnd(p.s, i)
}

// wordEnd returns where the word that begins at i ends.
func wordEnd(s string, i int) int {
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
		hi := run(s, lo, maxKey, func(c byte) bool { return isToken(c) || c == '.' || c >= 0x80 })
		at = hi
		if hi == lo || hi == len(s) || !has(" \"',", s[hi]) {
			continue
		}
		kind := keyKind(s[lo:hi])
		if kind == "" {
			continue
		}
		lo = run(s, hi, 8, func(c byte) bool { return has(" \"',", c) })
		end := wordEnd(s, lo)
		if c := s[lo-1]; c == '"' || c == '\'' {
			end = quotedEnd(s, lo, s[lo-1:lo])
		}
		// Behind a flag without a value stands the next flag, or the rest of a usage text.
		v := s[lo:min(end, lo+maxJudged)]
		if v == "" || v[0] == '-' || isPlaceholder(v) || isReference(v) || isProse(v) {
			continue
		}
		if kind = certain(kind, v); kind != "" {
			emit(lo, end, kind)
		}
	}
}

// findSentences emits what a sentence states a secret to be: "the password is hunter2". A value of letters alone is
// taken for a word of the sentence.
func (p *pairs) findSentences() {
	s, emit := p.s, p.emit
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
		kind := p.pairKind(f)
		if kind == "" || kind == kindMaybe || kind == KindPhone {
			continue
		}
		lo := i + len(verb)
		if open := quoteAt(s, lo); open != "" {
			emit(lo+len(open), quotedEnd(s, lo+len(open), open), kind)
			continue
		}
		hi := wordEnd(s, lo)
		for hi > lo && has(".,!?", s[hi-1]) {
			hi--
		}
		if hasDigitOrSign(s[lo:hi]) && hi-lo >= 4 {
			emit(lo, hi, kind)
		}
	}
}
