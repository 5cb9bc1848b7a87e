package redact

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with a wrapping undone. It remembers for every byte where in the wrapped text that byte came from, so
// that what is found in the view can be replaced in the wrapped text.
type view struct {
	text  []byte
	from  []int32             // from[i] is where the sequence begins that text[i] came from; one more for the end
	quote func(string) string // how a quote is written in the wrapped text
}

func newView(n int) *view { return &view{text: make([]byte, 0, n), from: make([]int32, 0, n+1)} }

func (v *view) add(from int, b ...byte) {
	for _, c := range b {
		v.text = append(v.text, c)
		v.from = append(v.from, int32(from))
	}
}

// back maps spans of the view to the wrapped text, which begins at base.
func (v *view) back(spans []span, base int) []span {
	out := spans[:0]
	for _, sp := range spans {
		if sp.lo >= sp.hi {
			continue
		}
		hi := sp.hi
		for hi < len(v.text) && v.from[hi] == v.from[hi-1] { // never end inside a sequence
			hi++
		}
		sp.lo, sp.hi = int(v.from[sp.lo])+base, int(v.from[hi])+base
		if sp.quote != "" {
			sp.quote = v.quote(sp.quote)
		}
		out = append(out, sp)
	}
	return out
}

// unescape undoes the escapes of JSON strings. What is no escape stays, so that it also serves for text that only has
// some, such as a Windows path or a log line with JSON in it.
func unescape(s string) *view {
	v := newView(len(s))
	v.quote = func(q string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(q) }
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			v.add(i, s[i])
			i++
			continue
		}
		switch c := s[i+1]; c {
		case '"', '\\', '/':
			v.add(i, c)
			i += 2
		case 'b', 'f', 'n', 'r', 't':
			v.add(i, "\b\f\n\r\t"[strings.IndexByte("bfnrt", c)])
			i += 2
		case 'u':
			n, c := unicodeEscape(s[i:])
			if n == 0 {
				v.add(i, '\\')
				i++
				continue
			}
			v.add(i, utf8.AppendRune(nil, c)...)
			i += n
		default:
			v.add(i, '\\')
			i++
		}
	}
	v.from = append(v.from, int32(len(s)))
	return v
}

// unicodeEscape reads \uXXXX, or two of them for a character outside the basic plane.
func unicodeEscape(s string) (int, rune) {
	c, ok := fourHex(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(c) && len(s) >= 12 {
		if low, ok := fourHex(s[6:]); ok {
			if full := utf16.DecodeRune(c, low); full != utf8.RuneError {
				return 12, full
			}
		}
	}
	return 6, c
}

func fourHex(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var c rune
	for i := 2; i < 6; i++ {
		if !isHex(s[i]) {
			return 0, false
		}
		c = c<<4 | rune(hexValue(s[i]))
	}
	return c, true
}

// unpercent undoes percent-encoding (RFC 3986, section 2.1); nil if s has none.
func unpercent(s string) *view {
	if !hasPercent(s) {
		return nil
	}
	v := newView(len(s))
	v.quote = func(string) string { return "%22" }
	for i := 0; i < len(s); {
		if isPercent(s, i) {
			v.add(i, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 3
			continue
		}
		v.add(i, s[i])
		i++
	}
	v.from = append(v.from, int32(len(s)))
	return v
}

func isPercent(s string, i int) bool {
	return s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
}

func hasPercent(s string) bool {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '%')
		if i < 0 {
			return false
		}
		if at += i; isPercent(s, at) {
			return true
		}
		at++
	}
}

// findEscaped looks at s with its escapes undone, if it has any.
func (f *search) findEscaped(s string, depth int) []span {
	if strings.IndexByte(s, '\\') < 0 {
		return nil
	}
	v := unescape(s)
	if len(v.text) == len(s) {
		return nil
	}
	return v.back(f.findJSON(string(v.text), depth), 0)
}

// findWrapped looks into the wrappings that s may have besides escapes: percent-encoding and base64.
func (f *search) findWrapped(s string, depth int) []span {
	var spans []span
	if v := unpercent(s); v != nil {
		spans = append(spans, v.back(f.findText(string(v.text), depth), 0)...)
	}
	return append(spans, f.findBase64(s, depth)...)
}

// minBase64 is the length from which a run of base64 is decoded: twelve bytes of text.
const minBase64 = 16

// findBase64 decodes runs of base64, of either alphabet and with or without padding, that hold text. A run with
// something to remove goes as a whole: what is found stands in the encoded text at no byte boundary.
func (f *search) findBase64(s string, depth int) []span {
	var spans []span
	for i := 0; i < len(s); i++ {
		if !isBase64(s[i]) && !isBase64URL(s[i]) {
			continue
		}
		lo := i
		for i < len(s) && (isBase64(s[i]) || isBase64URL(s[i])) {
			i++
		}
		if i-lo < minBase64 {
			continue
		}
		found, whole := f.inBase64(s[lo:i], depth)
		if whole {
			spans = append(spans, span{lo: lo, hi: padded(s, i), kind: found[0].kind})
			continue
		}
		if found == nil { // the run may be two: a path or a name before the base64
			spans = append(spans, f.findBase64Parts(s, lo, i, depth)...)
		}
	}
	return spans
}

func padded(s string, i int) int {
	for n := 0; n < 2 && i < len(s) && s[i] == '='; n++ {
		i++
	}
	return i
}

// findBase64Parts tries what is left of s[lo:hi] after each character that also separates.
func (f *search) findBase64Parts(s string, lo, hi, depth int) []span {
	var spans []span
	for lo < hi {
		end := lo
		for end < hi && isWord(s[end]) {
			end++
		}
		if end-lo >= minBase64 && (end < hi || lo > 0) {
			if found, ok := f.inBase64(s[lo:end], depth); ok {
				spans = append(spans, span{lo: lo, hi: padded(s, end), kind: found[0].kind})
			}
		}
		lo = end + 1
	}
	return spans
}

// inBase64 decodes run and returns what has to go from it. A run that a window cut off has up to three characters too
// many; they are left out.
func (f *search) inBase64(run string, depth int) (found []span, ok bool) {
	enc := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		enc = base64.RawURLEncoding
	}
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	// Decode a little first: most runs are words, paths and hashes.
	var head [12]byte
	if _, err := enc.Decode(head[:], []byte(run[:minBase64])); err != nil || !isPlain(head[:]) {
		return nil, false
	}
	text, err := enc.DecodeString(run)
	if err != nil || !isPlain(text) {
		return nil, false
	}
	found = f.findJSON(string(text), depth)
	return found, len(found) > 0
}

// isPlain tells whether b is text: UTF-8, as far as it goes, without control characters other than white space.
func isPlain(b []byte) bool {
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < ' ' && !isSpace(c) || c == 0x7f {
				return false
			}
			i++
			continue
		}
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b[i:])
		}
		i += n
	}
	return true
}
