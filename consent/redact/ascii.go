package redact

import (
	"iter"
	"regexp"
	"strings"
	"sync"
)

// lazy returns an expression that is compiled when it is first used: a process that captures nothing compiles nothing.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func isDigit(c byte) bool { return c-'0' < 10 }
func isLower(c byte) bool { return c-'a' < 26 }
func isUpper(c byte) bool { return c-'A' < 26 }
func isAlpha(c byte) bool { return (c|0x20)-'a' < 26 }
func isWord(c byte) bool  { return isAlpha(c) || isDigit(c) }
func isHex(c byte) bool   { return isDigit(c) || (c|0x20)-'a' < 6 }
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// marks is a set of characters that a text has. Most detectors need one of a few, and are skipped if it is missing.
type marks uint32

// marksOf lists the characters that have a mark. Digits share the mark of 0, and bytes of other alphabets that of é.
const marksOf = "0@ .:-/\\~=>%&;,|)\t\x1b\n{_\u00e9"

var markTable = func() (table [256]marks) {
	for i := range len(marksOf) {
		table[marksOf[i]] |= 1 << i
	}
	for c := range 256 {
		switch {
		case isDigit(byte(c)):
			table[c] = table['0']
		case c >= 0x80:
			table[c] = table[0xc3]
		}
	}
	return table
}()

// markOf returns the marks of the characters in set.
func markOf(set string) (m marks) {
	for i := range len(set) {
		m |= markTable[set[i]]
	}
	return m
}

// has reports whether the text has one of the characters in set.
func (m marks) has(set marks) bool { return m&set != 0 }

// isNameLetter reports whether c may stand in a word of a name. Bytes of other alphabets than ASCII do.
func isNameLetter(c byte) bool { return isWord(c) || c >= 0x80 }

// isToken reports whether c may stand in a credential's random part.
func isToken(c byte) bool { return isWord(c) || c == '-' || c == '_' }

// has reports whether c is in set.
func has(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

// run returns where the bytes from s[i] on end that are in a class; at most limit of them.
func run(s string, i, limit int, in func(c byte) bool) int {
	end := i
	for end < len(s) && end-i < limit && in(s[end]) {
		end++
	}
	return end
}

// runs returns the longest ranges of bytes that are in a class. It calls in once for each byte, in order.
func runs(s string, in func(c byte) bool) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		for i := 0; i < len(s); i++ {
			if end := run(s, i, len(s), in); end > i {
				if !yield(i, end) {
					return
				}
				i = end
			}
		}
	}
}

// class is a set of bytes. Looking one up is faster than calling a function, which matters where every byte is asked.
type class [256]bool

func classOf(in func(c byte) bool) *class {
	var table class
	for c := range table {
		table[c] = in(byte(c))
	}
	return &table
}

// longRuns returns the longest ranges of bytes that are in a class, and at least so many. It looks at the last byte that
// such a range would have first, so that it sees few bytes of a text without.
func longRuns(s string, in *class, least int) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		for i := 0; i+least <= len(s); {
			last := i + least - 1
			for last >= i && in[s[last]] {
				last--
			}
			if last >= i {
				i = last + 1
				continue
			}
			end := i + least
			for end < len(s) && in[s[end]] {
				end++
			}
			if !yield(i, end) {
				return
			}
			i = end + 1
		}
	}
}

// hasRun reports whether longRuns finds any.
func hasRun(s string, in *class, least int) bool {
	for range longRuns(s, in, least) {
		return true
	}
	return false
}

// firstGroup returns the range of the first group of an expression that matched, or else of the whole match.
func firstGroup(m []int) (lo, hi int) {
	for g := 2; g < len(m); g += 2 {
		if m[g] >= 0 {
			return m[g], m[g+1]
		}
	}
	return m[0], m[1]
}

// lower returns s with the letters of ASCII in lower case. Unlike strings.ToLower it never changes the length of valid
// UTF-8.
func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c | 0x20
		}
		return c
	}, s)
}

// foldTable maps capital letters of ASCII to small ones, and other bytes to themselves.
var foldTable = func() (table [256]byte) {
	for c := range 256 {
		table[c] = byte(c)
		if isUpper(byte(c)) {
			table[c] |= 0x20
		}
	}
	return table
}()

// hasPrefixFold is strings.HasPrefix without regard to the case of ASCII letters; prefix is in lower case.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if foldTable[s[i]] != prefix[i] {
			return false
		}
	}
	return true
}

// indexFold is strings.Index without regard to the case of ASCII letters; word is in lower case.
func indexFold(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if foldTable[s[i]] == word[0] && hasPrefixFold(s[i:], word) {
			return i
		}
	}
	return -1
}

func hasDigitOrSign(v string) bool { return strings.ContainsAny(v, "0123456789!@#$%^&*_+=/\\~|") }

// hasText reports whether s has anything but punctuation and white space.
func hasText(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return isNameLetter(byte(min(c, 0x80))) })
}

func countDigits(v string) int {
	n := 0
	for i := range len(v) {
		if isDigit(v[i]) {
			n++
		}
	}
	return n
}

func isNumber(w string) bool { return strings.Trim(w, "0123456789") == "" }

// indexSlot returns where the keywords that begin with a and b are. Some share a slot, which only costs a comparison.
func indexSlot(a, b byte) int { return (int(a)<<5 ^ int(b)) & 1023 }

// isHexText reports whether s consists of hexadecimal digits.
func isHexText(s string) bool {
	return run(s, 0, len(s), isHex) == len(s)
}
