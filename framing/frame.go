package framing

import (
	"hash/maphash"

	"github.com/spanpipe/spanpipe/framing/estimate"
)

// frame is a key or a value that has begun and not ended: a container whose members are looked at, or, on top of the
// stack, what is being read.
type frame struct {
	node   *node // its place in the table; that of any key is Table.key; nil if no path leads here
	typ    ValueType
	start  int64            // offset of its first byte in the line
	values int              // number of values picked before it
	picked bool             // its own values follow those
	object uint64           // number of the object, unique in the stream
	count  int              // elements of the array so far
	opened bool             // the quote at its beginning has been fed
	tokens estimate.Reading // when it began

	// Its bytes as they came, as far as they are wanted.
	from int // where in the current span they begin or go on
	raw  []byte
	hash maphash.Hash
}

func (s *Scanner) top() *frame { return &s.stack[len(s.stack)-1] }

// push opens a key or a value at b[i].
func (s *Scanner) push(n *node, typ ValueType, i int) *frame {
	s.stack = s.stack[:len(s.stack)+1]
	f := s.top()
	f.node, f.typ, f.start, f.values = n, typ, s.line.size+int64(i), len(s.picked.values)
	f.from, f.object, f.count, f.picked = i, 0, 0, false
	if n == nil {
		return f
	}
	f.opened, f.tokens = false, s.meter.Read()
	if n.tokens {
		s.meter.Value()
	}
	f.clear()
	if n.hash {
		f.hash.SetSeed(seed)
		f.hash.Reset()
	}
	f.picked = s.picked.open(n, typ, s.index(n))
	return f
}

// index returns which element of the innermost array, among those that a path leads into, has the value on top of the
// stack or is it.
func (s *Scanner) index(n *node) int {
	if !n.repeated {
		return 0
	}
	for i := len(s.stack) - 2; i >= 0; i-- {
		if f := &s.stack[i]; f.typ == Array && f.node.each != nil {
			return f.count - 1
		}
	}
	return 0
}

// pop closes the innermost key or value, whose last byte is before b[i], and returns i.
func (s *Scanner) pop(b []byte, i int) int {
	f := s.top()
	s.stack, s.state = s.stack[:len(s.stack)-1], atNext
	if len(s.stack) == 0 {
		s.state = atEnd
	}
	if f.node == nil {
		return i
	}
	s.feed(f, b[:i], true)
	if !s.take(f, s.line.size+int64(i)-f.start) {
		return s.broken(b, badEscape)
	}
	return i
}

// take uses a key or a value of the given size, which has come to its end. It returns false if its text has an escape
// that JSON does not have.
func (s *Scanner) take(f *frame, size int64) bool {
	n := f.node
	text, cut, ok := s.textOf(f, size)
	switch {
	case !ok:
		return false
	case n == &s.table.root:
		if s.line.batch {
			s.report(size, s.began)
		}
		return true
	case n == &s.table.key:
		s.state, s.next = atColon, nil
		if !cut { // the key is no longer than the longest in the table
			s.next = s.top().node.keys[string(text)]
		}
		if s.next != nil {
			s.recordKey(s.next)
		}
		return true
	}
	if n.member != otherMember {
		s.takeMember(f, text, cut)
	}
	if f.picked {
		s.picked.fill(f, size, text, cut, s.meter.Read().Since(f.tokens))
	}
	return true
}

// textOf returns the text of a key or a value as far as it is wanted. That of a number, true, false or null is its
// bytes; objects and arrays have none.
func (s *Scanner) textOf(f *frame, size int64) (text []byte, cut, ok bool) {
	limit, b := f.node.text, f.raw
	switch {
	case limit == 0 || f.typ == Object || f.typ == Array:
		return nil, false, true
	case f.typ != String:
		return b[:min(len(b), limit)], size > int64(limit), true
	case int64(len(b)) == size:
		b = b[:len(b)-1] // the closing quote
	}
	clear(s.text)
	text, cut, ok = decodeText(s.text[:0], b[1:], limit)
	s.text = text
	return text, cut, ok
}

// feed takes the bytes of the value f that are in the span b, which ends with it if it is at its end.
func (s *Scanner) feed(f *frame, b []byte, atEnd bool) {
	if f.node == nil {
		return
	}
	b = b[f.from:]
	if f.node.hash {
		f.hash.Write(b)
	}
	f.raw = append(f.raw, b[:min(len(b), f.node.keep-len(f.raw))]...)
	if f.node.tokens {
		s.count(f, b, atEnd)
	}
}

// count passes on the bytes of a value that a model sees: all but the quotes of a string.
func (s *Scanner) count(f *frame, b []byte, atEnd bool) {
	if f.typ == String && atEnd {
		b = b[:len(b)-1]
	}
	if f.typ == String && !f.opened && len(b) > 0 {
		b, f.opened = b[1:], true
	}
	s.meter.Write(b)
}

func (f *frame) clear() {
	clear(f.raw)
	f.raw = f.raw[:0]
}

// recordKey records that the key of n has come in the innermost object. If it has come there before, what was picked
// of n and below it is dropped: RFC 8259, section 4, leaves open which of equal keys counts, and as in encoding/json
// and most other parsers it is the last.
func (s *Scanner) recordKey(n *node) {
	f := s.top()
	if s.seen[n.id] == f.object {
		s.picked.drop(f.values, n)
	}
	s.seen[n.id] = f.object
}
