package framing

// The reasons why a line is malformed.
const (
	dataAfter  = "there is data after the message"
	breaksOff  = "the line breaks off inside a value"
	noKey      = "an object has something other than a key"
	noColon    = "a key has no colon"
	noValue    = "there is no value where one must be"
	noComma    = "members or elements have no comma between them"
	badBracket = "a bracket does not match"
	badNumber  = "a number is malformed"
	badLiteral = "a literal is not true, false or null"
	badEscape  = "a string has an escape that JSON does not have"
)

// state is what must come next in the line. A span may end in any of them: the next one continues there.
type state uint8

const (
	atStart    state = iota // white space so far
	atFirstKey              // a key, or the object's end
	atKey                   // a key
	atColon                 // a colon
	atFirst                 // an element, or the array's end
	atValue                 // a value
	atNext                  // a comma, or the container's end
	atEnd                   // white space
	inString                // the rest of a key or a string
	inNumber                // the rest of a number
	inLiteral               // the rest of true, false or null
	inSkipped               // the rest of a container that is skipped
	inPlain                 // anything, since the line is not JSON
	inBroken                // anything, since the line breaks the grammar
)

// step reads the token, or the part of a token, that begins at b[i]. It returns the index after it. The structure
// is that of RFC 8259, sections 2 to 7.
func (s *Scanner) step(b []byte, i int) int {
	if atFirstKey <= s.state && s.state <= atEnd && isSpace(b[i]) {
		return i + 1
	}
	switch s.state {
	case atStart:
		return s.start(b, i)
	case atFirstKey, atKey:
		return s.keyOrEnd(b, i)
	case atColon:
		if b[i] != ':' {
			return s.broken(b, noColon)
		}
		s.state = atValue
		return i + 1
	case atFirst, atValue:
		if b[i] == ']' && s.state == atFirst {
			return s.pop(b, i+1)
		}
		return s.value(b, i)
	case atNext:
		return s.commaOrEnd(b, i)
	case atEnd:
		return s.notJSON(i, Malformed)
	case inString:
		return s.inString(b, i)
	case inNumber:
		return s.inNumber(b, i)
	case inLiteral:
		return s.inLiteral(b, i)
	case inSkipped:
		return s.inSkipped(b, i)
	case inPlain:
		s.plain = append(s.plain, b[i:min(len(b), i+maxPlain-len(s.plain))]...)
	}
	return len(b) // inPlain and inBroken
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// keyOrEnd reads the quote that begins a key, or the bracket that ends an object without members.
func (s *Scanner) keyOrEnd(b []byte, i int) int {
	switch {
	case b[i] == '"':
		s.push(&s.table.key, String, i)
		s.state, s.escaped = inString, 0
		return i + 1
	case b[i] == '}' && s.state == atFirstKey:
		return s.pop(b, i+1)
	}
	return s.broken(b, noKey)
}

// commaOrEnd reads what follows a member or an element.
func (s *Scanner) commaOrEnd(b []byte, i int) int {
	array := s.top().typ == Array
	switch c := b[i]; {
	case c == ',' && array:
		s.state = atValue
		return i + 1
	case c == ',':
		s.state = atKey
		return i + 1
	case c != '}' && c != ']':
		return s.broken(b, noComma)
	case (c == ']') != array:
		return s.broken(b, badBracket)
	}
	return s.pop(b, i+1)
}

// value begins a value, by its first byte.
func (s *Scanner) value(b []byte, i int) int {
	c, n := b[i], s.next
	if len(s.stack) > 0 && s.top().typ == Array {
		s.top().count++
		n = s.top().node.each
	}
	if n == &s.table.root {
		if c == '{' {
			s.beginMessage()
		} else {
			s.line.other, n = true, nil
		}
	}
	switch {
	case c == '"':
		s.push(n, String, i)
		s.state, s.escaped = inString, 0
		return i + 1
	case c == '{':
		return s.container(n, Object, atFirstKey, i)
	case c == '[':
		return s.container(n, Array, atFirst, i)
	case c == 't':
		return s.word(n, True, "true", i)
	case c == 'f':
		return s.word(n, False, "false", i)
	case c == 'n':
		return s.word(n, Null, "null", i)
	case numberStart.after(c) != numberStart:
		s.push(n, Number, i)
		s.state, s.number = inNumber, numberStart
		return i
	}
	return s.broken(b, noValue)
}

// container begins an object or an array, which is skipped as a whole unless the table needs what is in it.
func (s *Scanner) container(n *node, typ ValueType, first state, i int) int {
	f := s.push(n, typ, i)
	if !n.walks(typ) {
		s.state, s.nest = inSkipped, nesting{depth: 1}
		return i + 1
	}
	s.objects++
	s.state, f.object = first, s.objects
	return i + 1
}

// word begins true, false or null.
func (s *Scanner) word(n *node, typ ValueType, word string, i int) int {
	s.push(n, typ, i)
	s.state, s.literal = inLiteral, word
	return i
}

func (s *Scanner) inString(b []byte, i int) int {
	end, escaped := skipString(b, i, s.escaped)
	if s.escaped = escaped; end < 0 {
		return len(b)
	}
	return s.pop(b, end+1)
}

// inNumber reads the rest of a number. Only the byte after a number ends it, so at the end of b it goes on.
func (s *Scanner) inNumber(b []byte, i int) int {
	for ; i < len(b); i++ {
		next := s.number.after(b[i])
		if next != numberStart {
			s.number = next
			continue
		}
		if !s.number.complete() {
			return s.broken(b, badNumber)
		}
		return s.pop(b, i)
	}
	return i
}

func (s *Scanner) inLiteral(b []byte, i int) int {
	n := min(len(s.literal), len(b)-i)
	if string(b[i:i+n]) != s.literal[:n] {
		return s.broken(b, badLiteral)
	}
	if s.literal = s.literal[n:]; s.literal != "" {
		return len(b)
	}
	return s.pop(b, i+n)
}

func (s *Scanner) inSkipped(b []byte, i int) int {
	end := skipNested(b, i, &s.nest)
	switch {
	case end < 0:
		return len(b)
	case (b[end-1] == ']') != (s.top().typ == Array):
		return s.broken(b, badBracket)
	}
	return s.pop(b, end)
}
