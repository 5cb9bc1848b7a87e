package framing

import "hash/maphash"

// part is a value of which the last span had only the beginning.
type part struct {
	typ   ValueType
	start int64 // offset in the line
	raw   []byte
	hash  maphash.Hash
}

// hold takes note of a value that begins at b[i] and that b does not have to its end.
func (s *Scanner) hold(b []byte, i int, typ ValueType, st state) int {
	s.state = st
	s.part.typ, s.part.start = typ, s.size+int64(i)
	s.part.wipe()
	if n := s.here; n != nil {
		if n.hash {
			s.part.hash.SetSeed(seed)
			s.part.hash.Reset()
		}
		s.part.feed(n, b[i:])
	}
	return len(b)
}

func (p *part) wipe() {
	clear(p.raw)
	p.raw = p.raw[:0]
}

func (p *part) feed(n *node, b []byte) {
	if n == nil {
		return
	}
	if n.hash {
		p.hash.Write(b)
	}
	p.raw = append(p.raw, b[:min(len(b), n.keep-len(p.raw))]...)
}

// whole takes the value b[i:end]. It returns false if that breaks the grammar.
func (s *Scanner) whole(b []byte, i, end int, typ ValueType) bool {
	n := s.here
	if n == nil {
		return true
	}
	raw := b[i:end]
	if n.bare {
		v := s.picked.place(n, n.picks[0].field, typ)
		v.Size = int64(len(raw))
		if n.hash {
			v.Hash = maphash.Bytes(seed, raw)
		}
		return true
	}
	text, cut, ok := s.text(n, typ, raw)
	if !ok {
		return false
	}
	var hash uint64
	if n.hash {
		hash = maphash.Bytes(seed, raw)
	}
	if n.member != otherMember {
		textHash := hash
		if n.member == idMember && typ == String {
			textHash = s.decoder.hash.Sum64()
		}
		s.member(n, typ, text, cut, textHash)
	}
	s.picked.add(n, &ended{typ: typ, size: int64(len(raw)), raw: raw, text: text, cut: cut, hash: hash})
	return true
}

// rest takes the value that was held and ends at b[end]. It returns false if it breaks the grammar.
func (s *Scanner) rest(b []byte, end int) bool {
	n := s.here
	if n == nil {
		return true
	}
	s.part.feed(n, b[:end])
	v := ended{typ: s.part.typ, size: s.size + int64(end) - s.part.start, raw: s.part.raw}
	if n.hash {
		v.hash = s.part.hash.Sum64()
	}
	textHash := v.hash
	switch {
	case n.text == 0 || v.typ >= Object:
	case v.typ != String:
		v.text, v.cut = v.raw[:min(len(v.raw), n.text)], v.size > int64(n.text)
	case !s.decoder.finish():
		return false
	default:
		v.text, v.cut = s.decoder.text, s.decoder.cut
		if n.member == idMember {
			textHash = s.decoder.hash.Sum64()
		}
	}
	if n.member != otherMember {
		s.member(n, v.typ, v.text, v.cut, textHash)
	}
	s.picked.add(n, &v)
	return true
}

// text returns a value as Text has it, as far as n wants it: a string decoded, a number or a word as it came. It says whether
// that is not all there is, and whether it could be decoded.
func (s *Scanner) text(n *node, typ ValueType, raw []byte) (text []byte, cut, ok bool) {
	if n.text == 0 || typ >= Object {
		return nil, false, true
	}
	if typ != String {
		return raw[:min(len(raw), n.text)], len(raw) > n.text, true
	}
	inside := raw[1 : len(raw)-1]
	// One byte more than is wanted, since only then nothing that comes behind can matter, not even a wrong escape.
	head := inside[:min(len(inside), n.text+1)]
	id := n.member == idMember
	if !id && plainRun(head) == len(head) {
		return head[:min(len(head), n.text)], len(head) > n.text, true
	}
	s.decoder.reset(n.text, id)
	ok = s.decoder.write(inside) && s.decoder.finish()
	return s.decoder.text, s.decoder.cut, ok
}

// string reads a string whose opening quote is b[i].
func (s *Scanner) string(b []byte, i int) int {
	end, plain := plainEnd(b, i+1)
	if !plain {
		return s.longString(b, i, end)
	}
	if s.here != nil {
		s.scalar(s.here, String, b, i, end+1, 1)
	}
	return s.ended(end + 1)
}

// scalar takes b[i:end], a number or a string that stands for itself. quote is how many quotes are at either end.
func (s *Scanner) scalar(n *node, typ ValueType, b []byte, i, end, quote int) {
	if text := b[i+quote : end-quote]; len(text) > n.direct {
		s.whole(b, i, end, typ)
	} else if n.plain {
		s.picked.lend(n, typ, int64(end-i), text)
	} else {
		s.take(n, typ, text)
	}
}

// take takes the text of a member that makes the message JSON-RPC.
func (s *Scanner) take(n *node, typ ValueType, text []byte) {
	switch n.member {
	case idMember:
		s.setID(typ, text, false, maphash.Bytes(seed, text))
	case versionMember:
		s.version.typ, s.msg.Version = typ, text
	default:
		s.method.typ, s.msg.Method = typ, nil
		if typ == String {
			s.msg.Method = text
		}
	}
}

// longString is string for one that does not stand for itself, or is too long for that to be known yet: its end is not before
// b[from].
func (s *Scanner) longString(b []byte, i, from int) int {
	end, escaped := skipString(b, from, 0)
	if end < 0 {
		return s.cutString(b, i, escaped)
	}
	if !s.whole(b, i, end+1, String) {
		return s.broken(b, badEscape)
	}
	return s.ended(end + 1)
}

// cutString is string for one that does not end in b.
func (s *Scanner) cutString(b []byte, i int, escaped uint64) int {
	s.escaped = escaped
	if n := s.here; n != nil && n.text > 0 {
		s.decoder.reset(n.text, n.member == idMember)
		if !s.decoder.write(b[i+1:]) {
			return s.broken(b, badEscape)
		}
	}
	return s.hold(b, i, String, inString)
}

func (s *Scanner) restOfString(b []byte) int {
	var end int
	if end, s.escaped = skipString(b, 0, s.escaped); end < 0 {
		if n := s.here; n != nil {
			if n.text > 0 && !s.decoder.write(b) {
				return s.broken(b, badEscape)
			}
			s.part.feed(n, b)
		}
		return len(b)
	}
	if n := s.here; n != nil && n.text > 0 && !s.decoder.write(b[:end]) || !s.rest(b, end+1) {
		return s.broken(b, badEscape)
	}
	return s.ended(end + 1)
}

// container reads an object or array whose bracket is b[i]: member by member if the table has something below it, else
// as one value of which only strings and depth of nesting matter.
func (s *Scanner) container(b []byte, i int, typ ValueType) int {
	if n := s.here; n != nil && n.walks(typ == Array) {
		s.push(typ, i)
		return i + 1
	}
	s.nest = nesting{depth: 1}
	end := skipNested(b, i+1, &s.nest)
	if end < 0 {
		return s.hold(b, i, typ, inContainer)
	}
	if !closes(b[end-1], typ) {
		return s.broken(b, badBracket)
	}
	s.whole(b, i, end, typ)
	return s.ended(end)
}

func (s *Scanner) restOfContainer(b []byte) int {
	end := skipNested(b, 0, &s.nest)
	if end < 0 {
		s.part.feed(s.here, b)
		return len(b)
	}
	if !closes(b[end-1], s.part.typ) {
		return s.broken(b, badBracket)
	}
	s.rest(b, end)
	return s.ended(end)
}

// closes says whether the bracket closes such a container.
func closes(bracket byte, typ ValueType) bool { return (bracket == ']') == (typ == Array) }

// word reads true, false or null, whose first letter is b[i].
func (s *Scanner) word(b []byte, i int, typ ValueType, word string) int {
	n := min(len(word), len(b)-i)
	if string(b[i:i+n]) != word[:n] {
		return s.broken(b, badLiteral)
	}
	if n < len(word) {
		s.literal = word[n:]
		return s.hold(b, i, typ, inLiteral)
	}
	s.whole(b, i, i+n, typ)
	return s.ended(i + n)
}

func (s *Scanner) restOfWord(b []byte) int {
	n := min(len(s.literal), len(b))
	if string(b[:n]) != s.literal[:n] {
		return s.broken(b, badLiteral)
	}
	if n < len(s.literal) {
		s.literal = s.literal[n:]
		s.part.feed(s.here, b)
		return len(b)
	}
	s.rest(b, n)
	return s.ended(n)
}
