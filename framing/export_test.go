package framing

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// What tests must see of the inside: the skippers, to compare them; the hash, to know what it should be; and how keys are told apart.

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

// Golden is what keys are mixed with.
const Golden uint64 = golden

var Condense = condense

// Spelt says whether a key would be seen at the beginning of text, if it were guessed to be there.
func Spelt(key, text string) bool {
	var sp spelling
	sp.spell(&node{}, key)
	var b [longKey]byte
	copy(b[:], text)
	return sp.parent != nil && sp.spelt(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]))
}

func HashOf(b []byte) uint64 { return maphash.Bytes(seed, b) }

const (
	MaxRepeated      = maxRepeated
	MaxRepeatedBytes = maxRepeatedBytes
	Window           = window
)

// buffers are all that the scanner copies values into, with what was there before.
func (s *Scanner) buffers() [][]byte {
	all := [][]byte{s.part.raw, s.decoder.text, s.picked.arena, s.picked.spare}
	for i := range s.frames {
		all = append(all, s.frames[i].raw)
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

// Copied says whether the text stands in a buffer that values are copied into.
func (s *Scanner) Copied(text string) bool {
	return slices.ContainsFunc(s.buffers(), func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
}
