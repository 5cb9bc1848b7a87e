package edit

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlPlace is where a value stands.
type yamlPlace struct {
	span              // with its properties; of a value that is left out, the empty range behind its indicator
	after  int        // behind the ":", "-" or bracket in front of it
	flow   bool       // between brackets
	refuse string     // why it cannot be edited; empty if it can
	indent int        // of a block collection, in columns
	keys   []*yamlKey // of a map
	dashes []int      // of a block list
	block  bool       // begins with "|" or ">", and ends with a line break that is part of it
}

// yamlKey is where a key stands.
type yamlKey struct {
	span        // from a "?" in front of it
	colon  int  // behind the colon; 0 if there is none
	refuse bool // has an anchor or a tag, or is an alias
}

// yamlDoc is a parsed file.
type yamlDoc struct {
	*lines
	root   *Node
	places map[*Node]*yamlPlace
}

// parseYAML parses a file. The decoder has the positions of what is written; all that is between is found again.
func parseYAML(text []byte) (*yamlDoc, error) {
	d := &yamlDoc{lines: newLines(text), places: map[*Node]*yamlPlace{}}
	if err := d.checkBreaks(); err != nil {
		return nil, err
	}
	document, err := d.decode()
	if err != nil {
		return nil, err
	}
	if document == nil {
		d.root = d.node(Map, &yamlPlace{})
		return d, nil
	}
	d.root, err = d.value(document, 0, -1)
	return d, err
}

// checkBreaks refuses characters at which some programs break lines and others do not.
func (d *yamlDoc) checkBreaks() error {
	for i, r := range string(d.text) {
		switch {
		case r == '\r' && !bytes.HasPrefix(d.text[i:], []byte("\r\n")):
			return d.refuse(i, "a carriage return stands alone, which programs read in different ways")
		case r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			return d.refuse(i, "programs read the character here in different ways: write it as an escape, between double quotes")
		}
	}
	return nil
}

// yamlVersion is a directive that the decoder refuses, though it reads what it announces.
var yamlVersion = regexp.MustCompile(`\A((?:\s*#.*\n|\s*\n)*%YAML 1\.)2`)

// decode returns the root of the file's one document, or nil if it has none.
func (d *yamlDoc) decode() (*yaml.Node, error) {
	var first, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(yamlVersion.ReplaceAll(d.text, []byte("${1}1"))))
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			return nil, &SyntaxError{Line: max(second.Line, 1), Column: 1, Text: "a second document begins here, and only files with one are edited"}
		}
	}
	if !errors.Is(err, io.EOF) {
		if e, ok := errors.AsType[*yaml.LoadError](err); ok {
			return nil, (&SyntaxError{Line: max(e.Mark.Line, 1), Column: max(e.Mark.Column, 1), Text: e.Message}).broken()
		}
		return nil, (&SyntaxError{Text: err.Error()}).broken()
	}
	if len(first.Content) == 0 {
		return nil, nil
	}
	return first.Content[0], nil
}

// node adds a value.
func (d *yamlDoc) node(kind Kind, place *yamlPlace) *Node {
	n := &Node{Kind: kind, start: place.start, end: place.end}
	n.Line, n.Column = d.position(place.start)
	d.places[n] = place
	return n
}

// offset returns where a node begins.
func (d *yamlDoc) offset(n *yaml.Node) (int, error) {
	if n.Line < 1 || n.Line > len(d.starts) {
		return 0, &SyntaxError{Text: "the place of a value is not known"}
	}
	return d.find(n.Line, n.Column), nil
}

// lost is the error about a value that is not where it should be.
func (d *yamlDoc) lost(offset int) error {
	return d.refuse(min(offset, len(d.text)), "what stands here cannot be edited safely")
}

// at returns the byte at an offset, 0 at the end.
func (d *yamlDoc) at(offset int) byte {
	if offset < len(d.text) {
		return d.text[offset]
	}
	return 0
}

// value adds a value. After is behind the indicator in front of it, indent that of the block collection it belongs to.
func (d *yamlDoc) value(n *yaml.Node, after, indent int) (*Node, error) {
	place := &yamlPlace{span: span{after, after}, after: after}
	if leftOut(n) {
		return d.node(Other, place), nil
	}
	start, err := d.offset(n)
	if err != nil {
		return nil, err
	}
	place.span = span{start, start}
	content := start
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		content, place.end = d.properties(start)
		place.refuse = "a value with an anchor or a tag is not edited"
	}
	switch n.Kind {
	case yaml.MappingNode:
		return d.mapping(n, place, content, indent)
	case yaml.SequenceNode:
		return d.sequence(n, place, content, indent)
	case yaml.AliasNode:
		place.end = content + 1 + len(n.Value)
		place.refuse = "an alias is not edited"
		if !bytes.Equal(d.text[content:min(place.end, len(d.text))], []byte("*"+n.Value)) {
			return nil, d.lost(content)
		}
	case yaml.ScalarNode:
		if n.Value == "" && n.Style&(quotedStyles|blockStyles) == 0 {
			break
		}
		place.block = n.Style&blockStyles != 0
		if place.block && n.Column <= indent+1 {
			place.refuse = "a text that is not indented is not edited"
		}
		if place.end, err = d.scalarEnd(n, content, indent); err != nil {
			return nil, err
		}
	}
	node := d.node(Other, place)
	node.Text = string(d.text[place.start:place.end])
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		node.Kind, node.Text = String, n.Value
	}
	return node, nil
}

// leftOut reports whether nothing stands where a value could: null.
func leftOut(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == "" && n.Tag == "!!null"
}

// properties returns where the value behind tag and anchor begins, and where they end.
func (d *yamlDoc) properties(offset int) (next, end int) {
	for next = offset; d.at(next) == '!' || d.at(next) == '&'; next = trivia(d.text, end, "") {
		end = next
		if d.at(next+1) == '<' {
			end += max(bytes.IndexByte(d.text[next:], '>'), 0)
		}
		for end < len(d.text) && !strings.ContainsRune(" \t\r\n,[]{}", rune(d.text[end])) {
			end++
		}
	}
	return next, end
}

// mapping adds a map.
func (d *yamlDoc) mapping(n *yaml.Node, place *yamlPlace, content, indent int) (*Node, error) {
	node, seen := d.node(Map, place), map[string]bool{}
	cursor := content
	brackets := n.Style&yaml.FlowStyle != 0 && d.at(content) == '{'
	switch {
	case brackets:
		place.flow = true
		cursor++
	case n.Style&yaml.FlowStyle != 0:
		place.refuse = "a map without braces in a list is not edited"
	default:
		_, column := d.position(content)
		indent, place.indent = column-1, column-1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := &yamlKey{}
		key.start = trivia(d.text, cursor, ",")
		name, err := d.key(n.Content[i], key, indent)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, d.refuse(key.start, name+" is defined twice")
		}
		seen[name] = true
		cursor = key.end
		colon := trivia(d.text, key.end, "")
		if d.at(colon) == ':' && (!leftOut(n.Content[i+1]) || strings.IndexByte(" \t\r\n,]}\x00", d.at(colon+1)) >= 0) {
			cursor, key.colon = colon+1, colon+1
		}
		value, err := d.value(n.Content[i+1], cursor, indent)
		if err != nil {
			return nil, err
		}
		if key.colon == 0 {
			d.places[value].refuse = "a key without a value is not edited"
		}
		cursor = d.places[value].end
		place.keys = append(place.keys, key)
		node.Members = append(node.Members, &Member{Name: name, Value: value})
		switch {
		case n.Content[i].Tag == "!!merge":
			place.refuse = "a map with a merge key is not edited"
		case key.refuse:
			place.refuse = "a map with a key that has an anchor or a tag, or is an alias, is not edited"
		case leftOut(n.Content[i]):
			place.refuse = "a map with a value that has no key is not edited"
		}
	}
	place.end = cursor
	return node, d.closing(node, place, brackets, '}')
}

// closing finds the end of a collection, behind its closing bracket if it has one.
func (d *yamlDoc) closing(node *Node, place *yamlPlace, brackets bool, bracket byte) error {
	if brackets {
		end := trivia(d.text, place.end, ",")
		if d.at(end) != bracket {
			return d.lost(end)
		}
		place.end = end + 1
	}
	node.end = place.end
	return nil
}

// key finds the end of a key, and returns its name: what stands there if it is no scalar.
func (d *yamlDoc) key(n *yaml.Node, key *yamlKey, indent int) (string, error) {
	after := key.start
	if c := d.at(key.start + 1); d.at(key.start) == '?' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
		after++
	}
	node, err := d.value(n, after, indent)
	if err != nil {
		return "", err
	}
	key.end, key.refuse = d.places[node].end, d.places[node].refuse != ""
	if n.Kind == yaml.ScalarNode {
		return n.Value, nil
	}
	return string(d.text[d.places[node].start:key.end]), nil
}

// sequence adds a list.
func (d *yamlDoc) sequence(n *yaml.Node, place *yamlPlace, content, indent int) (*Node, error) {
	node := d.node(List, place)
	place.flow = n.Style&yaml.FlowStyle != 0
	if _, column := d.position(content); !place.flow {
		indent, place.indent = column-1, column-1
	}
	cursor := content
	if place.flow {
		cursor++
	}
	for _, item := range n.Content {
		if place.flow {
			cursor = trivia(d.text, cursor, ",")
		} else {
			dash := trivia(d.text, cursor, "")
			if d.at(dash) != '-' {
				return nil, d.lost(dash)
			}
			place.dashes = append(place.dashes, dash)
			cursor = dash + 1
		}
		value, err := d.value(item, cursor, indent)
		if err != nil {
			return nil, err
		}
		node.Items = append(node.Items, value)
		cursor = d.places[value].end
	}
	place.end = cursor
	return node, d.closing(node, place, place.flow, ']')
}
