package redact

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
