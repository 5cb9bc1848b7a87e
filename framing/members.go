package framing

import "encoding/binary"

// The short way through objects whose members are spelt as programs spell them. It does what key and the functions after it do,
// which take any JSON, cut anywhere; and where it meets what it is not made for, it leaves that to them, at a token's edge.

// usualOpening is how most messages begin.
const usualOpening = `{"jsonrpc":"2.0"`

// opening goes on behind the bracket b[i] with which a message begins.
func (s *Scanner) opening(b []byte, i int) int {
	n, end := s.table.version, i+len(usualOpening)
	if len(b)-end < 2 || string(b[i:end]) != usualOpening || n.direct < 0 {
		return i + 1
	}
	s.again(n)
	s.latest = n.id
	s.take(n, String, b[end-4:end-1])
	if i = s.ended(end); b[i] == ',' && b[i+1] == '"' {
		return s.members(b, i+2)
	}
	return i
}

// members reads the members of the innermost object, the first key's inside at b[i], and on into the objects within and around.
func (s *Scanner) members(b []byte, i int) int {
	for {
		n, value := s.match(b, i)
		if value < 0 {
			return s.key(b, i)
		}
		if n != nil && s.again(n) {
			s.forget(n)
		}
		s.here = n
		if value == len(b) || b[value] <= ' ' {
			s.state = atValue
			return value
		}
		if b[value] != '"' {
			i = s.begin(b, value)
		} else if end, plain := plainEnd(b, value+1); !plain {
			i = s.longString(b, value, end)
		} else {
			if n != nil {
				s.scalar(n, String, b, value, end+1, 1)
			}
			i = s.ended(end + 1)
		}
		for s.state == atNext && i < len(b) && b[i] == '}' {
			if i = s.pop(b, i+1); s.top.array {
				return i
			}
		}
		switch {
		case s.state == atNext && i+1 < len(b) && b[i] == ',' && b[i+1] == '"':
			i += 2
		case s.state == atFirstKey && i < len(b) && b[i] == '"':
			i++
		default:
			return i
		}
	}
}

// matchable is how many bytes match looks at: a key, its closing quote and its colon.
const matchable = longKey - 1 + 2

// match looks up the key whose inside begins at b[i]. It returns the key's node, or nil if nobody wants it, and where its value
// can begin; or an index below zero unless the key is in b, ASCII without escapes, of less than 16 bytes and right before its
// colon. It first tries the key that came after the latest one before: programs write an object's members in the same order.
func (s *Scanner) match(b []byte, i int) (n *node, value int) {
	if len(b)-i < matchable {
		return s.matchEnd(b, i)
	}
	w := (*[matchable]byte)(b[i : i+matchable])
	head, tail := binary.LittleEndian.Uint64(w[:8]), binary.LittleEndian.Uint64(w[8:16])
	guess := s.follows[s.latest]
	if guess.parent == s.top.node && guess.spelt(head, tail) && w[guess.size&15+1] == ':' {
		s.latest = guess.id
		return guess, i + guess.size + 2
	}
	return s.search(w, head, tail, i)
}

// search is match without a guess; head and tail are the first 16 bytes of w.
func (s *Scanner) search(w *[matchable]byte, head, tail uint64, i int) (n *node, value int) {
	size := 0
	stop := unplain(head)
	if stop != 0 {
		head, tail = head&upTo(stop), 0
	} else {
		stop = unplain(tail) // if there is nothing in it, w[8] is no quote
		tail &= upTo(stop)
		size = 8
	}
	if size += first(stop); w[size] != '"' || w[size+1] != ':' {
		return nil, -1
	}
	if slot := s.top.node.keys.slot(head, tail); slot.head == head && slot.tail == tail {
		n = slot.node
		s.follows[s.latest] = n
		s.latest = n.id
	}
	return n, i + size + 2
}

// matchEnd is match for what is nearer to the end of b.
func (s *Scanner) matchEnd(b []byte, i int) (n *node, value int) {
	var padded [matchable]byte
	copy(padded[:], b[i:])
	if n, value = s.match(padded[:], 0); value >= 0 {
		value += i
	}
	return n, value
}
