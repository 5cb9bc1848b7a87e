package framing

import (
	"strings"
	"unicode/utf8"
)

// Want is a set of what to take of a picked value, besides its type and size.
type Want uint8

// What can be taken.
const (
	Text   Want = 1 << iota // the decoded text of a string; a number, true, false or null as written
	Raw                     // the value's bytes as they came
	Hash                    // a keyed hash of the value's bytes as they came
	Tokens                  // how many tokens the value is for a model, see package estimate; of a string, its text
)

// Each in a Path's Keys stands for every element of an array. It never matches an object's key, however that is
// spelled.
const Each = "\x00each"

// Path names one value to pick out of a message: the keys that lead to it from the message's top level. Keys are
// compared decoded and exactly, including their case. The members "id", "method" and "jsonrpc" of the top level are
// always picked, as is the presence of "result" and "error"; they need no path.
//
//	Path{Keys: []string{"params", "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"result", "tools", Each, "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"params", "arguments"}, Want: Hash}
type Path struct {
	Keys []string
	Want Want
	Max  int // bytes kept of Text or Raw
}

// Table is a set of compiled paths: a tree with a node for each place that a path leads to or through. It is
// immutable and may be shared by scanners.
type Table struct {
	root  node // a message
	batch node // an array of messages
	nodes int  // number of nodes in the tree below and including root
	depth int  // most values that can be open at once, a batch and the innermost value included
	key   node // any key: wants as much text as the longest in the tree has
}

// node is one place in the tree of paths. The nodes are numbered in preorder, so that those below a node n, and n
// itself, have the ids from n.id up to but not including n.end.
type node struct {
	id, end int
	keys    map[string]*node // the members, if this is an object
	each    *node            // the elements, if this is an array
	picks   []pick
	member  member

	// The sum of what the picks, and the member, want.
	text     int  // bytes of text
	keep     int  // bytes as they came, or of which the text is made
	reserve  int  // bytes that the values here may take in a message's arena
	hash     bool // a hash
	tokens   bool // an estimate of its tokens
	repeated bool // the place is below an Each, so that a message can have many values of it
}

// pick is what one path wants.
type pick struct {
	field int
	want  Want
	max   int
}

// member is one of the top-level members that make a message JSON-RPC (JSON-RPC 2.0, sections 4 and 5).
type member uint8

const (
	otherMember member = iota
	idMember
	methodMember
	versionMember
	resultMember
	errorMember
	members // their number
)

// Compile builds the table of the paths. A path's position among them is the Field of its values. One path may lead
// through, or to, the value of another.
//
// It panics on what can only be a programming error: a path that is empty or begins with Each, Text and Raw in one
// path, Tokens of a value within another whose tokens are wanted, and a key that is not valid UTF-8 or has U+FFFD. The
// scanner decodes damaged keys to U+FFFD, so such a key would match all kinds of damage.
func Compile(paths ...Path) *Table {
	t := &Table{}
	t.root.keys = map[string]*node{
		"id":      {member: idMember, hash: true},
		"method":  {member: methodMember},
		"jsonrpc": {member: versionMember},
		"result":  {member: resultMember},
		"error":   {member: errorMember},
	}
	t.root.keys["id"].wantText(maxHashedID)
	t.root.keys["method"].wantText(MaxMethodText)
	t.root.keys["jsonrpc"].wantText(MaxVersionText)
	for field, p := range paths {
		t.add(field, p)
	}
	t.batch.each = &t.root
	t.number(&t.root, 2) // 1 is the array of a batch
	t.root.checkTokens(false)
	t.depth++ // members and elements that no path wants are below the deepest node
	return t
}

func (t *Table) add(field int, p Path) {
	switch {
	case len(p.Keys) == 0 || p.Keys[0] == Each:
		panic("framing: a path is empty or begins with Each")
	case p.Want&(Text|Raw) == Text|Raw:
		panic("framing: a path wants both Text and Raw")
	}
	n := &t.root
	for _, key := range p.Keys {
		if !utf8.ValidString(key) || strings.ContainsRune(key, utf8.RuneError) {
			panic("framing: a path's key is not valid UTF-8 or has U+FFFD")
		}
		n = n.child(key)
	}
	n.add(pick{field: field, want: p.Want, max: max(p.Max, 0)})
}

// child returns the node below n that the key leads to, and creates it if there is none.
func (n *node) child(key string) *node {
	if key == Each {
		if n.each == nil {
			n.each = &node{repeated: true}
		}
		return n.each
	}
	if n.keys == nil {
		n.keys = map[string]*node{}
	}
	if n.keys[key] == nil {
		n.keys[key] = &node{repeated: n.repeated}
	}
	return n.keys[key]
}

func (n *node) add(p pick) {
	n.picks = append(n.picks, p)
	if p.want&Text != 0 {
		n.wantText(max(p.max, 1)) // Truncated needs at least one byte
		n.reserve += p.max
	}
	if p.want&Raw != 0 {
		n.keep = max(n.keep, p.max)
		n.reserve += p.max
	}
	n.hash = n.hash || p.want&Hash != 0
	n.tokens = n.tokens || p.want&Tokens != 0
}

func (n *node) wantText(limit int) {
	n.text = max(n.text, limit)
	n.keep = max(n.keep, rawLimit(n.text))
}

// number assigns the ids of n and the nodes below it, at the given depth. It recurses as deep as the longest path.
func (t *Table) number(n *node, depth int) {
	n.id = t.nodes
	t.nodes++
	t.depth = max(t.depth, depth)
	for key, child := range n.keys {
		t.key.wantText(len(key))
		t.number(child, depth+1)
	}
	if n.each != nil {
		t.number(n.each, depth+1)
	}
	n.end = t.nodes
}

// checkTokens panics if bytes would be counted twice.
func (n *node) checkTokens(counted bool) {
	if counted && n.tokens {
		panic("framing: a path wants the tokens of a value within another whose tokens are wanted")
	}
	counted = counted || n.tokens
	for _, child := range n.keys {
		child.checkTokens(counted)
	}
	if n.each != nil {
		n.each.checkTokens(counted)
	}
}

// walks reports whether the members or elements of a container at n must be looked at one by one. All others are
// skipped as a whole. n may be nil.
func (n *node) walks(typ ValueType) bool {
	return n != nil && (typ == Array && n.each != nil || typ == Object && len(n.keys) > 0)
}
