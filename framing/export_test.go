package framing

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// What the tests need of the package's inside: the skippers, to compare them with a byte by byte count; the hash, to
// know what it should be; and the buffers, to see that they stay small and are cleared.

type Nesting = nesting

func (n *nesting) Set(depth int, inString, escaped bool) {
	*n = nesting{depth: depth, inString: inString}
	if escaped {
		n.escaped = 1
	}
}

func (n *nesting) Get() (depth int, inString, escaped bool) {
	return n.depth, n.inString, n.escaped != 0
}

var (
	SkipNested = skipNested
	SkipString = skipString
)

func HashOf(b []byte) uint64 { return maphash.Bytes(seed, b) }

const (
	MaxRepeated      = maxRepeated
	MaxRepeatedBytes = maxRepeatedBytes
	MaxHashedID      = maxHashedID
)

// buffers returns all buffers that the scanner copies values into, including what was there before.
func (s *Scanner) buffers() [][]byte {
	all := append([][]byte{s.plain, s.text, s.picked.arena}, s.copies[:]...)
	for _, f := range s.stack[:cap(s.stack)] {
		all = append(all, f.raw)
	}
	for i, b := range all {
		all[i] = b[:cap(b)]
	}
	return all
}

// Retained returns how many bytes of buffers the scanner holds on to.
func (s *Scanner) Retained() int {
	n := 96 * cap(s.picked.values)
	for _, b := range s.buffers() {
		n += len(b)
	}
	return n
}

// Copied reports whether the text is in a buffer that values are copied into.
func (s *Scanner) Copied(text string) bool {
	return slices.ContainsFunc(s.buffers(), func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
}
