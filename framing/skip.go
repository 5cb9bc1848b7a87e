package framing

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// nesting is the state of skipNested between two spans.
type nesting struct {
	depth    int // brackets that are open
	inString bool
	escaped  uint64 // 1 if the next byte is escaped, else 0
}

// skipNested continues inside a container from b[i] until the last open bracket is closed. It returns the index after
// that bracket, or -1 if it is not in b. It looks at strings and brackets only, and accepts } for ] and ] for }.
func skipNested(b []byte, i int, n *nesting) int {
	for i < len(b) {
		if n.inString {
			if i, n.escaped = skipString(b, i, n.escaped); i < 0 {
				return -1
			}
			n.inString = false
			i++
			continue
		}
		switch b[i] {
		case '"':
			n.inString = true
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

// skipString finds the end of a string without looking at its bytes one by one. Where quotes are escaped, it turns each
// question about 64 bytes, such as which of them are quotes, into a mask: a word with a bit for each byte. This is the
// method of simdjson (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019), with 8 bytes at a time in a
// general register instead of 32 in a vector, so that it is portable Go. docs/adr/0012 has its speed.

// skipString continues inside a string from b[i]. It returns the index of the quote that ends the string, or -1 if it
// is not in b. Before and after, escaped is 1 if the next byte is escaped, else 0.
func skipString(b []byte, i int, escaped uint64) (int, uint64) {
	var w block
	for i < len(b) {
		// Most strings, and the longest of all, base64, have no escaped quote. bytes.IndexByte is vectorized.
		i += int(escaped)
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1, endsInEscape(b[i:])
		}
		if endsInEscape(b[i:i+n]) == 0 {
			return i + n, 0
		}
		// Where one quote is escaped, as in JSON within JSON, others are near: look at whole blocks until one has
		// none.
		i += n + 1
		escaped = 0
		for near := true; near && i < len(b); {
			size := w.load(b[i:])
			quotes := w.equal('"')
			if end := quotes &^ w.escaped(size, &escaped); end != 0 {
				return i + bits.TrailingZeros64(end), 0
			}
			near = quotes != 0
			i += size
		}
	}
	return -1, escaped
}

// endsInEscape returns 1 if b ends in an odd number of backslashes, else 0.
func endsInEscape(b []byte) uint64 {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return uint64(n & 1)
}

// block is the next 64 bytes, in words of 8. If fewer are left, the others are zero, which is no byte of interest.
type block [8]uint64

// load reads the block at the start of b and returns how many bytes it has.
func (w *block) load(b []byte) int {
	var padded [64]byte
	size := 64
	if len(b) < size {
		size = copy(padded[:], b)
		b = padded[:]
	}
	b = b[:64]
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return size
}

const (
	eachByte      = 0x0101010101010101
	lowBits       = 0x7f * eachByte
	everyOtherBit = 0xaaaaaaaaaaaaaaaa
)

// equal returns the mask of the bytes that are c.
func (w *block) equal(c byte) uint64 {
	x := uint64(c) * eachByte
	return zeros(w[0]^x) | zeros(w[1]^x)<<8 | zeros(w[2]^x)<<16 | zeros(w[3]^x)<<24 |
		zeros(w[4]^x)<<32 | zeros(w[5]^x)<<40 | zeros(w[6]^x)<<48 | zeros(w[7]^x)<<56
}

// zeros returns the mask of the bytes of a word that are zero, 8 bits. The sum sets the high bit of each byte that
// has any other bit set, and carries nothing into the next byte. The multiplication gathers the high bits in the top
// byte.
func zeros(x uint64) uint64 {
	return ^((x&lowBits + lowBits) | x | lowBits) * 0x0002040810204081 >> 56
}

// escaped returns the mask of the bytes that are escaped, in a block of the given size. *first is 1 if the first byte
// is escaped, and is set to the same for the next block.
//
// A byte is escaped if it follows an odd number of backslashes. The subtraction carries through each run of
// backslashes, and leaves a bit behind it whose position, even or odd, depends on the run's length: see find_escaped
// in simdjson.
func (w *block) escaped(size int, first *uint64) uint64 {
	backslashes := w.equal('\\')
	if backslashes|*first == 0 {
		return 0
	}
	unescaped := backslashes &^ *first
	codes := ((unescaped<<1 | everyOtherBit) - unescaped) ^ everyOtherBit
	escaped := codes ^ (backslashes | *first)
	*first = codes & backslashes >> uint(size-1) & 1
	return escaped
}
