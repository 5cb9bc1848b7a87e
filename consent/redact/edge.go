package redact

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// edge returns s, which was cut off at its end, without the token there: half a secret has no form that a detector
// would know. It also drops the tokens left of it for as long as they could be groups of one number, such as a card or
// an IBAN.
func edge(s string) string {
	end := tokenStart(s)
	// In the lines before may stand the first pieces of a wrapped token.
	for range maxWrapped {
		line := strings.TrimRight(s[:end], "\r\n")
		lo := tokenStart(line)
		if !strings.HasSuffix(s[:end], "\n") || len(line)-lo < minPiece || !isPiece(line[lo:]) {
			break
		}
		end = lo
	}
	const most = 10 // the longest IBANs have nine groups
	for range most {
		trimmed := strings.TrimRight(s[:end], " \u00a0-")
		if trimmed == "" || strings.HasSuffix(trimmed, "\n") {
			break
		}
		lo := tokenStart(trimmed)
		if !isGroup(trimmed[lo:]) {
			break
		}
		end = lo
	}
	return s[:end]
}

// maxWrapped is over how many lines a token is assumed to be wrapped.
const maxWrapped = 2

// Some texts have no white space: of languages that are written without, and lists of numbers. Little is left of them if
// only white space ends a token. So what stands before their characters counts as ended, too, if it is this far from
// the edge, in bytes: an address may have such letters, and a token any sign.
const (
	maxEdgeLetters = maxLocal
	maxEdgeSigns   = 1 << 10
)

// tokenStart returns where the last token of s begins. White space and double quotes end a token: any other character
// may be part of a password or a URL.
func tokenStart(s string) int {
	start := strings.LastIndexAny(s, " \t\r\n\"\u00a0\u3000")
	if start >= 0 {
		_, n := utf8.DecodeRuneInString(s[start:])
		start += n
	}
	start = max(start, 0)
	if far := len(s) - maxEdgeSigns; far > start {
		start += strings.LastIndexAny(s[start:far], ",;&|()[]{}<>") + 1
	}
	if far := len(s) - maxEdgeLetters; far > start {
		start += unspacedEnd(s[start:], far-start)
	}
	return start
}

// unspacedEnd returns the end of the last letter in s of a language that is written without white space, at or before
// far; 0 if there is none. In JSON it may be written as an escape. What follows the last one in s belongs together, and
// far may not be in it.
func unspacedEnd(s string, far int) int {
	for i := len(s); i > 0; {
		c, n := utf8.DecodeLastRuneInString(s[:i])
		lo := i - n
		if esc := i - len(`\u5317`); isHex(s[i-1]) && esc >= 0 && s[esc:esc+2] == `\u` {
			if code, err := strconv.ParseUint(s[esc+2:i], 16, 16); err == nil {
				c, lo = rune(code), esc
			}
		}
		if i <= far && isUnspaced(c) {
			return i
		}
		i = lo
	}
	return 0
}

// isUnspaced reports whether c is a letter or sign of a script that separates words by nothing.
func isUnspaced(c rune) bool {
	return c >= 0x0e00 && unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar, unicode.Tibetan) || c >= 0x3000 && c <= 0x303f || c >= 0xff00 && c <= 0xffef
}

// isGroup reports whether a token looks like one group of a longer number: short, with a digit, or upper-case letters.
func isGroup(tok string) bool {
	if tok == "" || len(tok) > 8 {
		return false
	}
	return strings.ContainsAny(tok, "0123456789") || len(tok) <= 4 && strings.Trim(tok, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
