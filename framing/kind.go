package framing

import "hash/maphash"

// kind returns the kind of the message. These are the rules where JSON-RPC 2.0 leaves a choice or peers violate it:
//
//   - Without a jsonrpc member it needs an id: {"level":"info","error":"no"} and {"method":"GET"} are log lines.
//   - A method that is a string makes it a request or a notification, whatever else it has. A null counts as no method.
//   - Otherwise an error that is not null makes it an error response, and a result or an error, null or not, makes it
//     a response: {"result":{},"error":null} is one, and so is {"result":null,"id":1}.
//   - An id makes the difference between a request and a notification, even if it is null or of a type that is not
//     allowed.
//   - The types of params, result and error do not matter; they are for the receiver to judge.
func (s *Scanner) kind() Kind {
	present := func(m member) bool { return s.types[m] != 0 && s.types[m] != Null }
	hasID := s.msg.ID.Type != NoID
	switch {
	case !present(versionMember) && !hasID:
		return NotRPC
	case s.types[methodMember] == String && hasID:
		return Request
	case s.types[methodMember] == String:
		return Notification
	case present(methodMember):
		return NotRPC
	case present(errorMember):
		return ErrorResponse
	case s.types[resultMember] != 0 || s.types[errorMember] != 0:
		return Response
	}
	return NotRPC
}

// Neither is what is wrong with an object that has an id, and nothing that is asked or answered.
const Neither = "neither method, result nor error"

// otherElement is what is wrong with an array that is not a batch.
const otherElement = "an array that is empty or has elements other than objects"

// notRPC returns what keeps an object from being a message.
func (s *Scanner) notRPC() string {
	switch {
	case s.types[versionMember] == 0 && s.msg.ID.Type == NoID:
		return "an object with neither jsonrpc nor id"
	case s.types[methodMember] != 0 && s.types[methodMember] != Null:
		return "the method is not a string"
	}
	return Neither
}

// beginMessage forgets the message before.
func (s *Scanner) beginMessage() {
	s.msg = Message{}
	s.types = [members]ValueType{}
	s.began = s.line.at
	s.line.found = true
	s.picked.reset()
	s.meter.Begin(s.line.at)
}

// takeMember takes a member that makes the message JSON-RPC.
func (s *Scanner) takeMember(f *frame, text []byte, cut bool) {
	m := f.node.member
	s.types[m] = f.typ
	clear(s.copies[m])
	s.copies[m] = append(s.copies[m][:0], text...)
	kept := s.copies[m]
	switch m {
	case idMember:
		hash := f.hash.Sum64()
		if f.typ == String && !cut { // the hash of a string is that of its text, however it is spelled
			hash = maphash.Bytes(seed, kept)
		}
		id, truncated := clip(kept, cut, MaxIDText)
		s.msg.ID = newID(f.typ, id, truncated, hash)
	case methodMember:
		s.msg.Method, s.msg.MethodTruncated = nil, false
		if f.typ == String {
			s.msg.Method, s.msg.MethodTruncated = clip(kept, cut, MaxMethodText)
		}
	case versionMember:
		s.msg.Version, s.msg.VersionTruncated = clip(kept, cut, MaxVersionText)
	}
}
