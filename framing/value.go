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
	s.part.typ, s.part.start, s.part.raw = typ, s.size+int64(i), s.part.raw[:0]
	if n := s.here; n != nil {
		if n.hash {
			s.part.hash.SetSeed(seed)
			s.part.hash.Reset()
		}
		s.part.feed(n, b[i:])
	}
	return len(b)
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
	text, cut, ok := s.text(n, typ, raw)
	if !ok {
		return false
	}
	if n.plain {
		s.picked.addText(n, typ, int64(len(raw)), text, cut)
		return true
	}
	var hash uint64
	if n.hash {
		hash = maphash.Bytes(seed, raw)
	}
	if n.member != otherMember {
		textHash := hash
		if n.member == idMember && typ == String {
			textHash = s.textHash(raw)
		}
		s.member(n, typ, text, cut, textHash)
	}
	if len(n.picks) > 0 {
		s.picked.add(n, &ended{typ: typ, size: int64(len(raw)), raw: raw, text: text, cut: cut, hash: hash})
	}
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
	if plainRun(head) == len(head) && (!id || len(head) == len(inside)) {
		s.decoder.hashing = false
		return head[:min(len(head), n.text)], len(head) > n.text, true
	}
	s.decoder.reset(n.text, id)
	ok = s.decoder.write(inside) && s.decoder.finish()
	return s.decoder.text, s.decoder.cut, ok
}

// textHash returns the hash of the whole of the text that was decoded last, of which raw is the string.
func (s *Scanner) textHash(raw []byte) uint64 {
	if s.decoder.hashing {
		return s.decoder.hash.Sum64()
	}
	return maphash.Bytes(seed, raw[1:len(raw)-1])
}

// string reads a string whose opening quote is b[i].
func (s *Scanner) string(b []byte, i int) int {
	end, escaped, plain := stringEnd(b, i+1)
	if end >= 0 {
		switch n := s.here; {
		case n == nil:
		case plain && n.plain && end-i-1 <= n.text:
			s.picked.addText(n, String, int64(end+1-i), b[i+1:end], false)
		case !s.whole(b, i, end+1, String):
			return s.broken(b, badEscape)
		}
		return s.next(b, end+1)
	}
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
	return s.next(b, end+1)
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
	return s.next(b, end)
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
	return s.next(b, end)
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
	return s.next(b, i+n)
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
	return s.next(b, n)
}

// num reads a number that begins at b[i]. A number ends only where something else begins, so it is never known to be
// whole at the end of a span.
func (s *Scanner) num(b []byte, i int) int {
	end, st := i, numberInt
	if c := b[i]; c == '0' || c == '-' {
		st = numberStart
	}
	for st == numberInt && end < len(b) && isDigit(b[end]) {
		end++ // most numbers are nothing but digits
	}
	if end, st = st.run(b, end); end == len(b) {
		s.number = st
		return s.hold(b, i, Number, inNumber)
	}
	if !st.ends() {
		return s.broken(b, badNumber)
	}
	s.whole(b, i, end, Number)
	return s.next(b, end)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func (s *Scanner) restOfNumber(b []byte) int {
	end, st := s.number.run(b, 0)
	if end == len(b) {
		s.number = st
		s.part.feed(s.here, b)
		return len(b)
	}
	if !st.ends() {
		return s.broken(b, badNumber)
	}
	s.rest(b, end)
	return s.next(b, end)
}

// numberState is how far a number has got in the grammar of RFC 8259, section 6.
type numberState uint8

const (
	numberStart    numberState = iota
	numberMinus                // needs a digit
	numberZero                 // may end; no digit may follow
	numberInt                  // may end
	numberPoint                // needs a digit
	numberFraction             // may end
	numberE                    // needs a sign or a digit
	numberESign                // needs a digit
	numberExponent             // may end
)

func (st numberState) ends() bool {
	return st == numberZero || st == numberInt || st == numberFraction || st == numberExponent
}

// run follows the number from b[i] to the first byte that cannot belong to it.
func (st numberState) run(b []byte, i int) (int, numberState) {
	for ; i < len(b); i++ {
		next := st.step(b[i])
		if next == numberStart {
			break
		}
		st = next
	}
	return i, st
}

// step returns the state behind one byte more, or numberStart if the number cannot go on with it.
func (st numberState) step(c byte) numberState {
	switch {
	case '0' <= c && c <= '9':
		switch st {
		case numberStart, numberMinus:
			if c == '0' {
				return numberZero
			}
			return numberInt
		case numberPoint:
			return numberFraction
		case numberE, numberESign:
			return numberExponent
		case numberZero:
			return numberStart
		}
		return st
	case c == '.' && (st == numberZero || st == numberInt):
		return numberPoint
	case c|0x20 == 'e' && (st == numberZero || st == numberInt || st == numberFraction):
		return numberE
	case c == '-' && st == numberStart:
		return numberMinus
	case (c == '-' || c == '+') && st == numberE:
		return numberESign
	}
	return numberStart
}
