package framing

import "bytes"

// kind says what the message is that has been read. The rules, for what the specification leaves open or peers get wrong:
//
//   - Without a jsonrpc member it needs an id: {"level":"info","error":"no"} and {"method":"GET"} are logs, not messages.
//   - A method that is a string makes it a request or a notification, whatever else it has. null stands for no method.
//   - Otherwise an error that is not null makes it an error response, and a result or an error, null or not, a response:
//     {"result":{},"error":null} is one, and so is {"result":null,"id":1}.
//   - An id makes the difference between request and notification, even if it is null or of a type that is not allowed.
//   - The types of params, result and error are not looked at; they are the receiver's to judge.
func (s *Scanner) kind() Kind {
	hasID := s.msg.ID.Type != NoID
	switch {
	case (s.version.typ == 0 || s.version.typ == Null) && !hasID:
		return NotRPC
	case s.method.typ == String && hasID:
		return Request
	case s.method.typ == String:
		return Notification
	case s.method.typ != 0 && s.method.typ != Null:
		return NotRPC
	case s.err != 0 && s.err != Null:
		return ErrorResponse
	case s.result != 0 || s.err != 0:
		return Response
	}
	return NotRPC
}

// beginMessage forgets the message before.
func (s *Scanner) beginMessage() {
	s.msg.ID = ID{}
	s.msg.Method, s.msg.Version = nil, nil
	s.result, s.err, s.method.typ, s.version.typ = 0, 0, 0, 0
	s.began = s.at
	s.found = true
	s.latest = 0
	s.picked.reset()
}

// note takes note of the type of a member that makes the message JSON-RPC.
func (s *Scanner) note(n *node, typ ValueType) {
	switch n.member {
	case methodMember:
		s.method.typ, s.msg.Method = typ, nil
	case versionMember:
		s.version.typ, s.msg.Version = typ, nil
	case resultMember:
		s.result = typ
	case errorMember:
		s.err = typ
	}
}

// member takes a value that makes the message JSON-RPC: its type, its text as far as it is wanted, and whether that is not
// all; and if it is the id, the hash of all of it.
func (s *Scanner) member(n *node, typ ValueType, text []byte, cut bool, hash uint64) {
	s.note(n, typ)
	switch {
	case n.member == idMember:
		kept := s.id[:copy(s.id[:], clip(text, MaxIDText))]
		s.setID(typ, kept, cut || len(kept) < len(text), hash)
	case n.member == methodMember && typ == String:
		s.msg.Method = s.method.buf[:copy(s.method.buf[:], clip(text, MaxMethodText))]
	case n.member == versionMember:
		s.msg.Version = s.version.buf[:copy(s.version.buf[:], clip(text, MaxVersionText))]
	}
}

// setID takes the id. Only a string or a number has a text.
func (s *Scanner) setID(typ ValueType, text []byte, cut bool, hash uint64) {
	id := &s.msg.ID
	*id = ID{Type: OtherID}
	switch typ {
	case Null:
		id.Type = NullID
	case String:
		id.Type = StringID
	case Number:
		id.Type = NumberID
	}
	if id.Type == StringID || id.Type == NumberID {
		id.Text, id.Truncated = text, cut
	}
	id.seal(hash)
}

// plainLine is a line that is not JSON. It is looked at just enough to recognise another framing of the same protocol:
// the first header line of Content-Length framing, or the first line of an HTTP message.
type plainLine struct {
	kind Kind // what the line is otherwise
	head [16]byte
	tail [10]byte
	size int // bytes in head
	end  int // bytes in tail
}

func (l *plainLine) add(b []byte) {
	l.size += copy(l.head[l.size:], b)
	b = b[max(len(b)-len(l.tail), 0):]
	l.end = copy(l.tail[:], l.tail[max(l.end+len(b)-len(l.tail), 0):l.end])
	l.end += copy(l.tail[l.end:], b)
}

// verdict says what the line was. It is Foreign if it begins with "Content-Length:", "Content-Type:" or "HTTP/1.", or
// begins with a method of HTTP, a space and a slash and ends in "HTTP/1.0" or "HTTP/1.1"; in any case of letters.
func (l *plainLine) verdict() Kind {
	head := l.head[:l.size]
	if begins(head, "content-length:", "content-type:", "http/1.") {
		return Foreign
	}
	tail := bytes.TrimSuffix(l.tail[:l.end], []byte("\r"))
	tail = tail[max(len(tail)-len(" http/1.1"), 0):]
	if begins(tail, " http/1.1", " http/1.0") && begins(head, "post /", "get /", "delete /", "options /", "put /", "head /") {
		return Foreign
	}
	return l.kind
}

// begins says whether the text begins with one of the words, which are in lower case, in any case of letters.
func begins(text []byte, words ...string) bool {
	for _, word := range words {
		if len(text) >= len(word) && bytes.EqualFold(text[:len(word)], []byte(word)) {
			return true
		}
	}
	return false
}
