package framing

import "bytes"

// The reasons why a line is malformed.
const (
	dataAfter  = "there is data after the message"
	breaksOff  = "the line breaks off inside a value"
	noKey      = "an object has something other than a key"
	noColon    = "a key has no colon"
	noValue    = "there is no value where one must be"
	noComma    = "members or elements have no comma between them"
	badBracket = "a bracket does not match"
	badNumber  = "a number breaks the grammar"
	badLiteral = "a word is none of true, false, null"
	badEscape  = "a string has an escape that JSON does not have"
)

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// walk goes on between two tokens, at b[i], and returns where it stopped: at the end of b, or behind what ended the
// message or the line's grammar. The functions that it calls read one token each and what most often follows it.
func (s *Scanner) walk(b []byte, i int) int {
	for i < len(b) {
		c := b[i]
		if c <= ' ' && isSpace(c) {
			i++
			continue
		}
		switch s.state {
		case atFirstKey, atKey:
			switch {
			case c == '"':
				i = s.members(b, i+1)
			case c == '}' && s.state == atFirstKey:
				i = s.pop(b, i+1)
			default:
				return s.broken(b, noKey)
			}
		case atColon:
			if c != ':' {
				return s.broken(b, noColon)
			}
			s.state = atValue
			i++
		case atFirst, atValue:
			if c == ']' && s.state == atFirst {
				i = s.pop(b, i+1)
			} else {
				i = s.value(b, i)
			}
		case atNext:
			i = s.next(b, i)
		default: // atEnd
			return s.notJSON(i, Malformed)
		}
	}
	return i
}

// ended takes note that a member or an element has ended before the byte with the index, and returns the latter.
func (s *Scanner) ended(i int) int {
	s.state = atNext
	return i
}

// next reads the comma or the bracket after a member or an element, at b[i].
func (s *Scanner) next(b []byte, i int) int {
	switch c := b[i]; {
	case c == ',':
		s.state = s.top.after
		return i + 1
	case c != '}' && c != ']':
		return s.broken(b, noComma)
	case (c == ']') != s.top.array:
		return s.broken(b, badBracket)
	}
	return s.pop(b, i+1)
}

// key reads a key whose inside begins at b[i].
func (s *Scanner) key(b []byte, i int) int {
	end, plain := plainEnd(b, i)
	var escaped uint64
	if !plain {
		end, escaped = skipString(b, end, 0)
	}
	inside := b[i:]
	if end >= 0 {
		inside = b[i:end]
		// Bytes that are not ASCII need no decoding here: no key of a table has invalid ones.
		if plain || bytes.IndexByte(inside, '\\') < 0 {
			return s.foundKey(b, end+1, s.top.node.keys.find(inside))
		}
	}
	s.decoder.reset(s.table.key, false)
	if !s.decoder.write(inside) {
		return s.broken(b, badEscape)
	}
	if end < 0 {
		s.state, s.escaped = inKey, escaped
		return len(b)
	}
	return s.decodedKey(b, end+1)
}

// restOfKey goes on inside a key that began in an earlier span.
func (s *Scanner) restOfKey(b []byte) int {
	var end int
	if end, s.escaped = skipString(b, 0, s.escaped); end < 0 {
		if !s.decoder.write(b) {
			return s.broken(b, badEscape)
		}
		return len(b)
	}
	if !s.decoder.write(b[:end]) {
		return s.broken(b, badEscape)
	}
	return s.decodedKey(b, end+1)
}

// decodedKey looks up the key in the decoder, which ended before b[i].
func (s *Scanner) decodedKey(b []byte, i int) int {
	if !s.decoder.finish() {
		return s.broken(b, badEscape)
	}
	if s.decoder.cut {
		return s.foundKey(b, i, nil)
	}
	return s.foundKey(b, i, s.top.node.keys.find(s.decoder.text))
}

// foundKey takes note of the key's place in the table, and reads the colon that should be at b[i].
func (s *Scanner) foundKey(b []byte, i int, n *node) int {
	s.here = n
	if n != nil && s.again(n) {
		s.forget(n)
	}
	if i < len(b) && b[i] == ':' {
		if i++; i < len(b) && b[i] > ' ' {
			return s.begin(b, i)
		}
		s.state = atValue
		return i
	}
	s.state = atColon
	return i
}

// value reads a value that begins at b[i]; s.here is its place in the table.
func (s *Scanner) value(b []byte, i int) int {
	if s.top.array {
		s.top.count++
		if s.batch && s.depth == 0 && b[i] != '{' {
			s.other, s.here = true, nil
		} else if s.batch && s.depth == 0 {
			s.here = &s.table.root
		}
	}
	return s.begin(b, i)
}

// begin is value for what is no element.
func (s *Scanner) begin(b []byte, i int) int {
	c := b[i]
	if isDigit(c) || c == '-' {
		return s.num(b, i)
	}
	switch c {
	case '"':
		return s.string(b, i)
	case '{':
		return s.container(b, i, Object)
	case '[':
		return s.container(b, i, Array)
	case 't':
		return s.word(b, i, True, "true")
	case 'f':
		return s.word(b, i, False, "false")
	case 'n':
		return s.word(b, i, Null, "null")
	}
	return s.broken(b, noValue)
}
