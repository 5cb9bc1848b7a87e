package framing

import "hash/maphash"

// frame is a container that is open and gone through member by member.
type frame struct {
	node    *node
	array   bool
	after   state // what must come after a comma
	typ     ValueType
	matters bool   // its beginning and its end mean something
	start   int64  // offset in the line
	epoch   uint64 // tells this container from all others
	count   int    // elements so far
	first   int    // index of the first value picked of it, or -1

	from int // where in the present span its bytes begin, of those that are to be kept or hashed
	raw  []byte
	hash maphash.Hash
}

// sighting is when a place in the table was seen last.
type sighting struct {
	epoch uint64 // of the object that had the key
	first int    // how many values had been picked before
}

// push opens a container at b[i], whose members are to be gone through.
func (s *Scanner) push(typ ValueType, i int) {
	s.depth++
	s.epoch++
	f, n := &s.frames[s.depth], s.here
	s.top = f
	f.node, f.typ, f.array = n, typ, typ == Array
	f.start, f.epoch, f.count = s.size+int64(i), s.epoch, 0
	s.state, f.after = atFirstKey, atKey
	if n == &s.table.root {
		f.matters = s.batch
		s.beginMessage()
		return
	}
	f.matters = n.matters
	if n.matters {
		s.open(f, i)
	}
	if f.array {
		s.state, f.after, s.here = atFirst, atValue, n.each
	}
}

// open takes note of a container that begins at b[i], of which more is wanted than its members.
func (s *Scanner) open(f *frame, i int) {
	n := f.node
	s.note(n, f.typ)
	f.first = s.picked.open(n, f.typ)
	if n.wantsBytes() {
		f.begin(i)
		s.hungry++
	}
}

// pop closes the innermost container, whose bracket stands before b[i].
func (s *Scanner) pop(b []byte, i int) int {
	f := s.top
	if f.matters {
		s.close(f, b, i)
	}
	if s.depth == 0 {
		s.state = atEnd
		return i
	}
	s.depth--
	s.top = &s.frames[s.depth]
	if s.top.array {
		s.here = s.top.node.each
	}
	return s.ended(i)
}

// close takes what there is to be known of a container that ends before b[i].
func (s *Scanner) close(f *frame, b []byte, i int) {
	v := ended{typ: f.typ, size: s.size + int64(i) - f.start, count: f.count}
	if f.node.wantsBytes() {
		f.feed(b[f.from:i])
		v.raw, v.hash = f.raw, f.hash.Sum64()
		s.hungry--
	}
	if f.node == &s.table.root {
		s.report(v.size, s.began)
		return
	}
	s.picked.close(f, &v)
	if f.node.member == idMember {
		s.setID(v.typ, nil, false, v.hash)
	}
}

// wantsBytes says whether a container's bytes are wanted, and not only those of its members.
func (n *node) wantsBytes() bool { return n.hash || n.keep > 0 }

func (f *frame) begin(from int) {
	f.from = from
	f.wipe()
	if f.node.hash {
		f.hash.SetSeed(seed)
		f.hash.Reset()
	}
}

func (f *frame) wipe() {
	clear(f.raw)
	f.raw = f.raw[:0]
}

func (f *frame) feed(b []byte) {
	if f.node.hash {
		f.hash.Write(b)
	}
	f.raw = append(f.raw, b[:min(len(b), f.node.keep-len(f.raw))]...)
}

// feedFrames hands what there is of the span to the open containers whose bytes are wanted.
func (s *Scanner) feedFrames(b []byte) {
	for i := range s.frames[:s.depth+1] {
		if f := &s.frames[i]; f.node.wantsBytes() {
			f.feed(b[f.from:])
			f.from = 0
		}
	}
}

// again takes note that the key of n has come in the innermost object, and says whether it has come there before.
func (s *Scanner) again(n *node) bool {
	seen := &s.seen[n.id]
	if seen.epoch == s.top.epoch {
		return true
	}
	*seen = sighting{s.top.epoch, len(s.picked.values)}
	return false
}

// forget forgets what was picked of n and below it: the key has come before in this object, and the last of equal keys is the
// one that counts, as in encoding/json.
func (s *Scanner) forget(n *node) {
	first := s.seen[n.id].first
	forgotten := s.picked.forget(first, n)
	s.seen[n.id].first = len(s.picked.values)
	if !forgotten {
		return
	}
	for i := range s.seen { // the values behind have moved forward, at most so far
		s.seen[i].first = min(s.seen[i].first, first)
	}
}
