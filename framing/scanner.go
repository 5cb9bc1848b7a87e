package framing

import (
	"bytes"
	"hash/maphash"
	"slices"
	"time"
)

// seed is that of every hash in the process, so that the ids of the two directions can be compared.
var seed = maphash.MakeSeed()

// window is how far ahead the end of a line is looked for: near enough that what was looked through is still in the
// processor's first cache when it is scanned.
const window = 16 << 10

// Scanner reads one direction of a stream. It is not safe for concurrent use.
type Scanner struct {
	table *Table
	emit  func(*Message)

	// The line.
	state  state
	at     time.Time // when the present chunk was read
	first  time.Time // when the chunk with the line's first byte was read
	size   int64     // bytes of the line before the present span
	last   byte      // the last of them
	bom    int       // bytes of a byte order mark at the line's start
	batch  bool      // the line is an array
	found  bool      // the array has a message
	other  bool      // the array has an element that cannot be a message
	plain  plainLine // the line's text, if it is not JSON
	reason string    // why the line is malformed

	// The containers that are gone through member by member, from the outside in.
	frames []frame
	top    *frame
	depth  int    // top is &frames[depth]
	hungry int    // frames whose bytes are wanted
	epoch  uint64 // of the frame opened last
	seen   []sighting

	// The order in which keys have come.
	latest  int32   // place of the wanted key that came last in this message
	follows []*node // for each place, that of the wanted key that came after it the last time

	// The value that is being read.
	here    *node // its place in the table, or nil if nobody wants it
	part    part  // what is known of it, if it began in an earlier span
	nest    nesting
	escaped uint64 // 1 if the next byte of the string is escaped
	number  numberState
	literal string // what must still come of true, false or null
	decoder textDecoder

	// The message.
	msg    Message
	began  time.Time // when the chunk with its first byte was read
	result ValueType // type of the result member, or 0
	err    ValueType // type of the error member, or 0
	method struct {  // the method member
		typ ValueType // 0 if there is none
		buf [MaxMethodText]byte
	}
	version struct { // the jsonrpc member
		typ ValueType
		buf [MaxVersionText]byte
	}
	id     [MaxIDText]byte
	picked picked
}

// state says what must come next in the line.
type state uint8

const (
	atStart     state = iota // white space so far
	atFirstKey               // a key or the object's end
	atKey                    // a key
	atColon                  // a colon
	atFirst                  // an element or the array's end
	atValue                  // a value
	atNext                   // a comma or the container's end
	atEnd                    // white space
	inKey                    // the rest of a key that the last span broke off in
	inString                 // or of a string
	inNumber                 // or of a number
	inLiteral                // or of true, false or null
	inContainer              // or of a container that is skipped
	inPlain                  // anything, since the line is not JSON
	inBroken                 // anything, since the line is malformed
)

// NewScanner returns a scanner that calls emit for every message and every line that is none, in order, from within
// Write and Close. Blank lines are passed over in silence.
func NewScanner(t *Table, emit func(*Message)) *Scanner {
	s := &Scanner{table: t, emit: emit, frames: make([]frame, t.depth), seen: make([]sighting, len(t.nodes))}
	s.picked.nodes = t.nodes
	s.follows = slices.Repeat([]*node{&t.root}, len(t.nodes))
	return s
}

// Write scans the next bytes of the stream, read at the given time. It never fails, and does not look at p later.
func (s *Scanner) Write(p []byte, at time.Time) {
	s.at = at
	for len(p) > 0 {
		span := p[:min(len(p), window)]
		end := bytes.IndexByte(span, '\n')
		if end < 0 {
			s.span(span)
			p = p[len(span):]
			continue
		}
		if end > 0 {
			s.span(span[:end])
		}
		s.endLine()
		p = p[end+1:]
	}
	if s.state != atStart {
		s.own()
	}
}

// own copies what has been found of the message and still stands in the chunk.
func (s *Scanner) own() {
	own := func(buf, text []byte) []byte { return buf[:copy(buf, text)] }
	s.msg.ID.Text = own(s.id[:], s.msg.ID.Text)
	s.msg.Method = own(s.method.buf[:], s.msg.Method)
	s.msg.Version = own(s.version.buf[:], s.msg.Version)
	s.picked.own()
}

// Close ends the stream, whose end was read at the given time: a last line without a newline is scanned as if it had one.
func (s *Scanner) Close(at time.Time) {
	s.at = at
	s.endLine()
}

// span scans some bytes of one line.
func (s *Scanner) span(b []byte) {
	if s.size == 0 {
		s.first = s.at
	}
	for i := 0; i < len(b); {
		switch s.state {
		case atStart:
			i = s.start(b, i)
		case inKey:
			i = s.restOfKey(b)
		case inString:
			i = s.restOfString(b)
		case inNumber:
			i = s.restOfNumber(b)
		case inLiteral:
			i = s.restOfWord(b)
		case inContainer:
			i = s.restOfContainer(b)
		case inPlain:
			s.plain.add(b[i:])
			i = len(b)
		case inBroken:
			i = len(b)
		default:
			i = s.walk(b, i)
		}
	}
	if s.hungry > 0 {
		s.feedFrames(b)
	}
	s.size += int64(len(b))
	s.last = b[len(b)-1]
}

// start passes over white space and a byte order mark, and decides what the line is by its first other byte.
func (s *Scanner) start(b []byte, i int) int {
	const mark = "\ufeff"
	c := b[i]
	switch {
	case s.bom < len(mark) && c == mark[s.bom] && s.size+int64(i) == int64(s.bom):
		s.bom++
	case 0 < s.bom && s.bom < len(mark):
		return s.notJSON(i, Noise)
	case isSpace(c):
	case c == '{':
		s.batch, s.depth, s.here = false, -1, &s.table.root
		s.push(Object, i)
		return s.opening(b, i)
	case c == '[':
		s.batch, s.depth, s.here = true, -1, &s.table.batch
		s.found, s.other = false, false
		s.push(Array, i)
	default:
		return s.notJSON(i, Noise)
	}
	return i + 1
}

// notJSON gives the rest of the line, from byte i on, up as text. The line will be reported as of the kind, or as Foreign.
func (s *Scanner) notJSON(i int, kind Kind) int {
	s.state, s.hungry = inPlain, 0
	s.plain = plainLine{kind: kind}
	return i
}

// broken gives the line up as malformed.
func (s *Scanner) broken(b []byte, reason string) int {
	if s.batch && !s.found {
		// No message has begun: "[INFO] ready" is a log line and no array.
		return s.notJSON(len(b), Noise)
	}
	s.state, s.hungry, s.reason = inBroken, 0, reason
	return len(b)
}

// endLine reports the line and makes ready for the next.
func (s *Scanner) endLine() {
	s.lineDone()
	s.state, s.size, s.bom, s.hungry = atStart, 0, 0, 0
	s.wipe()
}

// wipe forgets what has been copied of the line, which may be content.
func (s *Scanner) wipe() {
	s.picked.reset()
	s.decoder.wipe()
	s.part.wipe()
	for i := range s.frames {
		s.frames[i].wipe()
	}
}

// lineDone reports what the line was, unless it was blank.
func (s *Scanner) lineDone() {
	size := s.size
	if s.last == '\r' {
		size--
	}
	switch {
	case s.state == atStart && (s.bom == 0 || s.bom == 3):
	case s.state == atStart:
		s.reportLine(Noise, size, "")
	case s.state == inPlain:
		s.reportLine(s.plain.verdict(), size, dataAfter)
	case s.state == inBroken:
		s.reportLine(Malformed, size, s.reason)
	case s.state != atEnd:
		s.reportLine(Malformed, size, breaksOff)
	case !s.batch:
		s.report(size, s.first)
	case s.other || !s.found:
		s.reportLine(NotRPC, size, "")
	}
}

// reportLine reports a line that is no message, or that has things in it that are none.
func (s *Scanner) reportLine(kind Kind, size int64, reason string) {
	s.msg = Message{Kind: kind, Size: size, First: s.first, Last: s.at}
	if kind == Malformed {
		s.msg.Reason = reason
	}
	s.emit(&s.msg)
}

// report reports the message that has been read.
func (s *Scanner) report(size int64, first time.Time) {
	m := &s.msg
	m.Kind, m.Batch, m.Size, m.First, m.Last, m.Reason = s.kind(), s.batch, size, first, s.at, ""
	m.Values = s.picked.values
	m.Dropped = s.picked.dropped
	s.emit(m)
	// What stands in the chunk is not to be looked at again.
	m.ID.Text, m.Method, m.Version = nil, nil, nil
	s.picked.owned = len(s.picked.values)
}
