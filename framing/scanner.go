package framing

import (
	"bytes"
	"time"

	"github.com/spanpipe/spanpipe/framing/estimate"
)

// Scanner reads one direction of a stream. It is not safe for concurrent use.
//
// It keeps neither a chunk nor a slice of one. It copies what a message needs as it comes, within bounds, and
// clears the copies when the line ends.
type Scanner struct {
	table *Table
	emit  func(*Message)
	state state
	line  line
	ended int64 // bytes of the stream up to the end of the last line, or chunk

	stack []frame // the values that are open, the innermost last
	next  *node   // the place of the member whose key came last

	// The token that is being read, by its kind.
	escaped uint64 // 1 if the next byte of a key or a string is escaped, else 0
	text    []byte // the decoded text of the last one
	number  numberState
	literal string  // what is still missing of true, false or null
	nest    nesting // the inside of a container that is skipped
	plain   []byte  // the beginning of a line's text that is not JSON

	// The keys that the open objects have had.
	objects uint64   // number of objects opened so far
	seen    []uint64 // by node: the object that had its key last

	// The message.
	began  time.Time // when the chunk with its first byte was read
	msg    Message
	types  [members]ValueType // of the members that make it JSON-RPC, 0 for those that are missing
	copies [members][]byte    // their texts
	picked picked
	meter  estimate.Meter
}

// line is what is known of the current line.
type line struct {
	at     time.Time // when the current chunk was read
	first  time.Time // when the chunk with the line's first byte was read
	size   int64     // bytes of the line before the current span
	last   byte      // the last of them
	bom    int       // bytes of a byte order mark at the line's start
	batch  bool      // the line is an array
	found  bool      // the array has a message
	other  bool      // the array has an element that cannot be a message
	kind   Kind      // what the line is if it is neither a message nor a batch
	reason string    // why, if it is malformed
}

// NewScanner returns a scanner that calls emit for every message, and for every line that is not one, in order
// and from within Write and Close. Blank lines are ignored.
func NewScanner(t *Table, emit func(*Message)) *Scanner {
	return &Scanner{
		table: t, emit: emit,
		stack: make([]frame, 0, t.depth),
		seen:  make([]uint64, t.nodes),
	}
}

// Write scans the next bytes of the stream, read at the given time. It does not keep p.
func (s *Scanner) Write(p []byte, at time.Time) {
	s.line.at = at
	for {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.span(p)
			s.ended += int64(len(p))
			return
		}
		s.span(p[:end])
		s.ended += int64(end + 1)
		s.endLine()
		p = p[end+1:]
	}
}

// Close ends the stream, whose end was read at the given time. It scans a last line without a newline as if it
// had one.
func (s *Scanner) Close(at time.Time) {
	s.line.at = at
	s.endLine()
}

// Abort ends a stream that has more to come, which its reader does not take. It is like Close, but to break off is no fault of a
// message then: a request is reported with Cut if it is known to be one, and other messages are not reported.
func (s *Scanner) Abort(at time.Time) {
	s.line.at = at
	if m := s.Partial(); m != nil {
		s.emit(m)
	}
	if len(s.stack) > 0 {
		s.state, s.line.bom = atStart, 0 // forget what has begun
	}
	s.endLine()
}

// Unfinished returns how many bytes there are of a line whose end is still to come.
func (s *Scanner) Unfinished() int64 { return s.line.size }

// Partial returns the request that has begun and not ended, with what is known of it so far, if that is enough to know
// that it is a request. It is valid until the next call, like a message passed to emit.
func (s *Scanner) Partial() *Message {
	if len(s.stack) == 0 || s.line.batch || s.kind() != Request {
		return nil
	}
	m := s.msg
	m.Kind, m.Cut, m.Size, m.First, m.Last = Request, true, s.line.size, s.line.first, s.line.at
	m.End = s.ended
	for _, v := range s.picked.values {
		if v.Size > 0 { // it has ended
			m.Values = append(m.Values, v)
		}
	}
	return &m
}

// span scans the bytes of one line that are in the current chunk.
func (s *Scanner) span(b []byte) {
	if len(b) == 0 {
		return
	}
	if s.line.size == 0 {
		s.line.first = s.line.at
	}
	for i := 0; i < len(b); {
		i = s.step(b, i)
	}
	for i := range s.stack {
		s.feed(&s.stack[i], b, false)
		s.stack[i].from = 0
	}
	s.line.size += int64(len(b))
	s.line.last = b[len(b)-1]
}

// start skips white space and a byte order mark, and decides by the first other byte what the line is.
// RFC 8259, section 8.1, forbids the mark to writers, but allows readers to ignore it.
func (s *Scanner) start(b []byte, i int) int {
	const mark = "\ufeff"
	l, c := &s.line, b[i]
	switch {
	case l.bom < len(mark) && c == mark[l.bom] && l.size+int64(i) == int64(l.bom):
		l.bom++
	case 0 < l.bom && l.bom < len(mark):
		return s.notJSON(i, Noise)
	case isSpace(c):
	case c == '{':
		l.batch, s.next = false, &s.table.root
		return s.value(b, i)
	case c == '[':
		l.batch, s.next = true, &s.table.batch
		l.found, l.other = false, false
		return s.value(b, i)
	default:
		return s.notJSON(i, Noise)
	}
	return i + 1
}

// notJSON treats the line from byte i on as text. The line will be reported as of the given kind, or as Foreign.
func (s *Scanner) notJSON(i int, kind Kind) int {
	s.state, s.stack = inPlain, s.stack[:0]
	s.line.kind, s.line.reason = kind, dataAfter
	return i
}

// isForeign reports whether the text begins like another framing of JSON-RPC: with a header of the Language Server
// Protocol's base protocol, or with the request or status line of an HTTP/1 message (RFC 9112, sections 3 and 4, where
// methods and versions are case-sensitive). A log of requests, "GET / 200", is not one.
//
// It is not a regular expression, because package regexp takes memory from a sync.Pool, which any garbage collection
// may empty.
func isForeign(line []byte) bool {
	name, _, header := bytes.Cut(line, []byte(":"))
	switch {
	case header && (bytes.EqualFold(name, []byte("Content-Length")) || bytes.EqualFold(name, []byte("Content-Type"))):
		return true
	case bytes.HasPrefix(line, []byte("HTTP/1.")):
		return true
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	method, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(method) {
	case "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD":
		return bytes.HasPrefix(rest, []byte("/")) &&
			(bytes.HasSuffix(rest, []byte(" HTTP/1.0")) || bytes.HasSuffix(rest, []byte(" HTTP/1.1")))
	}
	return false
}

// maxPlain bounds the text that is kept to recognize another framing.
const maxPlain = 256

// broken ignores the rest of the line, which will be reported as malformed, or as noise if no message has begun:
// "[INFO] ready" is a log line and not an array.
func (s *Scanner) broken(b []byte, reason string) int {
	s.state, s.stack = inBroken, s.stack[:0]
	s.line.kind, s.line.reason = Malformed, reason
	if s.line.batch && !s.line.found {
		s.line.kind = Noise
	}
	return len(b)
}

// endLine reports the line and prepares for the next.
func (s *Scanner) endLine() {
	s.reportEnd()
	s.state, s.line.size, s.line.bom = atStart, 0, 0
	s.clear()
}

// clear clears what was copied of the line, which may be content.
func (s *Scanner) clear() {
	for _, text := range s.copies {
		clear(text)
	}
	clear(s.plain)
	s.plain = s.plain[:0]
	s.picked.reset()
	clear(s.text)
	frames := s.stack[:cap(s.stack)]
	for i := range frames {
		frames[i].clear()
	}
	s.stack = s.stack[:0]
}

// reportEnd reports what the line was, unless it was blank. Of a batch, the messages have been reported already.
func (s *Scanner) reportEnd() {
	l, size := &s.line, s.line.size
	if l.last == '\r' {
		size--
	}
	switch {
	case s.state == atStart && (l.bom == 0 || l.bom == 3):
	case s.state == atStart:
		s.reportLine(Noise, size, "")
	case s.state == inPlain && isForeign(s.plain):
		s.reportLine(Foreign, size, "")
	case s.state == inPlain || s.state == inBroken:
		s.reportLine(l.kind, size, l.reason)
	case s.state != atEnd:
		s.reportLine(Malformed, size, breaksOff)
	case !l.batch:
		s.report(size, l.first)
	case l.other || !l.found:
		s.reportLine(NotRPC, size, otherElement)
	}
}

// reportLine reports a line that is not a message, or that has more in it than messages.
func (s *Scanner) reportLine(kind Kind, size int64, reason string) {
	s.msg = Message{Kind: kind, Size: size, First: s.line.first, Last: s.line.at, End: s.ended}
	if kind == Malformed || kind == NotRPC {
		s.msg.Reason = reason
	}
	s.emit(&s.msg)
}

// report reports the message that has been read.
func (s *Scanner) report(size int64, first time.Time) {
	m := &s.msg
	m.Kind, m.Batch, m.Size, m.First, m.Last, m.Reason = s.kind(), s.line.batch, size, first, s.line.at, ""
	m.End = s.ended
	m.Values, m.Dropped = s.picked.values, s.picked.dropped
	m.BOM = s.line.bom > 0
	if m.Kind == NotRPC {
		m.Reason = s.notRPC()
	}
	s.emit(m)
}
