package redact

import (
	"errors"
	"strings"
)

// Keys is an allow-list of members: query, filter.name. It is immutable.
type Keys struct{ root keyNode }

// keyNode is a tree of names; one without children allows whatever is under it.
type keyNode map[string]keyNode

// NewKeys makes an allow-list of paths such as "query" or "filter.name". A path goes through arrays: items.id allows the
// id of every element. A prefix allows everything under it. Names are compared exactly, decoded.
func NewKeys(paths ...string) (*Keys, error) {
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
				break // all of it is allowed already
			}
			if !known || i == len(names)-1 {
				child = keyNode{}
				node[name] = child
			}
			node = child
		}
	}
	if len(root) == 0 {
		return nil, errors.New("the allow-list of keys is empty")
	}
	return &Keys{root: root}, nil
}

// Only returns the members of the JSON object raw that keys allow, redacted as JSON does it. Everything else is left out,
// names included; so is a value that is not complete because raw was cut off when it was captured. The result is valid
// JSON unless it had to be cut to max bytes, and "" if nothing is allowed.
func (r *Redactor) Only(raw []byte, keys *Keys, max int) string {
	p := picker{s: string(raw)}
	if keys == nil || !p.pick(p.space(0), keys.root, 0) {
		return ""
	}
	return r.JSON(p.out, false, max)
}

// maxArrays bounds the recursion of a picker beyond the depth of its paths.
const maxArrays = 32

// picker copies what is allowed of a JSON text.
type picker struct {
	s   string
	out []byte
}

func (p *picker) space(i int) int {
	for i < len(p.s) && isSpace(p.s[i]) {
		i++
	}
	return i
}

// pick writes what node allows of the value that begins at i and tells whether that is anything.
func (p *picker) pick(i int, node keyNode, arrays int) bool {
	switch {
	case i >= len(p.s) || arrays > maxArrays:
		return false
	case p.s[i] == '{':
		return p.members(i+1, node, arrays)
	case p.s[i] == '[':
		return p.elements(i+1, node, arrays)
	}
	return false
}

func (p *picker) members(i int, node keyNode, arrays int) bool {
	wrote := false
	for i = p.space(i); i < len(p.s) && p.s[i] == '"'; i = p.space(i) {
		end := stringEnd(p.s, i+1)
		name := p.s[i:min(end+1, len(p.s))]
		value := p.space(end + 1)
		if value >= len(p.s) || p.s[value] != ':' {
			break
		}
		value = p.space(value + 1)
		next, whole := p.skip(value)
		if child, ok := node[string(unescape(p.s[i+1:end]).text)]; ok && (whole || len(child) > 0) {
			wrote = p.item(wrote, '{', name, value, next, child, arrays) || wrote
		}
		i = p.space(next)
		if !whole || i >= len(p.s) || p.s[i] != ',' {
			break
		}
		i++
	}
	if wrote {
		p.out = append(p.out, '}')
	}
	return wrote
}

func (p *picker) elements(i int, node keyNode, arrays int) bool {
	wrote := false
	for i = p.space(i); i < len(p.s) && p.s[i] != ']'; i = p.space(i) {
		next, whole := p.skip(i)
		wrote = p.item(wrote, '[', "", i, next, node, arrays+1) || wrote
		i = p.space(next)
		if !whole || i >= len(p.s) || p.s[i] != ',' {
			break
		}
		i++
	}
	if wrote {
		p.out = append(p.out, ']')
	}
	return wrote
}

// item writes one member or element, if any of it is allowed, with what has to stand before it.
func (p *picker) item(more bool, open byte, name string, value, end int, node keyNode, arrays int) bool {
	before := len(p.out)
	if more {
		open = ','
	}
	p.out = append(p.out, open)
	if name != "" {
		p.out = append(p.out, name...)
		p.out = append(p.out, ':')
	}
	if len(node) == 0 {
		p.out = append(p.out, p.s[value:end]...)
		return true
	}
	if p.pick(value, node, arrays) {
		return true
	}
	p.out = p.out[:before]
	return false
}

// skip returns the end of the value that begins at i, and whether it is complete.
func (p *picker) skip(i int) (end int, whole bool) {
	depth := 0
	for i < len(p.s) {
		switch c := p.s[i]; c {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth--; depth < 0 {
				return i, true
			}
			i++
		case '"':
			if i = stringEnd(p.s, i+1) + 1; i > len(p.s) {
				return len(p.s), false
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i, true
			}
			i++
			continue
		default:
			for i < len(p.s) && strings.IndexByte(",:]} \t\r\n", p.s[i]) < 0 {
				i++
			}
			if i == len(p.s) {
				return i, false // a number may go on
			}
		}
		if depth == 0 {
			return i, true
		}
	}
	return i, false
}

// Members redacts JSON as JSON does it, and keeps only the members that Config.Keys allows, if it has any.
func (r *Redactor) Members(raw []byte, truncated bool, max int) string {
	if r.keys == nil {
		return r.JSON(raw, truncated, max)
	}
	return r.Only(raw, r.keys, max)
}
