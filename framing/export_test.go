package framing

import "hash/maphash"

// What tests must see of the inside: the skippers, to compare them, and the hash, to know what it should be.

type Nesting = nesting

func (n *nesting) Set(depth int64, inString, escaped bool) {
	*n = nesting{depth: depth}
	if inString {
		n.inString = ^uint64(0)
	}
	if escaped {
		n.escaped = 1
	}
}

func (n *nesting) Get() (depth int64, inString, escaped bool) {
	return n.depth, n.inString != 0, n.escaped != 0
}

var (
	SkipNested      = skipNested
	SkipNestedPlain = skipNestedPlain
	SkipString      = skipString
	SkipStringPlain = skipStringPlain
)

func HashOf(b []byte) uint64 { return maphash.Bytes(seed, b) }

const (
	MaxRepeated      = maxRepeated
	MaxRepeatedBytes = maxRepeatedBytes
	Window           = window
)

// Retained returns how many bytes of buffers the scanner holds on to.
func (s *Scanner) Retained() int {
	n := cap(s.part.raw) + cap(s.decoder.text) + cap(s.picked.arena) + cap(s.picked.spare)
	n += 96 * cap(s.picked.values)
	for i := range s.frames {
		n += cap(s.frames[i].raw)
	}
	return n
}
