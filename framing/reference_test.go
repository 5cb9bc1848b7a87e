package framing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/framing"
)

// What the scanner must find in a line, according to encoding/json.

// wanted returns what the messages of a valid line must be, less their kinds.
func wanted(paths []framing.Path, line []byte) []framing.Message {
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	var elements []json.RawMessage
	switch trimmed := bytes.TrimSpace(line); trimmed[0] {
	case '{':
		return []framing.Message{wantedMessage(paths, trimmed)}
	case '[':
		must(json.Unmarshal(trimmed, &elements))
	}
	var all []framing.Message
	for _, e := range elements {
		if e[0] == '{' {
			m := wantedMessage(paths, e)
			m.Size, m.Batch = int64(len(e)), true
			all = append(all, m)
		}
	}
	return all
}

func wantedMessage(paths []framing.Path, object []byte) framing.Message {
	var m framing.Message
	for field, p := range paths {
		for _, found := range lookUp(found{raw: object}, p.Keys) {
			v := wantedValue(paths, field, found.raw)
			v.Index = found.index
			m.Values = append(m.Values, v)
		}
	}
	top := members(object)
	if raw, ok := top["id"]; ok {
		m.ID = wantedID(raw)
	}
	m.Method, m.MethodTruncated = wantedText(top["method"], framing.MaxMethodText)
	if typeOf(top["method"]) != framing.String {
		m.Method, m.MethodTruncated = nil, false
	}
	m.Version, m.VersionTruncated = wantedText(top["jsonrpc"], framing.MaxVersionText)
	return m
}

func wantedID(raw []byte) framing.ID {
	id := framing.ID{Type: framing.OtherID}
	switch typeOf(raw) {
	case framing.Null:
		return framing.ID{Type: framing.NullID}
	case framing.Number:
		id.Type = framing.NumberID
		id.Text, id.Truncated = wantedText(raw, framing.MaxIDText)
	case framing.String:
		id.Type = framing.StringID
		id.Text, id.Truncated = wantedText(raw, framing.MaxIDText)
		var all string
		must(json.Unmarshal(raw, &all))
		if len(all) <= framing.MaxHashedID {
			raw = []byte(all)
		}
	}
	id.Hash = framing.HashOf(raw) ^ uint64(id.Type)*0x9e3779b97f4a7c15
	return id
}

func wantedValue(paths []framing.Path, field int, raw []byte) framing.Value {
	p := paths[field]
	v := framing.Value{Field: field, Type: typeOf(raw), Size: int64(len(raw))}
	switch {
	case p.Want&framing.Raw != 0:
		v.Text, v.Truncated = raw[:min(len(raw), p.Max)], len(raw) > p.Max
	case p.Want&framing.Text != 0:
		v.Text, v.Truncated = wantedText(raw, p.Max)
	}
	if p.Want&framing.Hash != 0 {
		v.Hash = framing.HashOf(raw)
	}
	leadsInto := func(other framing.Path) bool {
		n := len(p.Keys)
		return len(other.Keys) > n && slices.Equal(other.Keys[:n], p.Keys) && other.Keys[n] == framing.Each
	}
	if v.Type == framing.Array && slices.ContainsFunc(paths, leadsInto) {
		v.Count = len(array(raw))
	}
	return v
}

// found is a value, and which element of the innermost array it is in.
type found struct {
	raw   []byte
	index int
}

// lookUp returns the values that the keys lead to.
func lookUp(from found, keys []string) []found {
	if len(keys) == 0 {
		return []found{from}
	}
	var all []found
	switch typ := typeOf(from.raw); {
	case typ == framing.Array && keys[0] == framing.Each:
		for i, e := range array(from.raw) {
			all = append(all, lookUp(found{e, i}, keys[1:])...)
		}
	case typ == framing.Object && keys[0] != framing.Each:
		if member, ok := members(from.raw)[keys[0]]; ok {
			all = lookUp(found{member, from.index}, keys[1:])
		}
	}
	return all
}

// wantedText returns the text of a scalar, cut to whole characters within the limit.
func wantedText(raw []byte, limit int) ([]byte, bool) {
	text := string(raw)
	switch typeOf(raw) {
	case framing.String:
		must(json.Unmarshal(raw, &text))
	case framing.Object, framing.Array:
		return nil, false
	}
	end := 0
	for _, r := range text {
		if end+utf8.RuneLen(r) > limit {
			return []byte(text[:end]), true
		}
		end += utf8.RuneLen(r)
	}
	return []byte(text), false
}

func members(raw []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	must(json.Unmarshal(raw, &m))
	return m
}

func array(raw []byte) []json.RawMessage {
	var a []json.RawMessage
	must(json.Unmarshal(raw, &a))
	return a
}

func typeOf(raw []byte) framing.ValueType {
	if len(raw) == 0 {
		return 0
	}
	switch raw[0] {
	case '"':
		return framing.String
	case '{':
		return framing.Object
	case '[':
		return framing.Array
	case 't':
		return framing.True
	case 'f':
		return framing.False
	case 'n':
		return framing.Null
	}
	return framing.Number
}

// differs describes how a scanned message differs from the wanted one. It compares the order of values field by
// field.
func differs(got, want framing.Message, fields int) string {
	members := func(m framing.Message) string {
		return show(framing.Message{ID: m.ID, Method: m.Method, MethodTruncated: m.MethodTruncated,
			Version: m.Version, VersionTruncated: m.VersionTruncated})
	}
	if g, w := members(got), members(want); g != w {
		return fmt.Sprintf("members\n\t%s, want\n\t%s", g, w)
	}
	if len(got.Values) != len(want.Values) {
		return fmt.Sprintf("%d values, want %d", len(got.Values), len(want.Values))
	}
	for f := range fields {
		g, w := show(framing.Message{Values: only(got.Values, f)}), show(framing.Message{Values: only(want.Values, f)})
		if g != w {
			return fmt.Sprintf("field %d\n\t%s, want\n\t%s", f, g, w)
		}
	}
	return ""
}

func only(values []framing.Value, field int) []framing.Value {
	var some []framing.Value
	for _, v := range values {
		if v.Field == field {
			some = append(some, v)
		}
	}
	return some
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
