package redact

import (
	"encoding/base64"
	"encoding/hex"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minBase64 is the length from which a run of base64 is decoded: twelve bytes of text.
const minBase64 = 16

var base64Class = classOf(func(c byte) bool { return isToken(c) || has("+/=", c) })

// base64Lines returns the long runs of base64 in s. A run goes on in the next line if that is nothing else and no longer:
// encoders break lines after 64 or 76 characters (RFC 7468, section 2; RFC 2045, section 6.8).
func base64Lines(s string) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		done := 0
		for lo, hi := range longRuns(s, base64Class, minBase64) {
			if lo < done {
				continue
			}
			if n := strings.LastIndexByte(strings.TrimRight(s[lo:hi], "="), '=') + 1; hi-lo-n >= minBase64 {
				lo += n // the name of a field
			}
			done = base64End(s, lo, hi)
			if !yield(lo, done) {
				return
			}
		}
	}
}

// base64End returns the end of base64 whose first line is s[lo:hi].
func base64End(s string, lo, hi int) int {
	const least = 32 // of a line, so that the word in the line behind a short run is none of it
	width := hi - lo
	for width >= least && hi-lo == width && hi < len(s) && s[hi-1] != '=' {
		next := hi
		if s[next] == '\r' {
			next++
		}
		if next == len(s) || s[next] != '\n' {
			break
		}
		end := run(s, next+1, width+1, func(c byte) bool { return base64Class[c] })
		if end-next-1 > width || run(s, next+1, width, isLower) == end {
			break
		}
		lo, hi = next+1, end
	}
	return hi
}

// fromBase64 decodes a run, which may also be hexadecimal digits; "" if it does not hold text. A run that was cut off has
// up to three characters too many, which are left out.
func fromBase64(s string) string {
	if isHexText(s) {
		b, err := hex.DecodeString(s[:len(s)&^1])
		if err != nil || strings.ContainsFunc(string(b), func(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }) {
			return ""
		}
		return string(b)
	}
	s = strings.TrimRight(s, "=")
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	enc := base64.RawStdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.RawURLEncoding
	}
	b, err := enc.DecodeString(s)
	for n := 0; n < utf8.UTFMax && !utf8.Valid(b) && len(b) > 0; n++ { // a cut may have gone through a character
		b = b[:len(b)-1]
	}
	text := string(b)
	isControl := func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune("\t\r\n", c) }
	if err != nil || !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return ""
	}
	return text
}
