package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// The bounds of a file.
const (
	MaxFile   = 1 << 20 // bytes
	maxRepeat = 10_000
	maxDepth  = 100 // of arguments
)

// Script is what a client does after the handshake and the lists.
type Script struct{ Calls []Call }

// Call is a call of a tool, or a request for a prompt or a resource.
type Call struct {
	Method    string          // tools/call, prompts/get or resources/read
	Name      string          // of the tool or prompt; the URI of a resource
	Arguments json.RawMessage // a JSON object; nil for a resource
	Timeout   time.Duration   // for the answer; 0: the session's
	Repeat    int             // how often it is made, at least 1
}

// Error is the first mistake in a file.
type Error struct {
	Line, Column int
	Text         string
	Word         string   // that is not known; empty if that is not what is wrong
	Known        []string // what may stand in its place
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text) }

// methods are the methods by the members that name what is called.
var methods = map[string]string{"call": "tools/call", "prompt": "prompts/get", "resource": "resources/read"}

// Parse reads the text of a file. The error is an *Error.
func Parse(text []byte) (*Script, error) {
	p := &parser{}
	s := &Script{}
	if len(text) > MaxFile {
		return nil, &Error{Line: 1, Column: 1, Text: fmt.Sprintf("the file is larger than %d KiB", MaxFile>>10)}
	}
	root, err := document(text)
	if err != nil {
		return nil, err
	}
	members := p.object(root, "the file", "version", "calls")
	if v := members["version"]; v != nil && (v.Value != "1" || v.ShortTag() != "!!int") {
		p.fail(v, "want version: 1; a newer spanpipe may know this version")
	}
	switch calls := members["calls"]; {
	case calls == nil:
		p.fail(root, "there are no calls: begin with calls:")
	case calls.Kind != yaml.SequenceNode:
		p.fail(calls, "calls is not a list: begin each call with a dash: - call: …")
	default:
		for _, n := range calls.Content {
			s.Calls = append(s.Calls, p.call(n))
		}
	}
	if p.mistake != nil {
		return nil, p.mistake
	}
	return s, nil
}

// document returns the root of a file that is one document of YAML.
func document(text []byte) (*yaml.Node, error) {
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && len(first.Content) == 0 {
		return nil, &Error{Line: 1, Column: 1, Text: "the file is empty: begin with calls:"}
	}
	if err == nil {
		if err = d.Decode(&second); errors.Is(err, io.EOF) {
			return first.Content[0], nil
		} else if err == nil {
			return nil, &Error{Line: max(second.Line, 1), Column: 1, Text: "a file has one document: remove the line ---"}
		}
	}
	e := &Error{Line: 1, Column: 1, Text: "this is no YAML: " + err.Error()}
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		e.Line, e.Column, e.Text = max(load.Mark.Line, 1), max(load.Mark.Column, 1), "this is no YAML: "+load.Message
	}
	return nil, e
}

// parser keeps the first mistake.
type parser struct{ mistake *Error }

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	if p.mistake == nil {
		p.mistake = &Error{Line: max(n.Line, 1), Column: max(n.Column, 1), Text: fmt.Sprintf(format, args...)}
	}
}

// object returns the members of an object. What it does not know is a mistake, as is a member that comes twice.
func (p *parser) object(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	members := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s: want names and values: %s", what, strings.Join(known, ", "))
		return members
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case p.mistake != nil:
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			p.fail(key, "%s has no %.40q: it has %s", what, key.Value, strings.Join(known, ", "))
			p.mistake.Word, p.mistake.Known = key.Value, known
		case members[key.Value] != nil:
			p.fail(key, "%s stands here twice", key.Value)
		default:
			members[key.Value] = value
		}
	}
	return members
}

func (p *parser) call(n *yaml.Node) Call {
	c := Call{Repeat: 1}
	members := p.object(n, "a call", "call", "prompt", "resource", "arguments", "timeout", "repeat")
	for _, kind := range []string{"call", "prompt", "resource"} {
		name := members[kind]
		switch {
		case name == nil:
		case c.Method != "":
			p.fail(name, "want one of call, prompt and resource, not two: begin another call with a dash")
		case name.Kind != yaml.ScalarNode || name.ShortTag() == "!!null" || name.Value == "":
			p.fail(name, "%s: want a name", kind)
		default:
			c.Method, c.Name = methods[kind], name.Value
		}
	}
	if c.Method == "" {
		p.fail(n, "want one of call: TOOL, prompt: NAME and resource: URI")
	}
	arguments := members["arguments"]
	switch {
	case c.Method == "resources/read" && arguments != nil:
		p.fail(arguments, "a resource has no arguments: they are in its URI")
	case c.Method == "resources/read":
	case arguments == nil:
		c.Arguments = json.RawMessage("{}") // servers refuse a call without
	case arguments.Kind != yaml.MappingNode:
		p.fail(arguments, "arguments: want names and values, such as {message: hello}")
	default:
		c.Arguments = p.json(nil, arguments, 0)
	}
	p.bounds(&c, members)
	return c
}

// bounds reads how long and how often.
func (p *parser) bounds(c *Call, members map[string]*yaml.Node) {
	if n := members["timeout"]; n != nil {
		var err error
		if c.Timeout, err = time.ParseDuration(n.Value); err != nil || c.Timeout <= 0 {
			p.fail(n, "timeout: want a duration, such as 5s or 2m")
		}
	}
	if n := members["repeat"]; n != nil {
		var err error
		if c.Repeat, err = strconv.Atoi(n.Value); err != nil || c.Repeat < 1 || c.Repeat > maxRepeat {
			p.fail(n, "repeat: want a number from 1 to %d", maxRepeat)
		}
	}
}

// json appends a value as JSON: members in their order, and numbers as they are written. A date is a text.
func (p *parser) json(out []byte, n *yaml.Node, depth int) []byte {
	switch {
	case p.mistake != nil:
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		p.fail(n, "anchors and aliases are not supported: write it out")
	case depth > maxDepth:
		p.fail(n, "this is nested too deeply")
	case n.Kind == yaml.SequenceNode:
		out = append(out, '[')
		for i, item := range n.Content {
			if i > 0 {
				out = append(out, ',')
			}
			out = p.json(out, item, depth+1)
		}
		return append(out, ']')
	case n.Kind == yaml.MappingNode:
		out = append(out, '{')
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || seen[key.Value] {
				p.fail(key, "want names that are texts, each once")
			}
			if seen[key.Value] = true; i > 0 {
				out = append(out, ',')
			}
			out = append(append(out, quote(key.Value)...), ':')
			out = p.json(out, n.Content[i+1], depth+1)
		}
		return append(out, '}')
	default:
		return append(out, p.scalar(n)...)
	}
	return out
}

// scalar returns a text, a number, true, false or null as JSON.
func (p *parser) scalar(n *yaml.Node) []byte {
	var value any
	switch n.ShortTag() {
	case "!!null":
		return []byte("null")
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return []byte(n.Value)
		}
		fallthrough // 0x10, .inf
	case "!!bool":
		if err := n.Decode(&value); err == nil {
			if text, err := json.Marshal(value); err == nil {
				return text
			}
		}
		p.fail(n, "%.40q has no form in JSON: put it in quotes if it is a text", n.Value)
		return nil
	}
	return quote(n.Value)
}

func quote(s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'})
}
