package framing

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxEscape is the most bytes that the inside of a JSON string takes for each byte of its text: \u0041 is an A.
const maxEscape = 6

// rawLimit returns how many bytes of a JSON string must be kept so that its text can be decoded up to the limit: the
// quotes, that much text, and the longest character that may follow, a pair of surrogates.
func rawLimit(text int) int { return 2 + maxEscape*text + 2*maxEscape }

// decodeText appends the text of a JSON string to dst, which must be empty, in whole characters up to a limit in
// bytes. It resolves escapes and surrogate pairs (RFC 8259, section 7). A lone surrogate and each byte of invalid
// UTF-8 become U+FFFD, as in encoding/json. It reports whether it cut the text, and false in ok for an escape that
// JSON does not have. Behind a cut it looks at nothing.
func decodeText(dst, b []byte, limit int) (text []byte, cut, ok bool) {
	for len(b) > 0 {
		n := 0
		for n < len(b) && n < limit-len(dst) && b[n] < utf8.RuneSelf && b[n] != '\\' {
			n++
		}
		if dst, b = append(dst, b[:n]...), b[n:]; len(b) == 0 {
			break
		}
		r, size := utf8.DecodeRune(b)
		if b[0] == '\\' {
			r, size = unescape(b)
		}
		switch {
		case size == 0:
			return dst, false, false
		case len(dst)+utf8.RuneLen(r) > limit:
			return dst, true, true
		}
		dst, b = utf8.AppendRune(dst, r), b[size:]
	}
	return dst, false, true
}

// unescape returns the character of the escape that b begins with, and its size, or 0 if there is no such escape.
func unescape(b []byte) (r rune, size int) {
	if r = codeUnit(b); r >= 0 {
		if pair := utf16.DecodeRune(r, codeUnit(b[maxEscape:])); pair != utf8.RuneError {
			return pair, 2 * maxEscape
		}
		if utf16.IsSurrogate(r) {
			r = utf8.RuneError
		}
		return r, maxEscape
	}
	if len(b) > 1 {
		if i := strings.IndexByte(`"\/bfnrt`, b[1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2
		}
	}
	return 0, 0
}

// codeUnit returns the UTF-16 code unit that b begins with as \uXXXX, or -1 if it does not.
func codeUnit(b []byte) rune {
	if len(b) < maxEscape || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range b[2:maxEscape] {
		digit := strings.IndexByte("0123456789abcdefABCDEF", c)
		if digit < 0 {
			return -1
		}
		if digit > 15 {
			digit -= 6
		}
		unit = unit<<4 | rune(digit)
	}
	return unit
}

// clip shortens text, which is valid UTF-8, to at most limit bytes, at the end of a character. It reports whether that
// or an earlier cut has removed anything.
func clip(text []byte, cut bool, limit int) (short []byte, truncated bool) {
	if len(text) <= limit {
		return text, cut
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit], true
}
