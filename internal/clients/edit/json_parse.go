package edit

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// jsonFormat is JSON as people write it, with comments and trailing commas. hujson finds the values; what is written is
// spliced into the text.
type jsonFormat struct{}

func (jsonFormat) parse(text []byte) (*Node, error) {
	last, err := scanJSON(text, len(text))
	if err != nil {
		return nil, err
	}
	if last == 0 {
		return nil, (&SyntaxError{Line: 1, Column: 1, Text: "the file is empty"}).broken()
	}
	// A comment on the last line needs no line end, but hujson wants one.
	value, err := hujson.Parse(append(text[:len(text):len(text)], '\n'))
	if err != nil {
		return nil, jsonError(text, err).broken()
	}
	b := jsonBuilder{lines: newLines(text)}
	root := b.node(value)
	if b.err != nil {
		return nil, b.err
	}
	return root, nil
}

// jsonBuilder makes the tree of what hujson found.
type jsonBuilder struct {
	*lines
	err *SyntaxError // the first
}

func (b *jsonBuilder) node(v hujson.Value) *Node {
	n := &Node{start: v.StartOffset, end: v.EndOffset}
	n.Line, n.Column = b.position(v.StartOffset)
	switch value := v.Value.(type) {
	case *hujson.Object:
		n.Kind = Map
		seen := make(map[string]bool, len(value.Members))
		for _, m := range value.Members {
			name := unquoteJSON(m.Name.Value.(hujson.Literal))
			if seen[name] && b.err == nil {
				b.err = b.refuse(m.Name.StartOffset, fmt.Sprintf("the name %q stands twice in one object", name))
			}
			seen[name] = true
			n.Members = append(n.Members, &Member{
				Name: name, Value: b.node(m.Value), start: m.Name.StartOffset, end: m.Value.EndOffset,
			})
		}
	case *hujson.Array:
		n.Kind = List
		for _, item := range value.Elements {
			n.Items = append(n.Items, b.node(item))
		}
	case hujson.Literal:
		if value.Kind() == '"' {
			n.Kind, n.Text = String, unquoteJSON(value)
		} else {
			n.Text = string(value)
		}
	}
	return n
}

// unquoteJSON returns the text of a valid literal. Half a surrogate pair, which is no character, becomes the three bytes that
// UTF-8 would have for it, so that different texts stay different and the text is seen to be invalid.
func unquoteJSON(literal []byte) string {
	raw := string(literal[1 : len(literal)-1])
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var text strings.Builder
	for raw != "" {
		i := strings.IndexByte(raw, '\\')
		if i < 0 {
			text.WriteString(raw)
			break
		}
		text.WriteString(raw[:i])
		escape := raw[i+1]
		raw = raw[i+2:]
		if escape != 'u' {
			text.WriteByte(jsonEscapes[escape])
			continue
		}
		r := hexRune(raw)
		raw = raw[4:]
		if strings.HasPrefix(raw, `\u`) {
			if pair := utf16.DecodeRune(r, hexRune(raw[2:])); pair != utf8.RuneError {
				r, raw = pair, raw[6:]
			}
		}
		if utf16.IsSurrogate(r) {
			text.Write([]byte{0xe0 | byte(r>>12), 0x80 | byte(r>>6)&0x3f, 0x80 | byte(r)&0x3f})
		} else {
			text.WriteRune(r)
		}
	}
	return text.String()
}

// jsonEscapes is what the letters after a backslash mean.
var jsonEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func hexRune(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return rune(n) // #nosec G115 -- of 16 bits
}

// jsonError turns an error of hujson's, which names the bytes of the line, into one for people. It never quotes the file, in which
// secrets stand.
func jsonError(text []byte, err error) *SyntaxError {
	var line, column int
	lines := newLines(text)
	if _, scanErr := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); scanErr != nil {
		return &SyntaxError{Text: "the file is not valid JSON"}
	}
	offset := len(text) // of the line that was added
	if line <= len(lines.starts) {
		offset = min(lines.starts[line-1]+column-1, len(text))
	}
	next := byte(0)
	if offset < len(text) {
		next = text[offset]
	}
	message := jsonMessage(err, next)
	if message == commaMissing {
		offset, _ = scanJSON(text, offset) // where it has to be written
	}
	return lines.refuse(offset, message)
}

const commaMissing = "a comma is missing"

// jsonMessage explains an error of hujson's that was found before the character next.
func jsonMessage(err error, next byte) string {
	message := err.Error()
	is := func(part string) bool { return strings.Contains(message, part) }
	beginsValue := next >= '0' && next <= '9' || next >= 'a' && next <= 'z' || strings.IndexByte(`"{[-`, next) >= 0
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the file ends too early: a closing bracket or a value is missing"
	case is("after object value") && next == ']':
		return "a closing } is missing"
	case is("after array value") && next == '}':
		return "a closing ] is missing"
	case is("after object value") && next == '"', is("after array value") && beginsValue:
		return commaMissing
	case is("after object name"):
		return "a colon is missing"
	case is("after top-level value"):
		return "the file continues after the end of its value"
	case is("at start of object name"):
		return "a name in double quotes is missing"
	case next == '\'':
		return "texts need double quotes"
	case is("at start of value") && strings.IndexByte(",}]:", next) >= 0:
		return "a value or a name is missing"
	case is("invalid literal") && next == '"':
		return "a text has an escape that JSON does not have"
	case is("invalid literal"):
		return "only true, false, null and decimal numbers may stand without double quotes"
	case is("in line comment"):
		return "a comment has a line separator that clients read in different ways"
	default:
		return "a character that has no meaning here"
	}
}
