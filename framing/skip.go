package framing

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// nesting is where the skipper stands inside a container: what the next span is to be read with.
type nesting struct {
	depth    int64  // brackets that are open
	inString uint64 // all ones inside a string, else zero
	escaped  uint64 // 1 if the next byte is escaped, else zero
}

// skipNestedPlain goes on from b[i] until the last open bracket has closed, and returns the index after it; or it
// returns -1 if b ends before. Only strings and brackets mean anything to it, and one closing bracket is as good as the
// other. A backslash keeps a quote from beginning a string too, which never comes up in JSON: it is so because the
// vectorised skipper, which must agree to the last bit, is faster for it.
func skipNestedPlain(b []byte, i int, n *nesting) int {
	for i < len(b) {
		if n.inString != 0 {
			var end int
			if end, n.escaped = skipStringPlain(b, i, n.escaped); end < 0 {
				return -1
			}
			n.inString = 0
			i = end + 1
			continue
		}
		escaped := n.escaped
		n.escaped = 0
		switch b[i] {
		case '"':
			n.inString = escaped - 1
		case '\\':
			n.escaped = 1 - escaped
		case '{', '[':
			n.depth++
		case '}', ']':
			if n.depth--; n.depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// skipStringPlain goes on inside a string from b[i] and returns the index of the quote that ends it, or -1 if b ends
// before. escaped is 1 if the next byte is escaped, else 0, before and after.
func skipStringPlain(b []byte, i int, escaped uint64) (int, uint64) {
	if i >= len(b) {
		return -1, escaped
	}
	i += int(escaped)
	for {
		// Text full of escapes is best gone through word by word,
		next, stop := wordStop(b, i, i+32)
		if stop && b[next] == '"' {
			return next, 0
		}
		if stop { // a backslash
			if next+1 == len(b) {
				return -1, 1
			}
			i = next + 2
			continue
		}
		// and text that has none by a search for the next quote.
		i = next
		end := bytes.IndexByte(b[i:], '"')
		if end < 0 {
			return -1, oddBackslashes(b[i:])
		}
		if oddBackslashes(b[i:i+end]) == 0 {
			return i + end, 0
		}
		i += end + 1
	}
}

// oddBackslashes returns 1 if b ends in an odd number of backslashes, else 0.
func oddBackslashes(b []byte) uint64 {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return uint64(n & 1)
}

// wordStop looks for a quote or a backslash from b[i] on, in whole words that begin before limit, and returns the index and
// true, or where it gave up and false.
func wordStop(b []byte, i, limit int) (int, bool) {
	for stop := min(len(b)-7, limit); i < stop; i += 8 {
		if n := firstStop(binary.LittleEndian.Uint64(b[i:])); n < 8 {
			return i + n, true
		}
	}
	return i, false
}

// firstStop returns which byte of the word is the first quote or backslash, or 8 if none is.
func firstStop(word uint64) int { return bits.TrailingZeros64(stops(word)) / 8 }

// stops sets the high bit of the first byte of the word that is a quote or a backslash, and perhaps of bytes above.
func stops(word uint64) uint64 { return zeroBytes(word^quotes) | zeroBytes(word^backslashes) }

const (
	lowBits     = 0x0101010101010101
	highBits    = 0x8080808080808080
	quotes      = lowBits * '"'
	backslashes = lowBits * '\\'
)

// zeroBytes sets the high bit of each byte of w that is zero, and perhaps of bytes above the lowest such.
func zeroBytes(w uint64) uint64 { return (w - lowBits) &^ w & highBits }
