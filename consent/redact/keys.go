package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// keyNode is a tree of names of members; one without children allows whatever is under it.
type keyNode map[string]keyNode

// newKeys returns the allow-list of paths such as query or filter.name; nil if there are none. A path goes through arrays:
// items.id allows the id of every element. Names are compared exactly, decoded.
func newKeys(paths []string) (keyNode, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	root := keyNode{}
	for _, path := range paths {
		node := root
		names := strings.Split(path, ".")
		for i, name := range names {
			if name == "" {
				return nil, errors.New("a key in the allow-list is empty")
			}
			child, known := node[name]
			if known && len(child) == 0 {
				break // everything under it is allowed already
			}
			if !known || i == len(names)-1 {
				child = keyNode{}
				node[name] = child
			}
			node = child
		}
	}
	return root, nil
}

// pick returns the JSON of what the allow-list allows of raw; "" if that is nothing.
func (node keyNode) pick(raw []byte) string {
	p := picker{json.NewDecoder(bytes.NewReader(raw)), int64(len(raw))}
	out, _ := p.value(node, 0) // where raw ends or stops being JSON, so does what can be picked
	return out
}

// picker reads the allowed parts of a JSON text.
type picker struct {
	dec  *json.Decoder
	size int64
}

// maxArrays bounds the recursion beyond the depth of the paths.
const maxArrays = 32

// value returns what node allows of the next value.
func (p picker) value(node keyNode, arrays int) (string, error) {
	if len(node) == 0 {
		return p.whole()
	}
	token, err := p.dec.Token()
	open, ok := token.(json.Delim)
	if err != nil || !ok {
		return "", err
	}
	if arrays++; open == '{' {
		arrays = 0
	}
	if arrays > maxArrays {
		return "", errors.New("too many arrays in one another")
	}
	var items []string
	for err == nil && p.dec.More() {
		var item string
		if open == '{' {
			item, err = p.member(node)
		} else {
			item, err = p.value(node, arrays)
		}
		if item != "" {
			items = append(items, item)
		}
	}
	if err == nil {
		_, err = p.dec.Token() // the closing one
	}
	if len(items) == 0 {
		return "", err
	}
	return open.String() + strings.Join(items, ",") + string(open+2), err // } and ] follow { and [ in ASCII
}

// member returns what node allows of the next member, with its name.
func (p picker) member(node keyNode) (string, error) {
	token, err := p.dec.Token()
	if err != nil {
		return "", err
	}
	name, _ := token.(string)
	child, allowed := node[name]
	if !allowed {
		_, err := p.whole()
		return "", err
	}
	out, err := p.value(child, 0)
	if out == "" {
		return "", err
	}
	return quote(name) + ":" + out, err
}

// whole returns the next value. A number at the end of the text may have been cut off, so it does not count as a value.
func (p picker) whole() (string, error) {
	var raw json.RawMessage
	if err := p.dec.Decode(&raw); err != nil {
		return "", err
	}
	if p.dec.InputOffset() == p.size && isDigit(raw[len(raw)-1]) {
		return "", io.ErrUnexpectedEOF
	}
	return string(raw), nil
}
