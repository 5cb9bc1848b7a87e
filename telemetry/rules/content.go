package rules

import (
	"bytes"
	"encoding/json"
)

// Content is what a message holds, as it came: JSON, or empty for what it does not have.
type Content struct {
	Arguments []byte // params.arguments
	Result    []byte // result
	Error     []byte // error
	// ErrorText is the message of an error, or the texts of a result with isError, where Error and Result are not known.
	ErrorText string
	TooLarge  bool // one of them was cut off, and is not looked at
}

// document is the content of a message, decoded when a rule first asks for it.
type document struct {
	Content
	arguments, result lazy
	texts, errors     []string
	split             bool
	parsed            map[string]*tree // texts that are JSON, by their text; nil for others
	work              int              // what rules have cost so far
}

// exhausted reports whether rules together have cost too much. Then nothing more is found in the message.
func (d *document) exhausted() bool { return d.work > maxWork }

// spend takes steps from what rules may cost, and reports whether they may be taken.
func (d *document) spend(steps int) bool {
	d.work += steps
	return !d.exhausted()
}

// tree is a JSON value, and what paths cost in it.
type tree struct {
	value  any
	nodes  int // in it
	levels int // the sum of the levels that its nodes are at
}

func newTree(value any) *tree {
	t := &tree{value: value}
	t.count(value, 1)
	return t
}

func (t *tree) count(value any, level int) {
	t.nodes++
	t.levels += level
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			t.count(v, level+1)
		}
	case map[string]any:
		for _, v := range value {
			t.count(v, level+1)
		}
	}
}

// lazy is a JSON value that is decoded once.
type lazy struct {
	done bool
	tree *tree // nil if it is no JSON
}

func (l *lazy) of(raw []byte) *tree {
	if !l.done {
		l.done = true
		if value, ok := decode(raw); ok {
			l.tree = newTree(value)
		}
	}
	return l.tree
}

// decode decodes JSON and nothing else. Numbers stay as they are written: 1e999 is JSON, but no float64.
func decode(raw []byte) (value any, ok bool) {
	if len(raw) == 0 || len(raw) > MaxContent {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil || len(bytes.TrimSpace(raw[d.InputOffset():])) > 0 {
		return nil, false
	}
	return value, true
}

// decodeText decodes a text that holds JSON. Rules that look into the same text share the work.
func (d *document) decodeText(text string) *tree {
	t, known := d.parsed[text]
	if known {
		return t
	}
	if value, ok := decode([]byte(text)); ok && value != nil {
		t = newTree(value)
	}
	if d.parsed == nil {
		d.parsed = map[string]*tree{}
	}
	d.parsed[text] = t
	return t
}

// has reports whether a message has a part.
func (d *document) has(from From) bool {
	switch from {
	case Arguments:
		return len(d.Arguments) > 0
	case Result, Text:
		return len(d.Result) > 0
	}
	return len(d.textsOf(from)) > 0
}

// textsOf returns the texts of a result, or of an error.
func (d *document) textsOf(from From) []string {
	if !d.split {
		d.split = true
		var result any
		if t := d.result.of(d.Result); t != nil {
			result = t.value
		}
		d.texts = texts(result)
		object, _ := result.(map[string]any)
		value, _ := decode(d.Error)
		failure, _ := value.(map[string]any)
		message, isText := failure["message"].(string)
		switch {
		case isText:
			d.errors = []string{message}
		case object["isError"] == true:
			d.errors = d.texts
		case d.ErrorText != "":
			d.errors = []string{d.ErrorText}
		}
	}
	if from == Error {
		return d.errors
	}
	return d.texts
}

// texts returns the texts of a result, whatever its method: tools have content, resources contents, prompts messages.
func texts(result any) []string {
	object, _ := result.(map[string]any)
	var all []string
	for _, list := range []string{"content", "contents", "messages"} {
		items, _ := object[list].([]any)
		for _, item := range items {
			block, _ := item.(map[string]any)
			if list == "messages" {
				block, _ = block["content"].(map[string]any)
			}
			if text, ok := block["text"].(string); ok && len(all) < maxValues {
				all = append(all, text)
			}
		}
	}
	return all
}

// find returns what a source finds, at most maxValues of it: JSON values, or what a regular expression's first group has
// matched.
func (d *document) find(s *Source) []any {
	found := d.values(s)
	found = found[:min(len(found), maxValues)]
	if s.Regex != nil {
		found = d.matches(s, found)
	}
	return found
}

// count returns how much a source finds. That is exact without a regular expression.
func (d *document) count(s *Source) int {
	if s.Regex == nil {
		return len(d.values(s))
	}
	return len(d.find(s))
}

// values returns the texts that a source is for, or what its path has found.
func (d *document) values(s *Source) []any {
	var found []any
	switch s.From {
	case Arguments:
		found = d.in(s, d.arguments.of(d.Arguments))
	case Result:
		found = d.in(s, d.result.of(d.Result))
	case Text, Error:
		for _, text := range d.textsOf(s.From) {
			if s.Path == nil {
				found = append(found, text)
			} else {
				found = append(found, d.in(s, d.decodeText(text))...)
			}
		}
	}
	return found
}

// in returns what a source's path finds in a value.
func (d *document) in(s *Source, t *tree) []any {
	if t == nil {
		return nil
	}
	visits := t.nodes
	if s.descends {
		visits = t.levels
	}
	if !d.spend(s.pathCost * visits) {
		return nil
	}
	return s.Path.Select(t.value)
}

// matches returns what the source's regular expression finds in the texts among the values: its group "value", else its
// first group, else all of the match.
func (d *document) matches(s *Source, values []any) []any {
	group := max(s.Regex.SubexpIndex("value"), min(s.Regex.NumSubexp(), 1))
	var found []any
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			continue
		}
		text = text[:min(len(text), maxText)]
		for _, m := range d.match(s, text, maxValues-len(found)) {
			if from, to := m[2*group], m[2*group+1]; from >= 0 {
				found = append(found, text[from:to])
			}
		}
		if len(found) >= maxValues || d.exhausted() {
			break
		}
	}
	return found
}

// match returns at most so many matches of the source's regular expression, and no more than can be paid for: each match, and
// the search for one that is not there, may have to look at all that follows.
func (d *document) match(s *Source, text string, most int) [][]int {
	const call = 16 // costs as much as so many bytes
	cost := s.regexCost * (len(text) + call)
	affordable := (maxWork - d.work) / cost
	all := s.Regex.FindAllStringSubmatchIndex(text, max(min(most, affordable), 0))
	searches := len(all)
	if searches < most {
		searches++ // one more found nothing, or cannot be paid for
	}
	d.spend(searches * cost)
	return all
}
