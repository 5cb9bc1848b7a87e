package replay

import (
	"bytes"
	"slices"
)

// edit replaces a part of a line.
type edit struct {
	at span
	by string
}

// adapt returns a client's line as it is said to the fresh server: byte for byte the recorded one, but for what the server has
// made up, and the ids of its requests.
func (c *carried) adapt(s *step, id func(reply *message) string) []byte {
	out := s.line.Data
	var edits []edit
	for _, m := range s.messages {
		if m.kind == noise {
			return out
		}
		base := m.base
		put := func(at span, by string) { edits = append(edits, edit{span{base + at.from, base + at.to}, by}) }
		if m.kind == answer {
			if own := id(m); own != "" && own != m.rawID() {
				put(m.body.member("id").at, own)
			}
		}
		if m.method == "notifications/progress" {
			if own, ok := c.tokens[m.progressToken()]; ok {
				put(m.body.member("params", "progressToken").at, own)
			}
		}
		_, v := m.content()
		c.edits("", v, put)
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return b.at.from - a.at.from })
	for _, e := range edits {
		out = slices.Concat(out[:e.at.from], []byte(e.by), out[e.at.to:])
	}
	return bytes.Clone(out)
}

// edits walks a value of the client's.
func (c *carried) edits(name string, v *value, put func(at span, by string)) {
	if v == nil {
		return
	}
	if v.kind == '"' {
		if is := c.replace(name, v.text); is != v.text {
			put(v.at, quoted(is))
		}
	}
	for i, item := range v.items {
		inner := name
		if v.kind == '{' {
			inner = v.names[i]
			if is, ok := c.names[inner]; ok && name == "inputResponses" {
				put(v.keys[i], quoted(is))
			}
		}
		c.edits(inner, item, put)
	}
}
