package replay

import (
	"cmp"
	"slices"
	"strings"
)

// carried is what the recorded server made up and the client sent back, with what the fresh server has made up instead.
type carried struct {
	plan   *Plan
	values map[string]string // texts that look made up
	opaque map[member]string // values of members that the protocol calls opaque, whatever they look like
	names  map[string]string // of input requests (2026-07-28)
	tokens map[string]string // of the server's requests for progress, as JSON
	order  []string          // the keys of values, the longest first
}

// member is a member with its value.
type member struct{ name, text string }

func newCarried(p *Plan) *carried {
	return &carried{p, map[string]string{}, map[member]string{}, map[string]string{}, map[string]string{}, nil}
}

// isOpaque reports whether the protocol makes a member's value the server's own affair: a client sends it back as it is.
func isOpaque(name string) bool {
	switch name {
	case "nextCursor", "cursor", "requestState", "taskId", "elicitationId":
		return true
	}
	return false
}

// opaque returns an opaque member as it is known: a client sends the next cursor back as the cursor.
func opaque(name, text string) member {
	if name == "nextCursor" {
		name = "cursor"
	}
	return member{name, text}
}

// leastMade is how long a text must be to count as made up if it has digits, and if it has none.
const leastMade, leastLetters = 6, 16

// looksMade reports whether a text may be an identifier, a token or a cursor: an ordinary word is what the client chose itself.
func looksMade(text string) bool {
	if strings.ContainsAny(text, " \t\r\n") || len(text) < leastMade || isNumber(text) {
		return false
	}
	return strings.ContainsAny(text, "0123456789") || len(text) >= leastLetters
}

// isNumber reports whether a text is a number, with whatever separators, that is too small for an id which was made from a clock or at
// random: a digit of it is what a test is for.
func isNumber(text string) bool {
	const leastRandom = 10
	digits := strings.NewReplacer(".", "", ",", "").Replace(strings.TrimLeft(text, "+-"))
	return len(digits) < leastRandom && strings.Trim(digits, "0123456789") == ""
}

// learn compares a recorded message of the server's with the fresh one in its place.
func (c *carried) learn(recorded, fresh *message) {
	if token := recorded.progressToken(); token != "" && recorded.kind == request {
		if other := fresh.body.member("params", "_meta", "progressToken"); other != nil {
			c.tokens[token] = other.json()
		}
	}
	_, r := recorded.content()
	_, f := fresh.content()
	c.pair("", r, f, recorded.line, f)
}

// pair walks two values side by side.
func (c *carried) pair(name string, r, f *value, line int, whole *value) {
	if r == nil || f == nil || r.kind != f.kind {
		return
	}
	switch r.kind {
	case '{':
		if name == "inputRequests" {
			c.inputs(r, f)
		}
		for i, item := range r.items {
			other := f.member(r.names[i])
			if name == "inputRequests" {
				other = f.member(cmp.Or(c.names[r.names[i]], r.names[i]))
			}
			c.pair(r.names[i], item, other, line, whole)
		}
	case '[':
		for _, p := range align(name, r.items, f.items) {
			if p.recorded >= 0 && p.fresh >= 0 {
				c.pair(name, r.items[p.recorded], f.items[p.fresh], line, whole)
			}
		}
	case '"':
		c.text(name, r, f, line, whole)
	}
}

// inputs pairs the requests of a result that asks for input: the server chooses their names.
func (c *carried) inputs(r, f *value) {
	taken := map[int]bool{}
	for i, name := range r.names {
		if f.member(name) != nil {
			continue
		}
		for j, other := range f.names {
			if !taken[j] && r.member(other) == nil && r.items[i].member("method").str() == f.items[j].member("method").str() {
				taken[j], c.names[name] = true, other
				break
			}
		}
	}
}

// text learns from two texts at the same place.
func (c *carried) text(name string, r, f *value, line int, whole *value) {
	switch {
	case r.text == f.text:
		return
	case r.parsed != nil && f.parsed != nil:
		c.pair(name, r.parsed, f.parsed, line, whole)
		return
	case isOpaque(name):
		c.opaque[opaque(name, r.text)] = f.text
	}
	c.add(r.text, f.text, line, whole)
	for _, isWord := range []func(rune) bool{isPrinted, isNameCharacter} {
		was, is := split(r.text, isWord), split(f.text, isWord)
		if len(was) != len(is) {
			continue
		}
		for i := range was {
			c.add(was[i], is[i], line, whole)
		}
	}
}

// isPrinted and isNameCharacter are what the words of a text are made of: once as much as possible, once as little.
func isPrinted(r rune) bool { return !strings.ContainsRune(" \t\r\n\"'`<>()[]{},;", r) }

func isNameCharacter(r rune) bool {
	return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func split(text string, isWord func(rune) bool) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !isWord(r) })
}

// add notes a value of the recorded server's that the client says later, and has not said before: else it is the client's own.
// One that the fresh server has said as well, elsewhere in its message, stays what it is.
func (c *carried) add(was, is string, line int, whole *value) {
	if was == is || is == "" || !looksMade(was) {
		return
	}
	for _, s := range c.plan.said {
		if strings.Contains(s.text, was) {
			if s.line > line && !has(whole, was) {
				if _, known := c.values[was]; !known {
					c.order = append(c.order, was)
					slices.SortStableFunc(c.order, func(a, b string) int { return len(b) - len(a) })
				}
				c.values[was] = is
			}
			return
		}
	}
}

// has reports whether a text is in a value.
func has(v *value, text string) bool {
	if v == nil {
		return false
	}
	if v.kind == '"' {
		return strings.Contains(v.text, text)
	}
	return slices.ContainsFunc(v.items, func(item *value) bool { return has(item, text) })
}

// replace returns a text of the client's as it is said to the fresh server.
func (c *carried) replace(name, text string) string {
	if is, ok := c.opaque[opaque(name, text)]; ok && isOpaque(name) {
		return is
	}
	return replaceWords(text, c.order, func(key string) string { return c.values[key] })
}

// replaceWords replaces keys where they stand as whole words.
func replaceWords(text string, keys []string, by func(key string) string) string {
	if !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(text, key) }) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		n := slices.IndexFunc(keys, func(key string) bool {
			return strings.HasPrefix(text[i:], key) && isEdge(text, i) && isEdge(text, i+len(key))
		})
		if n < 0 {
			out.WriteByte(text[i])
			i++
			continue
		}
		out.WriteString(by(keys[n]))
		i += len(keys[n])
	}
	return out.String()
}

// isEdge reports whether a word may begin or end at a place of a text.
func isEdge(text string, at int) bool {
	return at == 0 || at == len(text) || !isNameCharacter(rune(text[at-1])) || !isNameCharacter(rune(text[at]))
}

// texts returns the texts of a client's message.
func texts(m *message) (all []said) {
	var walk func(v *value)
	walk = func(v *value) {
		if v == nil {
			return
		}
		if v.kind == '"' {
			all = append(all, said{m.line, v.text})
		}
		for _, item := range v.items {
			walk(item)
		}
	}
	if m.body != nil {
		_, v := m.content()
		walk(v)
	}
	return all
}
