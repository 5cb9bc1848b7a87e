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
	parsed            map[string]any // texts that are JSON, by their text
	work              int            // what rules have cost so far
}

// exhausted reports whether rules together have cost too much. Then nothing more is found in the message.
func (d *document) exhausted() bool { return d.work > maxWork }

// lazy is a JSON value that is decoded once.
type lazy struct {
	done  bool
	value any
	ok    bool
}

func (l *lazy) of(raw []byte) (any, bool) {
	if !l.done {
		l.done = true
		l.value, l.ok = decode(raw)
	}
	return l.value, l.ok
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
func (d *document) decodeText(text string) (any, bool) {
	if value, known := d.parsed[text]; known {
		return value, value != nil
	}
	value, ok := decode([]byte(text))
	if d.parsed == nil {
		d.parsed = map[string]any{}
	}
	d.parsed[text] = value
	return value, ok && value != nil
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
		result, _ := d.result.of(d.Result)
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
	var found []any
	switch s.From {
	case Arguments:
		if value, ok := d.arguments.of(d.Arguments); ok {
			found = d.in(s, value, len(d.Arguments))
		}
	case Result:
		if value, ok := d.result.of(d.Result); ok {
			found = d.in(s, value, len(d.Result))
		}
	case Text, Error:
		for _, text := range d.textsOf(s.From) {
			if s.Path == nil {
				found = append(found, text)
			} else if value, ok := d.decodeText(text); ok {
				found = append(found, d.in(s, value, len(text))...)
			}
		}
	}
	if s.Regex != nil {
		found = d.matches(s, found)
	}
	return found[:min(len(found), maxValues)]
}

// in returns what a source's path finds in a value of the given size.
func (d *document) in(s *Source, value any, size int) []any {
	if d.work += s.pathCost * size; d.exhausted() {
		return nil
	}
	nodes := s.Path.Select(value)
	return nodes[:min(len(nodes), maxValues)]
}

// matches returns what the source's regular expression finds in the texts among the values: its group "value", else its
// first group, else all of the match.
func (d *document) matches(s *Source, values []any) []any {
	group := max(s.Regex.SubexpIndex("value"), min(s.Regex.NumSubexp(), 1))
	var found []any
	for _, v := range values {
		text, ok := v.(string)
		if !ok || d.exhausted() {
			continue
		}
		text = text[:min(len(text), maxText)]
		all := s.Regex.FindAllStringSubmatchIndex(text, 1)
		if d.work += s.regexCost * len(text); len(all) > 0 && !d.exhausted() {
			all = s.Regex.FindAllStringSubmatchIndex(text, maxValues-len(found))
		}
		d.work += s.regexCost * len(text) * len(all) // each match may have to look at all that follows it
		for _, m := range all {
			if from, to := m[2*group], m[2*group+1]; from >= 0 {
				found = append(found, text[from:to])
			}
		}
		if len(found) >= maxValues {
			break
		}
	}
	return found
}
