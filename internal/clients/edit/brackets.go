package edit

import (
	"bytes"
	"strings"
)

// brackets is a list or a map between brackets, as TOML and the flow style of YAML have them: items with commas between them, and
// perhaps one behind the last. Comments begin with "#".
type brackets struct {
	*lines
	open   int    // the opening bracket
	items  []span // without commas
	spaced bool   // whether comments need a space in front of them
}

// add is the change that puts an item behind item i, or behind the opening bracket if there is none.
func (b brackets) add(i int, item string) change {
	if len(b.items) == 0 {
		return insert(b.open+1, " "+item+" ")
	}
	return insert(b.items[i].end, ", "+item)
}

// remove returns the changes that take item i away: the inverse of add.
func (b brackets) remove(i int) []change {
	switch {
	case i > 0 && !b.comments(b.items[i-1].end, b.items[i].start):
		return []change{cut(b.items[i-1].end, b.items[i].end)}
	case i == 0 && len(b.items) > 1 && !b.comments(b.items[0].end, b.items[1].start):
		return []change{cut(b.items[0].start, b.items[1].start)}
	case len(b.items) > 1:
		return b.single(i)
	}
	start, end := b.items[0].start, b.items[0].end
	if start == b.open+2 && b.text[start-1] == ' ' && b.text[end] == ' ' && (!b.spaced || b.text[end+1] != '#') {
		start, end = start-1, end+1
	}
	return b.withComma(start, end)
}

// prepend is the change that puts items in front. Where the first item has a line of its own, they have one, too.
func (b brackets) prepend(items []string) change {
	if len(b.items) == 0 {
		return insert(b.open+1, strings.Join(items, ", "))
	}
	first := b.items[0].start
	if !b.first(first) {
		return insert(first, strings.Join(items, ", ")+", ")
	}
	var text strings.Builder
	for _, item := range items {
		text.WriteString(b.indent(first) + item + "," + b.newline())
	}
	return insert(b.starts[b.index(b.open)+1], text.String())
}

// drop returns the changes that take the first n items away: the inverse of prepend.
func (b brackets) drop(n int) []change {
	start, end := b.items[0].start, b.items[n-1].end
	if b.commented(n) {
		var changes []change
		for i := range n {
			changes = append(changes, b.single(i)...)
		}
		return changes
	}
	if n == len(b.items) {
		return b.withComma(start, end)
	}
	next := b.items[n].start
	comma := trivia(b.text, end, "")
	after := trivia(b.text, comma+1, "")
	if b.first(start) && b.index(after) > b.index(comma) {
		return []change{cut(b.start(start), b.starts[b.index(comma)+1])}
	}
	return []change{cut(start, next)}
}

// comments reports whether comments stand in a range that has no items.
func (b brackets) comments(start, end int) bool { return bytes.IndexByte(b.text[start:end], '#') >= 0 }

// commented reports whether comments stand behind one of the first n items, in front of the next.
func (b brackets) commented(n int) bool {
	for i := range min(n, len(b.items)-1) {
		if b.comments(b.items[i].end, b.items[i+1].start) {
			return true
		}
	}
	return false
}

// single returns the changes that take item i away with one comma, and with its line if nothing else stands there. Comments stay.
func (b brackets) single(i int) []change {
	start, end := b.items[i].start, b.items[i].end
	var changes []change
	comma := trivia(b.text, end, "")
	switch {
	case b.text[comma] == ',' && !b.comments(end, comma):
		end = comma + 1
	case b.text[comma] == ',':
		changes = append(changes, cut(comma, comma+1))
	case i > 0:
		comma = trivia(b.text, b.items[i-1].end, "")
		changes = append(changes, cut(comma, comma+1))
	}
	switch {
	case b.first(start) && endsLine(b.text, end) && b.index(end)+1 < len(b.starts):
		start, end = b.start(start), b.starts[b.index(end)+1]
	case b.first(start):
		end = skipBlank(b.text, end)
	}
	return append(changes, cut(start, end))
}

// withComma returns the changes that remove a range with all items that are left, and the comma behind it.
func (b brackets) withComma(start, end int) []change {
	changes := []change{cut(start, end)}
	if comma := trivia(b.text, end, ""); b.text[comma] == ',' {
		changes = append(changes, cut(comma, comma+1))
	}
	return changes
}

// flow writes values on one line, lists and maps between brackets.
type flow struct {
	colon string // between a name and its value
	name  func(string) string
	text  func(string) string
}

func (f flow) value(n *Node) string {
	var parts []string
	switch n.Kind {
	case String:
		return f.text(n.Text)
	case List:
		for _, item := range n.Items {
			parts = append(parts, f.value(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		if len(n.Members) == 0 {
			return "{}"
		}
		for _, m := range n.Members {
			parts = append(parts, f.name(m.Name)+f.colon+f.value(m.Value))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	default:
		return n.Text
	}
}
