package framing

import "hash/maphash"

// frame is a value that has begun and not ended: a container whose members are looked at, or, on top of the stack,
// the value that is being read.
type frame struct {
	node   *node // its place in the table, or nil if no path leads to it or through it
	typ    ValueType
	start  int64  // offset of its first byte in the line
	values int    // index of its first picked value, or -1 if none is kept
	object uint64 // number of the object, unique in the stream
	count  int    // elements of the array so far

	// Its bytes as they came, as far as they are wanted.
	from int // where in the current span they begin or go on
	keep int // most bytes of raw
	raw  []byte
	hash maphash.Hash

	// At its end.
	size int64
	text []byte // its text, at least as much as its node wants
	cut  bool   // text is not all of it
}

// lastSeen is where the key of a node was last seen.
type lastSeen struct {
	object uint64 // the object that had it
	values int    // number of values picked before
}

func (s *Scanner) top() *frame { return &s.stack[len(s.stack)-1] }

// push opens a value at b[i].
func (s *Scanner) push(n *node, typ ValueType, i int) *frame {
	s.stack = s.stack[:len(s.stack)+1]
	f := s.top()
	f.node, f.typ, f.start, f.values = n, typ, s.line.size+int64(i), -1
	f.from, f.object, f.count = i, 0, 0
	if n == nil {
		return f
	}
	f.clear()
	f.keep = n.raw
	if typ == Number || typ == True || typ == False || typ == Null {
		f.keep = max(n.raw, n.text) // their text is their bytes
	}
	if n.hash {
		f.hash.SetSeed(seed)
		f.hash.Reset()
	}
	f.values = s.picked.open(n, typ)
	return f
}

// pop closes the innermost value, whose last byte is before b[i], and returns i.
func (s *Scanner) pop(b []byte, i int) int {
	f := s.top()
	if f.node != nil {
		f.feed(b[:i])
		f.size = s.line.size + int64(i) - f.start
		s.take(f)
	}
	s.stack = s.stack[:len(s.stack)-1]
	s.state = atNext
	if len(s.stack) == 0 {
		s.state = atEnd
	}
	return i
}

// take uses a value that has come to its end.
func (s *Scanner) take(f *frame) {
	n := f.node
	if n == &s.table.root {
		if s.line.batch {
			s.report(f.size, s.began)
		}
		return
	}
	f.text, f.cut = nil, false
	switch f.typ {
	case Object, Array:
	case String:
		if n.text > 0 {
			f.text, f.cut = s.decoder.text, s.decoder.cut
		}
	default:
		f.text, f.cut = f.raw[:min(len(f.raw), n.text)], f.size > int64(n.text)
	}
	if n.member != otherMember {
		s.takeMember(f)
	}
	if f.values >= 0 {
		s.picked.fill(f)
	}
}

// feed takes the bytes of the value that are in the span b.
func (f *frame) feed(b []byte) {
	if f.node == nil {
		return
	}
	b = b[f.from:]
	if f.node.hash {
		f.hash.Write(b)
	}
	f.raw = append(f.raw, b[:min(len(b), f.keep-len(f.raw))]...)
}

func (f *frame) clear() {
	clear(f.raw)
	f.raw = f.raw[:0]
}

// recordKey records that the key of n has come in the innermost object. If it has come there before, what was picked
// of n and below it is dropped: RFC 8259, section 4, leaves open which of equal keys counts, and as in encoding/json
// and most other parsers it is the last.
func (s *Scanner) recordKey(n *node) {
	object, seen := s.top().object, s.seen[n.id]
	if seen.object == object && s.picked.drop(seen.values, n) {
		for i := range s.seen { // the values behind have moved forward, at most to there
			s.seen[i].values = min(s.seen[i].values, seen.values)
		}
	}
	s.seen[n.id] = lastSeen{object, len(s.picked.values)}
}
