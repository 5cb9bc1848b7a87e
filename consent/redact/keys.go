package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// keySet is an allow-list of members. A path that it holds as true allows whatever is under it, one that it holds as
// false leads to such a path. A path goes through arrays: items.id allows the id of every element. Names are compared
// exactly, decoded.
type keySet map[string]bool

func newKeys(paths []string) (keySet, error) {
	set := keySet{}
	for _, path := range paths {
		if slices.Contains(strings.Split(path, "."), "") {
			return nil, errors.New("a key in the allow-list is empty")
		}
		set[path] = true
		for i := range len(path) {
			if path[i] == '.' {
				listed := set[path[:i]]
				set[path[:i]] = listed // false unless it is listed itself
			}
		}
	}
	return set, nil
}

// pick returns the JSON of what the allow-list allows of raw; "" if that is nothing.
func (set keySet) pick(raw []byte) string {
	p := picker{json.NewDecoder(bytes.NewReader(raw)), set, int64(len(raw))}
	out, _ := p.value("", 0) // where raw ends or stops being JSON, so does what can be picked
	return out
}

// picker reads the allowed parts of a JSON text.
type picker struct {
	dec  *json.Decoder
	keys keySet
	size int64
}

// value returns what is allowed of the next value, given its path and in how many others it stands.
func (p picker) value(path string, depth int) (string, error) {
	if p.keys[path] {
		return p.whole()
	}
	token, err := p.dec.Token()
	open, ok := token.(json.Delim)
	if err != nil || !ok {
		return "", err
	}
	if depth == maxNesting {
		return "", errors.New("too many arrays in one another")
	}
	var items []string
	for err == nil && p.dec.More() {
		var item string
		if open == '{' {
			item, err = p.member(path, depth+1)
		} else {
			item, err = p.value(path, depth+1)
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

// member returns what is allowed of the next member of the object at path, with its name.
func (p picker) member(path string, depth int) (string, error) {
	token, err := p.dec.Token()
	if err != nil {
		return "", err
	}
	name, _ := token.(string)
	child := strings.TrimPrefix(path+"."+name, ".")
	// A name with a dot in it could look like a path: {"filter.name": …} is not what filter.name allows.
	if _, allowed := p.keys[child]; !allowed || strings.Contains(name, ".") {
		_, err := p.whole()
		return "", err
	}
	out, err := p.value(child, depth)
	if out == "" {
		return "", err
	}
	return quote(name) + ":" + out, err
}

// whole returns the next value as it stands in the text. A number at the end of the text may have been cut off, so it
// does not count as a value.
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
