package otlpfile

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads JSON in one pass, value by value. It is several times faster than encoding/json, which goes over each value
// three times and finds its field by reflection: to read a session's spans was nearly all of the work of showing it.
//
// Its methods read the value that comes next. One that is null reads as the zero value. After an error they read nothing
// more, so that only the end has to ask for it.
type scanner struct {
	text  []byte
	at    int
	depth int
	err   error
	texts texts
}

// texts holds short texts that were read, since names and most values are the same in span after span. A text that has the
// place of another one takes it.
type texts [256]string

// longText is the length from which a text is not worth holding.
const longText = 64

func (t *texts) of(b []byte) string {
	if len(b) == 0 || len(b) >= longText {
		return string(b)
	}
	place := uint32(2_166_136_261) // FNV-1a
	for _, c := range b {
		place = (place ^ uint32(c)) * 16_777_619
	}
	known := &t[(place^place>>16)%uint32(len(t))]
	if *known != string(b) {
		*known = string(b)
	}
	return *known
}

// maxDepth bounds how deep values are nested, as encoding/json does.
const maxDepth = 10_000

var errJSON = errors.New("this is not JSON of the expected form")

func (s *scanner) fail() {
	if s.err == nil {
		s.err = errJSON
	}
	s.at = len(s.text)
}

// next returns the first byte of what comes next; 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// skip skips a byte if it comes next.
func (s *scanner) skip(c byte) bool {
	if s.next() != c || s.at >= len(s.text) {
		return false
	}
	s.at++
	return true
}

// word skips a word if it comes next.
func (s *scanner) word(w string) bool {
	if s.next() != w[0] || string(s.text[s.at:min(s.at+len(w), len(s.text))]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// end returns the error, which it is that anything comes.
func (s *scanner) end() error {
	if s.next(); s.at < len(s.text) {
		s.fail()
	}
	return s.err
}

// object calls f with the name of each member. f reads its value.
func (s *scanner) object(f func(name []byte)) {
	s.list('{', '}', func() {
		name := s.raw()
		if !s.skip(':') {
			s.fail()
			return
		}
		f(name)
	})
}

// array calls f for each element. f reads it.
func (s *scanner) array(f func()) { s.list('[', ']', f) }

func (s *scanner) list(open, end byte, f func()) {
	if s.word("null") {
		return
	}
	if s.depth++; s.depth > maxDepth || !s.skip(open) {
		s.fail()
		return
	}
	for first := true; !s.skip(end); first = false {
		if s.err != nil || !first && !s.skip(',') {
			s.fail()
			return
		}
		f()
	}
	s.depth--
}

// raw reads a text. It is valid as long as what is read.
func (s *scanner) raw() []byte {
	if !s.skip('"') {
		s.fail()
		return nil
	}
	start, plain := s.at, true
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			if b := s.text[start : s.at-1]; plain {
				return b
			}
			return s.unquote(s.text[start-1 : s.at])
		case c == '\\':
			plain = false
			s.at++
		case c < ' ' || c >= utf8.RuneSelf:
			plain = false
		}
	}
	s.fail()
	return nil
}

// unquote reads a text that is not just what stands between its quotes.
func (s *scanner) unquote(quoted []byte) []byte {
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		s.fail()
	}
	return []byte(text)
}

// string reads a text.
func (s *scanner) string() string {
	if s.word("null") {
		return ""
	}
	return s.texts.of(s.raw())
}

// number reads a number, which may be a text, as it is written.
func (s *scanner) number() []byte {
	if s.word("null") {
		return nil
	}
	if s.next() == '"' {
		return s.raw()
	}
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789Ee", s.text[s.at]) >= 0 {
		s.at++
	}
	b := s.text[start:s.at]
	if !json.Valid(b) {
		s.fail()
	}
	return b
}

// integer reads a 64-bit integer, which is a text in protobuf's JSON. A number that is none reads as 0.
func (s *scanner) integer() int64 {
	b := s.number()
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil && b != nil && !json.Valid(b) {
		s.fail()
	}
	if err != nil {
		return 0
	}
	return n
}

// double reads a floating-point number. One that JSON cannot write is a text.
func (s *scanner) double() float64 {
	b := s.number()
	if b == nil {
		return 0
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		s.fail()
	}
	return f
}

func (s *scanner) bool() bool {
	switch {
	case s.word("true"):
		return true
	case !s.word("false") && !s.word("null"):
		s.fail()
	}
	return false
}

// id reads a hexadecimal id. One that is damaged is none.
func (s *scanner) id(id []byte) {
	if s.word("null") {
		return
	}
	text := s.raw()
	if len(text) != hex.EncodedLen(len(id)) {
		clear(id)
	} else if _, err := hex.Decode(id, text); err != nil {
		clear(id)
	}
}

// value skips any value.
func (s *scanner) value() {
	switch c := s.next(); c {
	case '{':
		s.object(func([]byte) { s.value() })
	case '[':
		s.array(s.value)
	case '"':
		s.raw()
	case 't', 'f', 'n':
		s.bool()
	default:
		s.number()
	}
}
