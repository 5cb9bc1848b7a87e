package edit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxTOML is how many "=", "[" and "." a file may have. The decoder's time grows with the square of the keys of a table.
const maxTOML = 1 << 15

// tomlForm is how a value is written.
type tomlForm int

const (
	tomlValue   tomlForm = iota // behind a "=", or as an item of a list between brackets
	tomlSection                 // a table with a header of its own, or the root
	tomlDotted                  // a table that is part of dotted keys
	tomlImplied                 // a table that headers of subtables imply
	tomlTables                  // a list of [[tables]]
)

// tomlPlace is where a value stands.
type tomlPlace struct {
	form    tomlForm
	span                 // of a value all its bytes, else the header, or the first key
	entry   *tomlEntry   // whose value it is; nil for an item of a list and what is no value
	entries []*tomlEntry // a table's own; of a dotted table those that lead through it
	depth   int          // how many keys of the entries lead to a dotted table
}

func (p *tomlPlace) last() *tomlEntry {
	if len(p.entries) == 0 {
		return nil
	}
	return p.entries[len(p.entries)-1]
}

// tomlEntry is a key with its value.
type tomlEntry struct {
	span
	keys  []span
	table *Node // the inline table that has it; nil if it has lines of its own
}

func (e *tomlEntry) keysEnd() int { return e.keys[len(e.keys)-1].end }

// tomlDoc is a parsed file.
type tomlDoc struct {
	*lines
	root   *Node
	places map[*Node]*tomlPlace
	named  map[*Node]map[string]*Node // the members of tables, of which a file can have many
}

// addMember adds a member to a table.
func (d *tomlDoc) addMember(table *Node, name string, value *Node) {
	if d.named[table] == nil {
		d.named[table] = map[string]*Node{}
	}
	d.named[table][name] = value
	table.Members = append(table.Members, &Member{Name: name, Value: value})
}

// parseTOML parses a file. The decoder knows all that the format forbids, the parser where everything stands.
func parseTOML(text []byte) (*tomlDoc, error) {
	d := &tomlDoc{lines: newLines(text), places: map[*Node]*tomlPlace{}, named: map[*Node]map[string]*Node{}}
	if bytes.Count(text, []byte("="))+bytes.Count(text, []byte("["))+bytes.Count(text, []byte(".")) > maxTOML {
		return nil, &SyntaxError{Text: "the file has too many keys and tables to be edited"}
	}
	if err := toml.Unmarshal(text, new(map[string]any)); err != nil {
		return nil, d.error(err).broken()
	}
	d.root = d.table(tomlSection, span{})
	section := d.root
	var parser unstable.Parser
	parser.Reset(text)
	for parser.NextExpression() {
		var err error
		switch e := parser.Expression(); e.Kind {
		case unstable.KeyValue:
			err = d.keyValue(section, nil, e)
		default:
			section, err = d.header(e)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := parser.Error(); err != nil {
		return nil, d.error(err).broken()
	}
	return d, nil
}

// error gives an error of the decoder its position.
func (d *tomlDoc) error(err error) *SyntaxError {
	text := strings.TrimPrefix(err.Error(), "toml: ")
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return &SyntaxError{Text: text}
	}
	row, column := decode.Position()
	if row < 1 || row > len(d.starts) {
		return &SyntaxError{Text: text}
	}
	offset := min(d.starts[row-1]+column-1, len(d.text))
	if r, size := utf8.DecodeRune(d.text[offset:]); size > 1 && strings.Contains(text, "U+") {
		text = fmt.Sprintf("unexpected character %q", r) // the decoder prints its first byte
	}
	return d.refuse(offset, text)
}

// node adds a value.
func (d *tomlDoc) node(kind Kind, place *tomlPlace) *Node {
	n := &Node{Kind: kind, start: place.start, end: place.end}
	n.Line, n.Column = d.position(place.start)
	d.places[n] = place
	return n
}

// table adds a table.
func (d *tomlDoc) table(form tomlForm, at span) *Node {
	return d.node(Map, &tomlPlace{form: form, span: at})
}

// span returns where a key or a scalar stands.
func (d *tomlDoc) span(r unstable.Range) span {
	start := int(r.Offset)
	return span{start, start + int(r.Length)}
}

// keys returns the parts of a key.
func (d *tomlDoc) keys(it unstable.Iterator) (names []string, at []span) {
	for it.Next() {
		names = append(names, string(it.Node().Data))
		at = append(at, d.span(it.Node().Raw))
	}
	return names, at
}

// header adds the table that a header begins.
func (d *tomlDoc) header(e *unstable.Node) (*Node, error) {
	names, at := d.keys(e.Key())
	whole := span{d.start(at[0].start) + len(d.indent(at[0].start)), d.end(at[len(at)-1].end)}
	table := d.root
	for i, name := range names[:len(names)-1] {
		next := d.named[table][name]
		if next == nil {
			next = d.table(tomlImplied, whole)
			d.addMember(table, name, next)
		}
		if next.Kind == List && len(next.Items) > 0 {
			next = next.Items[len(next.Items)-1]
		}
		if next.Kind != Map || d.places[next].form == tomlValue {
			return nil, d.refuse(at[i].start, name+" is defined twice")
		}
		table = next
	}
	name := names[len(names)-1]
	old := d.named[table][name]
	if e.Kind == unstable.ArrayTable {
		if old == nil {
			old = d.node(List, &tomlPlace{form: tomlTables, span: whole})
			d.addMember(table, name, old)
		} else if d.places[old].form != tomlTables {
			return nil, d.refuse(whole.start, name+" is defined twice")
		}
		item := d.table(tomlSection, whole)
		old.Items = append(old.Items, item)
		return item, nil
	}
	if old == nil {
		old = d.table(tomlSection, whole)
		d.addMember(table, name, old)
		return old, nil
	}
	place := d.places[old]
	if place.form != tomlImplied {
		return nil, d.refuse(whole.start, name+" is defined twice")
	}
	place.form, place.span = tomlSection, whole
	old.Line, old.Column = d.position(whole.start)
	return old, nil
}

// keyValue adds a key and its value to a table, which is inline or not.
func (d *tomlDoc) keyValue(table, inline *Node, e *unstable.Node) error {
	names, at := d.keys(e.Key())
	entry := &tomlEntry{span: d.span(e.Raw), keys: at, table: inline}
	d.places[table].entries = append(d.places[table].entries, entry)
	for i, name := range names[:len(names)-1] {
		next := d.named[table][name]
		if next == nil {
			next = d.table(tomlDotted, at[i])
			d.places[next].depth = i + 1
			d.addMember(table, name, next)
		}
		place := d.places[next]
		if place.form != tomlDotted {
			return d.refuse(at[i].start, name+" is defined twice")
		}
		place.entries = append(place.entries, entry)
		table = next
	}
	name := names[len(names)-1]
	if d.named[table][name] != nil {
		return d.refuse(entry.start, name+" is defined twice")
	}
	equals := trivia(d.text, entry.keysEnd(), "")
	value, _, err := d.parseValue(e.Value(), trivia(d.text, equals+1, ""))
	if err != nil {
		return err
	}
	d.places[value].entry = entry
	d.addMember(table, name, value)
	return nil
}

// parseValue returns the value that begins at an offset, and where it ends. The parser has no positions of lists.
func (d *tomlDoc) parseValue(e *unstable.Node, start int) (*Node, int, error) {
	switch e.Kind {
	case unstable.Array:
		place := &tomlPlace{span: span{start, start + 1}}
		list := d.node(List, place)
		for it := e.Children(); it.Next(); {
			item, end, err := d.parseValue(it.Node(), trivia(d.text, place.end, ","))
			if err != nil {
				return nil, 0, err
			}
			list.Items = append(list.Items, item)
			place.end = end
		}
		place.end = trivia(d.text, place.end, ",") + 1
		list.end = place.end
		return list, place.end, nil
	case unstable.InlineTable:
		place := &tomlPlace{span: span{start, start + 1}}
		table := d.node(Map, place)
		for it := e.Children(); it.Next(); {
			if err := d.keyValue(table, table, it.Node()); err != nil {
				return nil, 0, err
			}
			place.end = place.last().end
		}
		place.end = trivia(d.text, place.end, ",") + 1
		table.end = place.end
		return table, place.end, nil
	}
	at := d.span(e.Raw)
	kind, text := Other, string(d.text[at.start:at.end])
	if e.Kind == unstable.String {
		kind, text = String, string(e.Data)
	}
	node := d.node(kind, &tomlPlace{span: at})
	node.Text = text
	return node, at.end, nil
}
