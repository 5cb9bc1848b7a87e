package replay

import (
	"strconv"
	"strings"

	"github.com/theory/jsonpath/spec"
)

// Change is how two things differ.
type Change string

// The changes.
const (
	Changed Change = "changed" // it is there on both sides
	Added   Change = "added"   // only the fresh server has it
	Removed Change = "removed" // only the recorded one has it
)

// Difference is one difference.
type Difference struct {
	Part     string // of the operation: result, error, answer, id, params, message, the method of a notification with its number, line, end, exit
	Path     string // in it, such as content[0].text; empty for the whole
	Change   Change
	Recorded string // as JSON, with what is normalised replaced; empty if it was added
	Replayed string // likewise; empty if it was removed
	Note     string // what else there is to say, such as why there is no answer; may be empty
}

// comparer compares two values, and collects what differs.
type comparer struct {
	*normaliser
	where            scope
	part             string
	names            map[string]string // of input requests, recorded to fresh
	ignoredWas       map[string]bool
	ignoredIs        map[string]bool
	unorderedWas     map[string]bool
	found            []Difference
	readsDefinitions bool // of a list
}

// place is where two values stand.
type place struct {
	shown   string // for people
	was, is spec.NormalizedPath
	name    string // of the member that it is, or that the array is in which it is
}

func (p place) member(name, isName string) place {
	shown := p.shown + "." + name
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$/") != "" || name == "" {
		shown = p.shown + "[" + quoted(name) + "]"
	}
	return place{strings.TrimPrefix(shown, "."), with(p.was, spec.Name(name)), with(p.is, spec.Name(isName)), name}
}

// element returns the place of an element. One without a partner has the same index on both sides.
func (p place) element(at aligned, label string) place {
	was, is := at.recorded, at.fresh
	if was < 0 {
		was = is
	}
	if is < 0 {
		is = was
	}
	if label == "" {
		label = strconv.Itoa(was)
	}
	return place{p.shown + "[" + label + "]", with(p.was, spec.Index(was)), with(p.is, spec.Index(is)), ""}
}

func with(path spec.NormalizedPath, next spec.NormalSelector) spec.NormalizedPath {
	return append(path[:len(path):len(path)], next)
}

// newComparer returns a comparer for two messages of one kind.
func newComparer(n *normaliser, where scope, part string, names map[string]string, r, f *value) *comparer {
	return &comparer{
		normaliser: n, where: where, part: part, names: names,
		ignoredWas: located(n.rules.Ignore, where, r), ignoredIs: located(n.rules.Ignore, where, f),
		unorderedWas:     located(n.rules.Unordered, where, r),
		readsDefinitions: strings.HasSuffix(where.method, "/list"),
	}
}

// add adds a difference, unless a rule ignores its place.
func (c *comparer) add(at place, change Change, recorded, replayed, note string) {
	if !c.isIgnored(at) {
		c.found = append(c.found, Difference{c.part, at.shown, change, recorded, replayed, note})
	}
}

func (c *comparer) isIgnored(at place) bool {
	return c.ignoredWas != nil && c.ignoredWas[at.was.String()] || c.ignoredIs != nil && c.ignoredIs[at.is.String()]
}

// values compares two values. One of them may be nil, as there is none.
func (c *comparer) values(r, f *value, at place) {
	switch {
	case r == nil && f == nil || c.isIgnored(at):
	case r == nil:
		c.add(at, Added, "", c.shownValue(f, &c.is), "")
	case f == nil:
		c.add(at, Removed, c.shownValue(r, &c.was), "", "")
	case r.kind != f.kind:
		c.add(at, Changed, c.shownValue(r, &c.was), c.shownValue(f, &c.is), "")
	case r.kind == '{':
		c.objects(r, f, at)
	case r.kind == '[':
		c.arrays(r, f, at)
	case r.kind == '"' && r.parsed != nil && f.parsed != nil:
		c.values(r.parsed, f.parsed, at)
	case r.kind == '"':
		c.texts(r.text, f.text, at)
	case r.kind == '0' && c.number(r.text, &c.was) == c.number(f.text, &c.is):
	case r.text != f.text:
		c.add(at, Changed, r.text, f.text, "")
	}
}

// objects compares two objects member by member.
func (c *comparer) objects(r, f *value, at place) {
	isName := func(name string) string { return name }
	if at.name == "inputRequests" { // the server chooses the names of the requests
		isName = func(name string) string {
			if other, ok := c.names[name]; ok {
				return other
			}
			return name
		}
	}
	seen := map[string]bool{}
	for _, name := range r.names {
		if !seen[isName(name)] {
			seen[isName(name)] = true
			c.values(r.member(name), f.member(isName(name)), at.member(name, isName(name)))
		}
	}
	for _, name := range f.names {
		if !seen[name] {
			seen[name] = true
			c.values(nil, f.member(name), at.member(name, name))
		}
	}
}

// arrays compares two arrays: the definitions of a list by their names, and all others by place or, where a rule says so, as sets.
func (c *comparer) arrays(r, f *value, at place) {
	var pairs []aligned
	switch {
	case c.unorderedWas[at.was.String()]:
		pairs = c.asSets(r.items, f.items)
	case c.readsDefinitions:
		pairs = align(at.name, r.items, f.items)
	default:
		pairs = byPlace(r.items, f.items, func(a, b *value) bool {
			return c.signature(a, &c.was, c.where) == c.signature(b, &c.is, c.where)
		})
	}
	for _, p := range pairs {
		var was, is *value
		if p.recorded >= 0 {
			was = r.items[p.recorded]
		}
		if p.fresh >= 0 {
			is = f.items[p.fresh]
		}
		label := ""
		if key := definitionKey(at.name); c.readsDefinitions && key != "" {
			if label = was.member(key).str(); label == "" {
				label = is.member(key).str()
			}
		}
		c.values(was, is, at.element(p, label))
	}
}

// asSets pairs elements that are alike, and the others in their order.
func (c *comparer) asSets(recorded, fresh []*value) []aligned {
	return c.pairAlike(recorded, fresh, c.where)
}

// texts compares two texts.
func (c *comparer) texts(r, f string, at place) {
	was, wasFound := c.text(r, &c.was, c.where)
	is, isFound := c.text(f, &c.is, c.where)
	isOpaque := isOpaque(at.name) && c.rules.normalises("opaque")
	if isOpaque {
		was, wasFound = "", []identity{{at.name, r}}
		is, isFound = "", []identity{{at.name, f}}
	}
	note := ""
	if was == is {
		if c.bind(wasFound, isFound) {
			return
		}
		note = "what was the same before is another now, or the other way round"
		if isOpaque {
			c.add(at, Changed, quoted(r), quoted(f), note)
			return
		}
	} else if c.keptAlike(r, f) {
		return
	}
	c.bindAlike(wasFound, isFound)
	c.add(at, Changed, quoted(c.shown(r, &c.was, c.where)), quoted(c.shown(f, &c.is, c.where)), note)
}

// keptAlike reports whether two texts are the same if the times that stand in both are data.
func (c *comparer) keptAlike(r, f string) bool {
	if !c.rules.normalises("times") {
		return false
	}
	r, f = keep(r, f)
	was, wasFound := c.text(r, &c.was, c.where)
	is, isFound := c.text(f, &c.is, c.where)
	return was == is && c.bind(wasFound, isFound)
}

// shownValue returns a value as JSON, with what is normalised replaced.
func (c *comparer) shownValue(v *value, on *side) string {
	var out strings.Builder
	v.write(&out, func(v *value) string {
		if v.kind != '"' {
			return v.text
		}
		text, _ := c.text(v.text, on, c.where)
		return quoted(text)
	})
	return out.String()
}
