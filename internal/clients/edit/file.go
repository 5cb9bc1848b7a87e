package edit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxSize is the largest file that is parsed. Clients that keep their history beside their servers have files of some MiB.
const maxSize = 8 << 20

// mark is UTF-8's byte order mark, which some editors on Windows write.
const mark = "\ufeff"

// File is a parsed file. It does not change: each edit returns another.
type File struct {
	format Format
	mark   bool
	body   []byte // the text after the byte order mark
	root   *Node
	base   Path // leads to root in the file that this one is a part of, see Edit
}

// format is what File needs to know of a format. All texts are UTF-8 without a byte order mark and without NUL; root is
// what parse made of text, with the byte ranges of its nodes. That the paths lead somewhere was checked, and the results are
// parsed and compared again.
type format interface {
	parse(text []byte) (*Node, error)
	// set replaces the value at p, or adds a member to the map that p[:len(p)-1] leads to.
	set(text []byte, root *Node, p Path, value *Node) ([]byte, error)
	prepend(text []byte, root *Node, p Path, items []string) ([]byte, error)
	// drop removes the first n items, of which there are as many.
	drop(text []byte, root *Node, p Path, n int) ([]byte, error)
	// remove removes a member of a map.
	remove(text []byte, root *Node, p Path) ([]byte, error)
}

// as returns what knows a format, or nil.
func as(f Format) format {
	switch f {
	case JSON:
		return jsonFormat{}
	case YAML:
		return yamlFormat{}
	case TOML:
		return tomlFormat{}
	default:
		return nil
	}
}

// Parse parses a file. What it refuses is a *SyntaxError.
func Parse(format Format, text []byte) (*File, error) {
	f := &File{format: format}
	known := as(format)
	if known == nil {
		return nil, &SyntaxError{Text: fmt.Sprintf("the format %q is not known", format)}
	}
	if len(text) > maxSize {
		return nil, &SyntaxError{Text: fmt.Sprintf("the file is larger than %d MiB", maxSize>>20)}
	}
	f.body, f.mark = bytes.CutPrefix(text, []byte(mark))
	if err := checkText(f.body); err != nil {
		return nil, err
	}
	var err error
	if f.root, err = known.parse(f.body); err != nil {
		return nil, err
	}
	return f, nil
}

// checkText refuses what is not UTF-8, and NUL, which no format allows and which clients read in different ways.
func checkText(text []byte) error {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return &SyntaxError{Text: "the file is UTF-16, and only UTF-8 can be edited"}
	}
	for i := 0; i < len(text); {
		if text[i] == 0 {
			return syntaxError(text, i, "a NUL character stands in the file")
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return syntaxError(text, i, "the file is not valid UTF-8 here")
		}
		i += size
	}
	return nil
}

// Text returns the text, with all edits so far. It must not be modified.
func (f *File) Text() []byte {
	if f.mark {
		return append([]byte(mark), f.body...)
	}
	return f.body
}

// Root returns the value of the file, usually a Map. It must not be modified.
func (f *File) Root() *Node { return f.root }

// Get returns the value that p leads to, or nil.
func (f *File) Get(p Path) *Node { return f.root.get(f.below(p)) }

// below returns the rest of a path that leads through the base.
func (f *File) below(p Path) Path { return p[len(f.base):] }

// Edit makes several edits below the value that p leads to, and proves the file that they make once. Do edits what it gets, by
// the paths of the whole file: in JSON, whose values mean the same wherever they stand, a file of that value alone, so that an
// edit takes the time of the value and not that of a history beside it.
func (f *File) Edit(p Path, do func(*File) (*File, error)) (*File, error) {
	node := f.Get(p)
	if f.format != JSON || node == nil {
		return do(f)
	}
	part, err := Parse(f.format, f.body[node.start:node.end])
	if err != nil {
		return nil, err
	}
	part.base = p
	edited, err := do(part)
	if err != nil {
		return nil, err
	}
	text := splice(f.body, change{span{node.start, node.end}, string(edited.body)})
	return f.proven(text, nil, f.root.with(f.below(p), func(*Node) *Node { return edited.root }))
}

// Set replaces a value, or adds it as the last member of an existing map, in the style of its neighbors.
func (f *File) Set(p Path, value *Node) (*File, error) {
	if len(f.below(p)) == 0 {
		return nil, errors.New("the file as a whole cannot be set")
	}
	if err := value.writable(); err != nil {
		return nil, err
	}
	if above := f.Get(p[:len(p)-1]); f.Get(p) == nil && (above == nil || above.Kind != Map) {
		return nil, fmt.Errorf("%s cannot be set: there is no map to put it in", p)
	}
	text, err := as(f.format).set(f.body, f.root, f.below(p), value)
	return f.proven(text, err, f.root.with(f.below(p), func(*Node) *Node { return value }))
}

// Prepend puts strings in front of the items of a list.
func (f *File) Prepend(p Path, items ...string) (*File, error) {
	list := f.Get(p)
	if list == nil || list.Kind != List {
		return nil, fmt.Errorf("%s is not a list", p)
	}
	added := Strings(items...)
	if err := added.writable(); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return f, nil
	}
	text, err := as(f.format).prepend(f.body, f.root, f.below(p), items)
	return f.proven(text, err, f.root.with(f.below(p), func(old *Node) *Node {
		return &Node{Kind: List, Items: slices.Concat(added.Items, old.Items)}
	}))
}

// Drop removes the first n items of a list. It is the exact inverse of Prepend.
func (f *File) Drop(p Path, n int) (*File, error) {
	list := f.Get(p)
	if list == nil || list.Kind != List || n < 0 || n > len(list.Items) {
		return nil, fmt.Errorf("%s is not a list of %d items or more", p, n)
	}
	if n == 0 {
		return f, nil
	}
	text, err := as(f.format).drop(f.body, f.root, f.below(p), n)
	return f.proven(text, err, f.root.with(f.below(p), func(old *Node) *Node {
		return &Node{Kind: List, Items: old.Items[n:]}
	}))
}

// Delete removes a member of a map, with its separator and its line. It is the exact inverse of Set for one that was added.
func (f *File) Delete(p Path) (*File, error) {
	if len(f.below(p)) == 0 || f.Get(p) == nil || f.Get(p[:len(p)-1]).Kind != Map {
		return nil, fmt.Errorf("there is no %s that could be removed", p)
	}
	text, err := as(f.format).remove(f.body, f.root, f.below(p))
	return f.proven(text, err, f.root.with(f.below(p), func(*Node) *Node { return nil }))
}

// proven returns the file that an edit made, if its tree is the one that was wanted.
func (f *File) proven(text []byte, err error, want *Node) (*File, error) {
	if err != nil {
		return nil, err
	}
	if f.mark {
		text = append([]byte(mark), text...)
	}
	edited, err := Parse(f.format, text)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be edited safely: the result would not be valid: %w", err)
	}
	if !edited.root.equal(want) {
		return nil, errors.New("the file cannot be edited safely: more than the value would change")
	}
	edited.base = f.base
	return edited, nil
}

// String returns a path for people, such as mcpServers.github.env.
func (p Path) String() string { return strings.Join(p, ".") }

// syntaxError returns an error at an offset of a text.
func syntaxError(text []byte, offset int, message string) *SyntaxError {
	return newLines(text).refuse(offset, message)
}
