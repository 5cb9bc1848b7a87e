package framing

import "bytes"

// plainLine is a line that is not JSON. It keeps just enough of the line to recognize another framing of JSON-RPC:
// a header line of the Language Server Protocol's base protocol, or the first line of an HTTP message.
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

// verdict returns what the line was. It is Foreign if it begins with "Content-Length:", "Content-Type:" or "HTTP/1.",
// or if it begins with a method of HTTP, a space and a slash and ends in "HTTP/1.0" or "HTTP/1.1", in upper or lower
// case.
func (l *plainLine) verdict() Kind {
	head := l.head[:l.size]
	if hasPrefix(head, "content-length:", "content-type:", "http/1.") {
		return Foreign
	}
	tail := bytes.TrimSuffix(l.tail[:l.end], []byte("\r"))
	tail = tail[max(len(tail)-len(" http/1.1"), 0):]
	if hasPrefix(tail, " http/1.1", " http/1.0") &&
		hasPrefix(head, "post /", "get /", "delete /", "options /", "put /", "head /") {
		return Foreign
	}
	return l.kind
}

// hasPrefix reports whether the text begins with one of the words, ignoring case.
func hasPrefix(text []byte, words ...string) bool {
	for _, word := range words {
		if len(text) >= len(word) && bytes.EqualFold(text[:len(word)], []byte(word)) {
			return true
		}
	}
	return false
}
