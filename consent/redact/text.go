package redact

import (
	"fmt"
	"html"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how many wrappings are undone: JSON in a string in JSON in base64 is three. What is wrapped deeper is
// looked at only as it stands.
const maxDepth = 4

// A text that wraps text that wraps text can unwrap to many times its length. A pass looks at this many times as many
// bytes, and some more for short texts. A text that needs more was built to need more, and is replaced as a whole.
const (
	workFactor = 24
	workFloor  = 16 << 10

	failureCost = 256 // what begins like JSON and is not takes as long as so many bytes
)

// pass is one pass over a text and everything wrapped in it.
type pass struct {
	*engine
	left  int // bytes that may still be looked at; below zero the result must not be used
	names kinds

	// What plain collects; kept here because it would take memory for each string of a JSON text.
	emit  emitter
	skip  int // bytes of context before the text
	spans []span
}

func newPass(e *engine, left int) *pass {
	p := &pass{engine: e, left: left, names: make(kinds, 16)}
	p.emit = func(lo, hi int, kind Kind) {
		if hi > p.skip {
			p.spans = append(p.spans, span{max(lo-p.skip, 0), hi - p.skip, kind})
		}
	}
	return p
}

// text redacts running text.
func (p *pass) text(s string) string { return p.inside("", s, 0) }

// inside redacts text at a depth of wrapping, including the JSON values in it. The context is what stands directly
// before s, such as the name of a member: detectors see it, and it is not part of the result.
func (p *pass) inside(context, s string, depth int) string {
	if p.left -= len(context) + len(s); p.left < 0 {
		return ""
	}
	if depth > maxDepth {
		return p.plain(context, s)
	}
	var b strings.Builder
	done := 0
	for at := 0; ; {
		i := nextObject(s, at)
		if i < 0 {
			break
		}
		if p.left < 0 {
			return ""
		}
		out, n, ok := p.json(s[i:], depth)
		if at = i + n; !ok { // what could be read stays text
			p.left -= failureCost
			continue
		}
		b.WriteString(p.layers(context, s[done:i], depth))
		b.WriteString(out)
		done, context = at, ""
	}
	if done == 0 {
		return p.layers(context, s, depth)
	}
	b.WriteString(p.layers("", s[done:], depth))
	return b.String()
}

// nextObject returns where the first JSON object that is not empty begins at or after at, or -1.
func nextObject(s string, at int) int {
	for {
		i := strings.IndexByte(s[at:], '{')
		if i < 0 {
			return -1
		}
		at += i + 1
		if rest := strings.TrimLeft(s[at:], " \t\r\n"); rest != "" && rest[0] == '"' {
			return at - 1
		}
	}
}

// layers redacts s as it stands and, where parts of it are escaped or encoded, as those decode.
func (p *pass) layers(context, s string, depth int) string {
	if !hasText(s) {
		return s
	}
	if depth < maxDepth && strings.IndexByte(s, '\\') >= 0 {
		s = mapRuns(s, stringPart(), func(part string) string { return p.decoded(part, unescape(part), escape, depth) })
	}
	if depth < maxDepth && strings.IndexByte(s, '%') >= 0 {
		s = mapRuns(s, isURIPart, func(part string) string { return p.decoded(part, unpercent(part), percent, depth) })
	}
	if depth < maxDepth && strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0 {
		s = mapRuns(s, isMarkupText, func(part string) string { return p.decoded(part, unentity(part), html.EscapeString, depth) })
	}
	if depth < maxDepth && strings.IndexByte(s, 0) >= 0 {
		s = wideForm().ReplaceAllStringFunc(s, func(part string) string {
			return p.decoded(part, strings.ReplaceAll(part, "\x00", ""), func(text string) string { return text }, depth)
		})
	}
	s = p.plain(context, s)
	if depth < maxDepth && hasRun(s, base64Class, minBase64) { // last: a JSON Web Token consists of base64, and goes as a whole
		s = mapRanges(s, base64Lines(s), func(part string) string { return p.base64(part, depth) })
	}
	return s
}

// contextual are the marks of texts for which detectors look at what stands before.
var contextual = markOf("0@/\\:=>~\x1bé")

// plain redacts s as it stands.
func (p *pass) plain(context, s string) string {
	m := marksIn(s)
	if !m.has(contextual) && !strings.Contains(context, "--") && len(p.own) == 0 {
		context = "" // the name before it has been judged, and says no more of words
	}
	full := s
	if context != "" {
		full = context + s
	}
	m |= marksIn(context)
	p.skip, p.spans = len(context), p.spans[:0]
	if m.has(escapeMark) {
		full = withoutColors(full)
	}
	p.find(full, m, p.names, p.emit)
	if m.has(breakMark) {
		findWrapped(full, p.rules, p.emit)
	}
	return p.markers.replace(s, p.spans)
}

// decoded returns part as it is if its decoded text has nothing to remove, else that text, redacted and encoded again.
func (p *pass) decoded(part, text string, encode func(string) string, depth int) string {
	if text == part {
		return part
	}
	out := p.inside("", text, depth+1)
	if out == text {
		return part
	}
	return encode(out)
}

// mapRuns replaces every maximal run of characters of a class.
func mapRuns(s string, in func(c byte) bool, replace func(part string) string) string {
	return mapRanges(s, runs(s, in), replace)
}

// mapRanges replaces ranges of s, which come in order.
func mapRanges(s string, ranges iter.Seq2[int, int], replace func(part string) string) string {
	var b strings.Builder
	done := 0
	for lo, hi := range ranges {
		if out := replace(s[lo:hi]); out != s[lo:hi] {
			b.WriteString(s[done:lo])
			b.WriteString(out)
			done = hi
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// stringPart returns the class of what may stand inside a string literal: no control character, and no quote without a
// backslash before it.
func stringPart() func(c byte) bool {
	escaped := false
	return func(c byte) bool {
		inside := c >= ' ' && (escaped || c != '"')
		escaped = c == '\\' && !escaped
		return inside
	}
}

func isURIPart(c byte) bool { return c > ' ' && !has("\"'<>\\`", c) }

// isMarkupText is the class of text between tags that may have entities, up to the end of the line.
func isMarkupText(c byte) bool { return c != '\n' && c != '<' && c != '>' }

// escape writes s as the inside of a string literal.
func escape(s string) string {
	q := quote(s)
	return q[1 : len(q)-1]
}

// unescape undoes the escapes of string literals, of Go and so of JSON. What is not an escape stays, so that it also
// serves for text that only has some, such as a Windows path or a log line with JSON in it.
func unescape(s string) string {
	var b strings.Builder
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:n])
		c, _, rest, err := strconv.UnquoteChar(s[n:], '"')
		if err != nil {
			c, rest = '\\', s[n+1:]
		}
		b.WriteRune(c)
		s = rest
	}
}

var entityForm = lazy(`&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});`)

// unentity undoes the character references of HTML and XML: &quot;password&quot; &#58; …. Without a semicolon they are
// more likely the parameters of a query.
func unentity(s string) string { return entityForm().ReplaceAllStringFunc(s, html.UnescapeString) }

var percentForm = lazy(`(?:%[0-9A-Fa-f]{2})+`)

// unpercent undoes percent-encoding (RFC 3986, section 2.1). What does not decode to text stays.
func unpercent(s string) string {
	s = strings.ReplaceAll(s, "+", " ") // of a form (URL Standard, section 5.1); in base64 it would be %2B
	return percentForm().ReplaceAllStringFunc(s, func(part string) string {
		if text, err := url.PathUnescape(part); err == nil && utf8.ValidString(text) {
			return text
		}
		return part
	})
}

// wideForm matches UTF-16 and UTF-32 of characters that have one byte in Latin 1, in either byte order and from any byte on: programs of
// Windows write it to pipes, where it is split at line feeds, which are one byte of two.
var wideForm = lazy(`\x00*(?:[^\x00]\x00{1,3}){4,}[^\x00]?`)

// percent encodes what cannot stand in a URI, or would be decoded again. Delimiters stay, so that markers do.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isURIPart(c) && c != '%' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// base64 replaces a run of base64, in either alphabet and with or without padding, by a marker if it decodes to text
// with something to remove. The run goes as a whole, because what is found stands at no byte boundary of it.
func (p *pass) base64(part string, depth int) string {
	if len(part) < minBase64 || run(part, 0, len(part), func(c byte) bool { return !isUpper(c) && !isDigit(c) }) == len(part) {
		return part // words: twelve bytes of text have a capital letter or digit in base64
	}
	if text := fromBase64(part); text != "" {
		if out := p.inside("", text, depth+1); out != text {
			return p.markers.first(out)
		}
		return part
	}
	if hasBreak := strings.IndexByte(part, '\n') >= 0; hasBreak {
		return mapRuns(part, func(c byte) bool { return base64Class[c] }, func(line string) string { return p.base64(line, depth) })
	}
	// The run may be several: a path or a name before the base64.
	if run(part, 0, len(part), isWord) == len(part) || !hasRun(part, wordClass, minBase64) {
		return part
	}
	return mapRuns(part, isWord, func(word string) string { return p.base64(word, depth) })
}
