package edit

import "slices"

// tomlFormat edits TOML. A table of TOML can be written in four ways, and each has its own way to get another member: a line
// below a header, a line with a dotted key, a place between braces; a table that is only implied by the headers of its
// subtables has none.
type tomlFormat struct{}

func (tomlFormat) parse(text []byte) (*Node, error) {
	doc, err := parseTOML(text)
	if err != nil {
		return nil, err
	}
	return doc.root, nil
}

func (tomlFormat) set(text []byte, _ *Node, p Path, value *Node) ([]byte, error) {
	doc, err := parseTOML(text)
	if err != nil {
		return nil, err
	}
	if node := doc.root.get(p); node != nil {
		return doc.replace(node, value)
	}
	return doc.add(doc.root.get(p[:len(p)-1]), p[len(p)-1], value)
}

func (tomlFormat) prepend(text []byte, _ *Node, p Path, items []string) ([]byte, error) {
	doc, node, err := tomlList(text, p)
	if err != nil {
		return nil, err
	}
	quote := byte('"')
	if i := slices.IndexFunc(node.Items, func(n *Node) bool { return n.Kind == String }); i >= 0 {
		quote = text[doc.places[node.Items[i]].start]
	}
	written := make([]string, len(items))
	for i, item := range items {
		written[i] = tomlString(item, quote)
	}
	return splice(text, doc.brackets(node).prepend(written)), nil
}

func (tomlFormat) drop(text []byte, _ *Node, p Path, n int) ([]byte, error) {
	doc, node, err := tomlList(text, p)
	if err != nil {
		return nil, err
	}
	return splice(text, doc.brackets(node).drop(n)...), nil
}

// tomlList returns the list at a path, which stands between brackets.
func tomlList(text []byte, p Path) (*tomlDoc, *Node, error) {
	doc, err := parseTOML(text)
	if err != nil {
		return nil, nil, err
	}
	node := doc.root.get(p)
	if place := doc.places[node]; place.form != tomlValue {
		return nil, nil, doc.refuse(place.start, "this is a list of tables, which has no items in front")
	}
	return doc, node, nil
}

func (tomlFormat) remove(text []byte, _ *Node, p Path) ([]byte, error) {
	doc, err := parseTOML(text)
	if err != nil {
		return nil, err
	}
	node, parent := doc.root.get(p), doc.root.get(p[:len(p)-1])
	place := doc.places[node]
	switch {
	case place.form == tomlDotted && !doc.hasHeaders(node):
		return doc.removeEntries(parent, place.entries)
	case place.form != tomlValue:
		return nil, doc.refuse(place.start, "this is a table with lines of its own, which cannot be removed")
	}
	return doc.removeEntries(parent, []*tomlEntry{place.entry})
}

// hasHeaders reports whether a table has subtables that have headers.
func (d *tomlDoc) hasHeaders(node *Node) bool {
	return slices.ContainsFunc(node.Members, func(m *Member) bool {
		place := d.places[m.Value]
		return place.form != tomlValue && (place.form != tomlDotted || d.hasHeaders(m.Value))
	})
}

// replace writes a value in the place of another.
func (d *tomlDoc) replace(node, value *Node) ([]byte, error) {
	place := d.places[node]
	if place.form != tomlValue {
		return nil, d.refuse(place.start, "this is a table with lines of its own, which cannot be replaced")
	}
	quote := byte('"')
	if node.Kind == String {
		quote = d.text[place.start]
	}
	return splice(d.text, change{place.span, tomlText(value, quote)}), nil
}

// add writes another member of a table.
func (d *tomlDoc) add(parent *Node, name string, value *Node) ([]byte, error) {
	place := d.places[parent]
	pair := tomlKey(name)
	last := place.last()
	if last != nil && d.text[last.keysEnd()] == '=' {
		pair += "=" + tomlText(value, '"')
	} else {
		pair += " = " + tomlText(value, '"')
	}
	switch {
	case place.form == tomlValue:
		return splice(d.text, d.brackets(parent).add(len(place.entries)-1, pair)), nil
	case place.form == tomlDotted:
		pair = string(d.text[last.start:last.keys[place.depth-1].end]) + "." + pair
		if last.table != nil {
			return splice(d.text, d.brackets(last.table).add(slices.Index(d.places[last.table].entries, last), pair)), nil
		}
		return splice(d.text, d.after(last.end, d.indent(last.start)+pair)), nil
	case place.form != tomlSection:
		return nil, d.refuse(place.start, "the table that "+name+" belongs to has no header of its own, only this one of a subtable")
	case last != nil:
		return splice(d.text, d.after(last.end, d.indent(last.start)+pair)), nil
	case parent == d.root:
		return splice(d.text, insert(d.starts[0], pair+d.newline())), nil
	}
	return splice(d.text, d.after(place.end, d.indent(place.start)+pair)), nil
}

// removeEntries removes the key/values that make one member of a table. A table that exists by them alone becomes an empty one.
func (d *tomlDoc) removeEntries(parent *Node, entries []*tomlEntry) ([]byte, error) {
	var changes []change
	place := d.places[parent]
	if place.form == tomlDotted && len(parent.Members) == 1 {
		first := entries[0]
		changes = append(changes, change{span{first.keys[place.depth-1].end, first.end}, " = {}"})
		entries = entries[1:]
	}
	if len(entries) > 1 && entries[0].table != nil {
		return nil, d.refuse(entries[0].start, "a table of several dotted keys between braces cannot be removed")
	}
	for _, e := range entries {
		if e.table != nil {
			changes = append(changes, d.brackets(e.table).remove(slices.Index(d.places[e.table].entries, e))...)
		} else {
			changes = append(changes, d.without(e.start, e.end))
		}
	}
	return splice(d.text, changes...), nil
}

// brackets returns what stands between the brackets of a list or an inline table.
func (d *tomlDoc) brackets(node *Node) brackets {
	place := d.places[node]
	b := brackets{lines: d.lines, open: place.start}
	for _, item := range node.Items {
		b.items = append(b.items, d.places[item].span)
	}
	for _, e := range place.entries {
		b.items = append(b.items, span{e.start, e.end})
	}
	return b
}

// tomlText writes a value on one line.
func tomlText(value *Node, quote byte) string {
	return flow{" = ", tomlKey, func(text string) string { return tomlString(text, quote) }}.value(value)
}
