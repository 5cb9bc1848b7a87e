package framing

import (
	"strings"
	"unicode/utf8"
)

// Want says what is to be taken of a picked value. Its type and size always are.
type Want uint8

// What can be taken.
const (
	Text  Want = 1 << iota // the decoded text of a string, or a number, true, false or null as written
	Raw                    // the value's bytes as they came
	Hash                   // a keyed hash of the value's bytes as they came
	Count                  // how many elements an array has
)

// Each in a Path's Keys stands for every element of an array. It never matches an object's key, whatever its spelling.
const Each = "\x00each"

// Path names one value to pick out of a message: the keys that lead to it from the message's top, decoded and exact.
// "id", "method" and "jsonrpc" at the top are always picked, as are the presence of "result" and "error", and need no path.
//
//	Path{Keys: []string{"params", "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"result", "tools", Each, "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"params", "arguments"}, Want: Hash}
type Path struct {
	Keys []string
	Want Want
	Max  int // bytes kept of Text or Raw
}

// Table is a set of compiled paths. It is immutable and may be shared by scanners.
type Table struct {
	root    node
	version *node   // the jsonrpc member
	batch   node    // an array of roots
	nodes   []*node // in preorder: the nodes below nodes[i] are nodes[i+1:nodes[i].end]
	depth   int     // containers that can be open at once while their members are looked at
	key     int     // length of the longest key
}

// node is one place in the tree of paths: the position that a sequence of keys leads to.
type node struct {
	keys    keyTable
	each    *node  // the elements, if this is an array
	picks   []pick // what the table wants of the value here
	member  member // what the value here means to JSON-RPC
	id, end int32  // its position in preorder, and that of the first node that is not below it
	spelling

	text  int  // most bytes of decoded text that anyone wants
	keep  int  // most bytes of the value as it came that anyone wants
	bytes int  // most bytes that the picks can take of the arena
	hash  bool // a hash is wanted
	count bool // the elements are to be counted
	every bool // it is below an Each, so that a message can have many values of it

	// What follows from these, and makes for short ways.
	plain   bool // all that anyone wants of the value is one text
	bare    bool // one path wants the value, and none of its bytes
	matters bool // a container here means something to more than its members
	direct  int  // a text of no more bytes, if it stands for itself, is all that can be wanted
}

// pick is one path's wish.
type pick struct {
	field int
	want  Want
	max   int
}

// member is a member of the message's top that makes it JSON-RPC.
type member uint8

const (
	otherMember member = iota
	idMember
	methodMember
	versionMember
	resultMember
	errorMember
)

// Compile builds the table of the paths; a path's position is the Field of its values. One path may lead through or to
// another's value. It panics on what only a programmer can have got wrong: more than 255 paths, an empty path or one that
// begins with Each, both Text and Raw in one, and a key that is not valid UTF-8 or has U+FFFD, which stands for damage.
func Compile(paths ...Path) *Table {
	if len(paths) > 255 {
		panic("framing: more than 255 paths")
	}
	t := &Table{}
	for key, m := range map[string]node{
		"id":      {member: idMember, text: MaxIDText, keep: MaxIDText, hash: true},
		"method":  {member: methodMember, text: MaxMethodText},
		"jsonrpc": {member: versionMember, text: MaxVersionText, keep: MaxVersionText},
		"result":  {member: resultMember},
		"error":   {member: errorMember},
	} {
		*t.root.keys.add(key) = m
	}
	for field, p := range paths {
		t.add(field, p)
	}
	t.batch.each = &t.root
	t.version = t.root.keys.add("jsonrpc")
	t.number(&t.root, 2)
	return t
}

func (t *Table) add(field int, p Path) {
	switch {
	case len(p.Keys) == 0 || p.Keys[0] == Each:
		panic("framing: a path is empty or begins with Each")
	case p.Want&(Text|Raw) == Text|Raw:
		panic("framing: a path wants both Text and Raw")
	}
	n, every := &t.root, false
	for _, key := range p.Keys {
		if key == Each {
			every = true
			if n.each == nil {
				n.each = &node{}
			}
			n = n.each
		} else {
			if !utf8.ValidString(key) || strings.ContainsRune(key, utf8.RuneError) {
				panic("framing: a path's key is not clean UTF-8")
			}
			n = n.keys.add(key)
		}
		n.every = every
	}
	n.want(pick{field: field, want: p.Want, max: max(p.Max, 0)})
}

func (n *node) want(p pick) {
	n.picks = append(n.picks, p)
	if p.want&Text != 0 {
		n.text = max(n.text, p.max, 1) // 1, so that whether there is any text is known
	}
	if p.want&(Text|Raw) != 0 {
		n.keep = max(n.keep, p.max, n.text) // the text of a number is its bytes
		n.bytes += p.max
	}
	n.hash = n.hash || p.want&Hash != 0
	n.count = n.count || p.want&Count != 0
}

// number gives n and all nodes below it their numbers, and makes their keys quick to find. It recurses, but only as
// deep as the longest path.
func (t *Table) number(n *node, depth int) {
	n.id = int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	t.depth = max(t.depth, depth)
	for _, key := range n.keys.names() {
		t.key = max(t.key, len(key))
		child := n.keys.add(key)
		child.spell(n, key)
		t.number(child, depth+1)
	}
	if n.each != nil {
		t.number(n.each, depth+1)
	}
	n.end = int32(len(t.nodes))
	n.shorten()
	if len(n.keys.named) > 0 {
		n.keys.build()
	}
}

// shorten finds out which short ways are open to n.
func (n *node) shorten() {
	n.matters = len(n.picks) > 0 || n.member != otherMember
	if n.member == otherMember && len(n.picks) == 1 {
		p := n.picks[0]
		n.plain = p.want == Text && p.max > 0
		n.bare = p.want&^Hash == 0 && !n.every
	}
	n.direct = -1
	if n.plain || n.text > 0 && len(n.picks) == 0 {
		n.direct = n.text
	}
}

// walks says whether a container at n is to be gone through member by member, rather than skipped as a whole.
func (n *node) walks(array bool) bool {
	if array {
		return n.each != nil || n.count
	}
	return len(n.keys.slots) > 0
}
