package edit

import (
	"strings"
)

// yamlFormat edits YAML. What stands between brackets is edited as in TOML, everything else line by line.
type yamlFormat struct{}

func (yamlFormat) parse(text []byte) (*Node, error) {
	doc, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	return doc.root, nil
}

func (yamlFormat) set(text []byte, _ *Node, p Path, value *Node) ([]byte, error) {
	doc, err := editYAML(text, p)
	if err != nil {
		return nil, err
	}
	if node := doc.root.get(p); node != nil {
		return doc.replace(node, value)
	}
	return doc.add(p[:len(p)-1], p[len(p)-1], value)
}

func (yamlFormat) prepend(text []byte, _ *Node, p Path, items []string) ([]byte, error) {
	doc, err := editYAML(text, p)
	if err != nil {
		return nil, err
	}
	node := doc.root.get(p)
	place := doc.places[node]
	written := make([]string, len(items))
	for i, item := range items {
		written[i] = yamlString(item, doc.quote(node.Items))
	}
	if place.flow {
		return splice(text, doc.brackets(node).prepend(written)), nil
	}
	first, indent := place.dashes[0], strings.Repeat(" ", place.indent)
	var lines strings.Builder
	for _, item := range written {
		lines.WriteString("- " + item + doc.newline() + indent)
	}
	if !doc.first(first) {
		return splice(text, insert(first, lines.String())), nil
	}
	at := doc.start(first)
	if len(p) > 0 {
		at = doc.above(first, doc.start(place.after))
	}
	return splice(text, insert(at, indent+strings.TrimSuffix(lines.String(), indent))), nil
}

func (yamlFormat) drop(text []byte, _ *Node, p Path, n int) ([]byte, error) {
	doc, err := editYAML(text, p)
	if err != nil {
		return nil, err
	}
	node := doc.root.get(p)
	place := doc.places[node]
	switch {
	case place.flow:
		return splice(text, doc.brackets(node).drop(n)...), nil
	case n == len(node.Items):
		return doc.replace(node, &Node{Kind: List})
	case doc.first(place.dashes[0]):
		var lines []change // of each item, without the comments between them
		for i, item := range node.Items[:n] {
			lines = append(lines, cut(doc.start(place.dashes[i]), doc.starts[doc.index(doc.places[item].end)+1]))
		}
		return splice(text, lines...), nil
	}
	return splice(text, cut(place.dashes[0], place.dashes[n])), nil
}

func (yamlFormat) remove(text []byte, _ *Node, p Path) ([]byte, error) {
	doc, err := editYAML(text, p)
	if err != nil {
		return nil, err
	}
	return doc.removeMember(doc.root.get(p[:len(p)-1]), p[len(p)-1])
}

// editYAML parses a file for an edit at a path, where values must not mean more than what stands there: one that has an anchor
// is used elsewhere, and a tag changes what it is.
func editYAML(text []byte, p Path) (*yamlDoc, error) {
	doc, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	for i := range p {
		if err := doc.refused(doc.root.get(p[:i])); err != nil {
			return nil, err
		}
	}
	if node := doc.root.get(p); node != nil {
		return doc, doc.refusedBelow(node)
	}
	return doc, nil
}

func (d *yamlDoc) refused(node *Node) error {
	if place := d.places[node]; place.refuse != "" {
		return d.refuse(place.start, place.refuse)
	}
	return nil
}

func (d *yamlDoc) refusedBelow(node *Node) error {
	err := d.refused(node)
	for _, item := range node.Items {
		if err == nil {
			err = d.refusedBelow(item)
		}
	}
	for _, m := range node.Members {
		if err == nil {
			err = d.refusedBelow(m.Value)
		}
	}
	return err
}

// above returns the start of the line of an offset, or of the comments and empty lines above it, if these are below floor.
func (d *yamlDoc) above(offset, floor int) int {
	i := d.index(offset)
	for i > 0 && d.starts[i-1] > floor {
		line := strings.TrimSpace(string(d.text[d.starts[i-1]:d.starts[i]]))
		if line != "" && line[0] != '#' {
			break
		}
		i--
	}
	return d.starts[i]
}

// quote returns how the first string of values is quoted, 0 for plain.
func (d *yamlDoc) quote(values []*Node) byte {
	for _, v := range values {
		if c := d.at(d.places[v].start); v.Kind == String {
			if c == '\'' || c == '"' {
				return c
			}
			return 0
		}
	}
	return 0
}

// brackets returns what stands between the brackets of a list or a map.
func (d *yamlDoc) brackets(node *Node) brackets {
	place := d.places[node]
	b := brackets{lines: d.lines, open: place.start, spaced: true}
	for _, item := range node.Items {
		b.items = append(b.items, d.places[item].span)
	}
	for i, key := range place.keys {
		b.items = append(b.items, span{key.start, d.places[node.Members[i].Value].end})
	}
	return b
}

// replace writes a value in the place of another, on one line.
func (d *yamlDoc) replace(node, value *Node) ([]byte, error) {
	place := d.places[node]
	flow := d.inBrackets(node)
	quote := d.quote([]*Node{node})
	if quote == 0 && !flow {
		quote = plainPath
	}
	text := yamlText(value, quote)
	switch {
	case text == "":
		return splice(d.text, cut(place.after, place.end)), nil
	case place.start == place.end:
		return splice(d.text, insert(place.after, " "+text)), nil
	case node.Kind != String && !flow && !place.flow && node != d.root && d.index(place.start) > d.index(place.after):
		return splice(d.text, insert(place.after, " "+text), cut(d.end(place.after), place.end)), nil
	}
	return splice(d.text, change{place.span, text}), nil
}

// inBrackets reports whether a value stands between brackets.
func (d *yamlDoc) inBrackets(node *Node) bool {
	start := d.places[node].start
	for above, place := range d.places {
		if place.flow && above != node && place.start <= start && start < place.end {
			return true
		}
	}
	return false
}
