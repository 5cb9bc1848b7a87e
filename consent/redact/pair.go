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
	if m.has(blank | tab) {
		p.findSpaced()
	}
}

var (
	separators = markOf("=:>,|)é") // é for ： and ＝ of Chinese, Japanese and Korean text
	dash       = markOf("-")
	blank      = markOf(" ")
	tab        = markOf("\t")
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
		if !separatorClass[p.s[i]] {
			continue
		}
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
		if has(",|)", p.s[i]) && !p.isListed(name, i, v, kind) {
			continue
		}
		if kind = certain(kind, p.s[v.lo:v.hi]); kind != "" && v.hi > v.lo {
			p.emit(v.lo, v.hi, kind)
			i = max(i, v.hi-1) // a separator in a secret does not count
		}
	}
}

// separatorClass has the bytes with which separators begin.
var separatorClass = classOf(func(c byte) bool { return has("=:>,|)\xef", c) })

// separatorLen returns the length of the separator between a name and its value at i; 0 if there is none.
func separatorLen(s string, i int) int {
	switch c := s[i]; {
	case c == ':':
		if i+1 < len(s) && s[i+1] == ':' || i > 0 && s[i-1] == ':' {
			return 0 // of C++, Rust and the names of tests: test_token.py::test_refresh
		}
		return 1
	case c == '=' || c == '>':
		return 1
	case c == ',' || c == '|' || c == ')': // ("NAME", "value"), | NAME | value |, ("NAME").fill("value")
		return lesserSeparator(s, i)
	case c == 0xef && (strings.HasPrefix(s[i:], "：") || strings.HasPrefix(s[i:], "＝")):
		return len("：")
	}
	return 0
}

// lesserSeparator is separatorLen for what mostly separates other things: a comma between two quoted texts, the line
// between two cells of a table, and the call of a method with one text on what another text has found.
func lesserSeparator(s string, i int) int {
	next := run(s, i+1, 3, func(c byte) bool { return c == ' ' })
	switch {
	case i == 0 || next == len(s):
	case s[i] == ',' && has("\"'`", s[i-1]) && has("\"'`", s[next]), s[i] == '|' && s[i-1] == ' ' && next > i+1:
		return 1
	case s[i] == ')' && s[i+1] == '.' && has("\"'`", s[i-1]):
		if end := run(s, i+2, maxKey, isToken); end+1 < len(s) && s[end] == '(' && has("\"'`", s[end+1]) {
			return end + 1 - i
		}
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
		p.part(hi)
	case roleValue:
		if p.paired != "" && f.lo-p.pairEnd < maxApart {
			kind := p.paired
			p.paired = ""
			return kind
		}
	}
	return p.pairKind(f)
}

// part emits the text of a part of a form (RFC 7578) whose name ends at i: name="pin", an empty line, the text.
func (p *pairs) part(i int) {
	rest := strings.ReplaceAll(p.s[i:min(len(p.s), i+5)], "\r", "")
	if p.paired == "" || !strings.HasPrefix(rest, "\"\n\n") {
		return
	}
	lo := i + strings.LastIndexByte(p.s[i:min(len(p.s), i+5)], '\n') + 1
	hi := lo + strings.IndexAny(p.s[lo:min(len(p.s), lo+maxJudged)]+"\n", "\r\n")
	kind := certain(p.paired, p.s[lo:hi])
	if kind != "" && lo < hi && isSecret(p.s[lo:hi], kind) {
		p.emit(lo, hi, kind)
	}
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
	case "name", "key", "k", "variable", "header", "field", "selector", "element", "label", "param", "parameter", "property",
		"setting", "option", "placeholder":
		return roleName
	case "value", "val", "v", "text", "string", "content":
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
		return elementBefore(s, i)
	}
	return f, f.hi > f.lo && !inMarker(s, f.lo, f.hi)
}

// elementBefore returns the name of the element of XML, without its namespace, whose opening tag has attributes and ends
// at i.
func elementBefore(s string, i int) (field, bool) {
	from := max(0, i-maxKey)
	lo := from + strings.LastIndexAny(s[from:i], "<>") + 1
	if lo == from || s[lo-1] != '<' {
		return field{}, false
	}
	hi := run(s, lo, i-lo, func(c byte) bool { return isToken(c) || has(":.", c) })
	lo += strings.LastIndexByte(s[lo:hi], ':') + 1
	return field{lo: lo, hi: hi}, hi > lo
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
	if !oneOf(lower(name), "key", "keys", "code", "string", "phrase", "number", "passe", "chiave", "ordine", "khẩu",
		"sandi") {
		return kind
	}
	lo := f.lo - 1
	for lo > 0 && f.lo-lo < 16 && (isAlpha(s[lo-1]) || s[lo-1] >= 0x80 || s[lo-1] == ' ' && lower(s[lo:f.lo]) == "de ") {
		lo--
	}
	return cmp.Or(keyKind(s[lo:f.hi]), kind)
}
