package redact

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// document redacts s as JSON, or as text if it is not JSON.
func (p *pass) document(s string) string {
	start := len(s) - len(strings.TrimLeft(s, " \t\r\n\ufeff"))
	if start < len(s) && (has("{[", s[start]) || json.Valid([]byte(s[start:]))) {
		if out, n, ok := p.json(s[start:], 0); ok {
			return s[:start] + out + p.text(s[start+n:])
		}
	}
	return p.text(s)
}

// maxNesting bounds the memory that a text takes which opens objects and arrays and never closes them. A text that
// nests deeper was built to, and is replaced as a whole. encoding/json gives up at 10,000.
const maxNesting = 1000

// jsonPass redacts one JSON value, token by token. It copies the text between tokens and every token that stays.
type jsonPass struct {
	*pass
	s      string
	depth  int
	out    []byte
	copied int     // how much of s is in out
	last   string  // the last string
	since  int     // where what follows the last string begins in s; with it, that stands directly before the current token
	stack  []frame // what the value stands in, and the open objects and arrays in it
}

// frame is an open object or array.
type frame struct {
	object  bool
	naming  bool   // the next string is the name of a member
	inherit Kind   // what the names around it announce for everything in it
	name    string // of the current member
	role    role   // of that name beside others
	kind    Kind   // what that name announces
	// paired is what a member "name" announces for "value": {"name": "PIN", "value": "1"}; in an array, what the last
	// element announces for the next.
	paired Kind
	value  earlyValue
}

// json redacts the JSON value at the beginning of s. It returns how many bytes of s it has read, n, and whether they
// are one value, which the end of s may have cut off.
//
// It reads tokens, not a tree, because order, duplicates and numbers have to stay as written.
func (p *pass) json(s string, depth int) (out string, n int, ok bool) {
	j := &jsonPass{pass: p, s: s, depth: depth, stack: make([]frame, 1, 8), out: make([]byte, 0, min(len(s), 512))}
	l := lexer{s: s}
	for {
		lo, hi, err := l.next()
		if errors.Is(err, errCut) {
			j.unfinished()
			return string(j.out), len(s), true
		}
		if p.left -= hi - j.copied; p.left < 0 {
			return "", len(s), true
		}
		if err == nil {
			err = j.token(lo, hi)
		}
		if err != nil {
			return "", max(j.copied, 1), false
		}
		if len(j.stack) == 1 || j.left < 0 {
			return string(j.out), hi, true
		}
	}
}

// gap copies what stands before the token at lo: white space, commas and colons.
func (j *jsonPass) gap(lo int) {
	j.put(j.s[j.copied:lo])
	j.copied = lo
}

// before returns what stands directly before the current token, as far as detectors look back.
func (j *jsonPass) before() string {
	since := j.s[max(j.since, j.copied-maxKey):j.copied]
	if j.since == 0 || len(since) >= maxKey {
		return strings.ToValidUTF8(since, "")
	}
	return `"` + tail(j.last) + `"` + since
}

func (j *jsonPass) token(lo, hi int) error {
	j.gap(lo)
	raw := j.s[lo:hi]
	switch raw[0] {
	case '{', '[', '}', ']':
		j.delim(raw[0])
	case '"':
		t, escaped := raw[1:len(raw)-1], strings.IndexByte(raw, '\\') >= 0
		if escaped {
			var ok bool
			if t, ok = unquote(raw); !ok {
				return errSyntax
			}
		}
		if text := j.str(t, escaped); text != t {
			raw = quote(text)
		}
		j.since = hi
	case 't', 'f', 'n':
		j.ended()
	default:
		if marker := j.number(raw); marker != "" {
			raw = quote(marker)
		}
		j.ended()
	}
	j.put(raw)
	j.copied = hi
	return nil
}

// unfinished redacts what follows the last whole token of a value that was cut off: a string without its end, or text.
func (j *jsonPass) unfinished() {
	j.dropEarly()
	j.gap(run(j.s, j.copied, len(j.s), func(c byte) bool { return has(" \t\r\n,:", c) }))
	raw := j.s[j.copied:]
	text, ok := unquote(raw + `"`)
	if !ok {
		j.put(j.plain(j.before(), raw))
		return
	}
	if out := j.str(text, strings.IndexByte(raw, '\\') >= 0); out != text {
		raw = `"` + escape(out)
	}
	j.put(raw)
}

// top returns the innermost open object or array.
func (j *jsonPass) top() *frame { return &j.stack[len(j.stack)-1] }

// put appends to the output.
func (j *jsonPass) put(s string) { j.out = append(j.out, s...) }

// delim opens or closes an object or array.
func (j *jsonPass) delim(d byte) {
	switch d {
	case '{', '[':
		if len(j.stack) > maxNesting {
			j.left = -1
			return
		}
		kind, _ := j.announced()
		j.stack = append(j.stack, frame{object: d == '{', naming: d == '{', inherit: kind})
	default:
		j.stack = j.stack[:len(j.stack)-1]
		j.ended()
	}
}

// ended follows a value. In an object, a name comes next.
func (j *jsonPass) ended() {
	f := j.top()
	f.naming = f.object
}

// announced returns what the names around the current value announce, and reports whether its own name does.
func (j *jsonPass) announced() (kind Kind, own bool) {
	f := j.top()
	switch {
	case (f.kind != "" || f.inherit != "" || f.paired != "") && listed("schema", f.name): // "password": {"type": "string", "description": …}
		return "", false
	case f.kind != "":
		return f.kind, true
	case f.paired != "" && f.role == roleValue:
		return f.paired, true
	}
	return f.inherit, false
}

// str returns what is left of a string, which is a name or a value. If it was written with escapes, what
// stands in it is wrapped once more.
func (j *jsonPass) str(text string, escaped bool) string {
	depth := j.depth
	if escaped {
		depth++
	}
	f := j.top()
	if f.naming {
		j.last = text
		f.naming, f.name = false, text
		f.kind, f.role = j.names.kind(text), roleOf(text)
		return j.inside("", text, depth)
	}
	context := j.before() + `"`
	j.last = text
	j.ended()
	if !f.object {
		return j.element(f, context, text, depth)
	}
	j.pair(f, text)
	kind, own := j.announced()
	kind = certain(kind, text)
	switch {
	case isPrivatePart(f.name) && len(text) >= 32 && randomWord(withoutDashes(text)):
		return j.whole(text, KindPrivateKey)
	case kind != "" && isSecretMember(text, kind, own) && (f.kind != "" || !isSentence(text)):
		return j.whole(text, kind)
	}
	return j.inside(context, text, depth)
}

// whole returns the marker in place of a string.
func (j *jsonPass) whole(text string, kind Kind) string {
	return j.markers.replace(text, []span{{0, len(text), kind}})
}

// element returns what is left of a string in an array. The one before it may be its name: ["X-Api-Key", "…"].
func (j *jsonPass) element(f *frame, context, text string, depth int) string {
	before, inherit := f.paired, certain(f.inherit, text)
	f.paired = ""
	if len(text) < maxKey && !strings.Contains(text, " ") {
		f.paired = j.names.kind(text)
	}
	switch before = certain(before, text); {
	case inherit != "" && isSecretMember(text, inherit, false):
		return j.whole(text, inherit)
	case before != "" && f.paired == "" && isListedSecret(text) && isSecret(text, before):
		return j.whole(text, before)
	}
	return j.inside(context, text, depth)
}

// pair notes what the value of a member such as name or element says of the member value or text in the same object. If
// that came first, it goes now.
func (j *jsonPass) pair(f *frame, text string) {
	switch {
	case f.role == roleName:
		f.paired = labelKind(text)
		kind := certain(f.paired, f.value.text)
		if f.value.text != "" && kind != "" && isSecret(f.value.text, kind) && !isSentence(f.value.text) {
			n, _ := quotedLen(string(j.out[f.value.at:])) // it was read as one before
			end := f.value.at + n
			j.out = slices.Replace(j.out, f.value.at, end, []byte(quote(j.whole(f.value.text, kind)))...)
		}
		f.value.text = ""
	case f.paired == "" && f.role == roleValue:
		f.value = earlyValue{len(j.out), text}
	}
}

// dropEarly removes the values whose names may stand behind the end of a text that was cut off, if they look as if they
// were random.
func (j *jsonPass) dropEarly() {
	for i := len(j.stack) - 1; i >= 0; i-- { // from the last one: positions before it stay
		v := j.stack[i].value
		if len(v.text) < minEarly || strings.Contains(v.text, " ") || mixOf(v.text).mixed < 2 {
			continue
		}
		n, _ := quotedLen(string(j.out[v.at:]))
		j.out = slices.Replace(j.out, v.at, v.at+n, []byte(quote(j.whole(v.text, KindSecret)))...)
	}
}

// minEarly is the length from which such a value is removed.
const minEarly = 8

// earlyValue is the value of a member that stays unless a member behind it says what it is.
type earlyValue struct {
	at   int // in the output
	text string
}

// isPrivatePart reports whether a member is one of a JSON Web Key that hold the private part (RFC 7518, section 6).
func isPrivatePart(name string) bool { return oneOf(name, "d", "p", "q", "dp", "dq", "qi", "k") }

// isSecretMember reports whether a string is a secret where names announce a kind. Nested under such a name, less is
// taken for a secret than as the member itself: "api_keys": {"env": "prod", "value": …}.
func isSecretMember(text string, kind Kind, own bool) bool {
	if kind == KindAuthorization && strings.HasSuffix(text, " ") {
		return true // cut off behind the scheme
	}
	if !own {
		switch kind {
		case KindKey:
			return len(text) >= 12 && hasDigitOrSign(text) && !isPlaceholder(text)
		case KindPIN:
			return false
		case KindCookie:
			return len(text) >= 4 && isSecret(text, kind)
		}
	}
	return isSecret(text, kind)
}

// number returns the marker that a number is to be replaced by, or "". Of the detectors it needs only those for digits:
// a number has no other form, and JSON may hold one every two bytes.
func (j *jsonPass) number(raw string) string {
	kind, own := j.announced()
	if own && kind != kindMaybe && isSecretNumber(raw, kind, isPlural(j.top().name)) {
		return kind.Marker()
	}
	marker := ""
	j.findNumber(j.before, raw, func(_, _ int, kind Kind) { marker = kind.Marker() })
	return marker
}

// isSecretNumber reports whether a number is a secret where its name announces a kind.
func isSecretNumber(raw string, kind Kind, plural bool) bool {
	switch n := countDigits(raw); kind {
	case KindPhone, KindCard:
		return n >= 7
	case KindPIN, KindID:
		return n >= 3
	}
	return !isCount(raw, kind, plural)
}

// tail returns the end of a string, as far as detectors look back. Longer context would make the time that JSON takes
// quadratic.
func tail(s string) string {
	lo := max(0, len(s)-maxKey)
	for lo < len(s) && !utf8.RuneStart(s[lo]) {
		lo++
	}
	return s[lo:]
}

// unquote reads a JSON string. It stands apart because what json.Unmarshal writes to is allocated.
func unquote(raw string) (text string, ok bool) {
	err := json.Unmarshal([]byte(raw), &text)
	return text, err == nil
}

// quote writes s as a JSON string, without the escapes for HTML.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // neither a string nor a Builder fails
	return strings.TrimSuffix(b.String(), "\n")
}
