package edit

import "strings"

// add writes another member of a map.
func (d *yamlDoc) add(p Path, name string, value *Node) ([]byte, error) {
	node := d.root.get(p)
	place := d.places[node]
	if place.flow {
		pair := yamlString(name, 0) + ": " + yamlText(value, 0)
		return splice(d.text, d.brackets(node).add(len(place.keys)-1, pair)), nil
	}
	line := d.member(place.indent, name, value)
	if len(place.keys) == 0 { // the file has no value, but perhaps comments
		if end := len(d.text); d.starts[len(d.starts)-1] != end {
			return splice(d.text, insert(end, d.newline()+line)), nil
		}
		return splice(d.text, insert(len(d.text), line+d.newline())), nil
	}
	end := d.places[node.Members[len(node.Members)-1].Value].end
	if end == len(d.text) && d.blockTo(end) != nil {
		return nil, d.refuse(end, "a line break is missing at the end of the file, behind a text of several lines")
	}
	return splice(d.text, d.after(end, line)), nil
}

// member writes a member of a block map, without the last line break: a map line by line, everything else on one line.
func (d *yamlDoc) member(indent int, name string, value *Node) string {
	line := strings.Repeat(" ", indent) + yamlString(name, 0) + ":"
	if value.Kind != Map || len(value.Members) == 0 {
		return strings.TrimSuffix(line+" "+yamlText(value, 0), " ")
	}
	indent += d.step(d.root)
	for _, m := range value.Members {
		line += d.newline() + d.member(indent, m.Name, m.Value)
	}
	return line
}

// step returns how far a map in a map is indented.
func (d *yamlDoc) step(node *Node) int {
	step := 2
	for i := len(node.Members) - 1; i >= 0; i-- {
		above, below := d.places[node], d.places[node.Members[i].Value]
		if len(below.keys) > 0 && !above.flow && !below.flow && below.indent > above.indent {
			step = below.indent - above.indent
		}
	}
	return step
}

// blockTo returns the place of a text that begins with "|" or ">" and ends at an offset, or nil.
func (d *yamlDoc) blockTo(offset int) *yamlPlace {
	for _, place := range d.places {
		if place.block && place.end == offset {
			return place
		}
	}
	return nil
}

// removeMember removes a member of a map: its lines, or what stands between brackets. A map without members is written as {}.
func (d *yamlDoc) removeMember(node *Node, name string) ([]byte, error) {
	place, i := d.places[node], node.memberIndex(name)
	start, end := place.keys[i].start, d.places[node.Members[i].Value].end
	switch {
	case place.flow:
		return splice(d.text, d.brackets(node).remove(i)...), nil
	case len(place.keys) == 1:
		if rest := splice(d.text, d.without(start, end)); node == d.root {
			if empty, err := parseYAML(rest); err == nil && empty.root.Kind == Map {
				return rest, nil
			}
		}
		return d.replace(node, &Node{Kind: Map})
	case i > 0 && !d.first(start):
		return nil, d.lost(start)
	case !d.first(start):
		return splice(d.text, cut(start, place.keys[i+1].start)), nil
	}
	lines := d.without(start, end)
	if i > 0 {
		if err := d.joins(d.places[node.Members[i-1].Value].end, lines.end, place.indent); err != nil {
			return nil, err
		}
	}
	if d.blockTo(lines.start) != nil {
		lines.start = d.start(start)
	}
	return splice(d.text, lines), nil
}

// joins refuses what stands at an offset if a text of several lines that ends above, at an offset, would become longer by it: by
// empty lines if it keeps these, and by white space and comments that are indented further than the map that has both.
func (d *yamlDoc) joins(above, offset, indent int) error {
	text := d.blockTo(above)
	if text == nil {
		return nil
	}
	header, _, _ := strings.Cut(string(d.text[text.start:d.end(text.start)]), " ")
	keeps := strings.Contains(header, "+")
	for line := range strings.Lines(string(d.text[offset:])) {
		rest := strings.TrimLeft(line, " ")
		deep := len(line)-len(rest) > indent
		if blank := strings.TrimSpace(rest) == ""; blank && (keeps || deep) || deep && rest[0] == '#' {
			return d.refuse(offset, "what follows would become part of the text in front of it")
		} else if !blank {
			break
		}
	}
	return nil
}
