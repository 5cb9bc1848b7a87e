package edit

import (
	"cmp"
	"slices"
	"strings"
)

// Masked returns the text for people: a mask stands for each string and other single value that hide chooses, in the quotes
// of the value. It may not be parsed again. It is not ok if it is not known where such a value stands.
func (f *File) Masked(hide func(*Node) bool, mask string) (text []byte, ok bool) {
	var hidden []*Node
	var look func(n *Node)
	look = func(n *Node) {
		if (n.Kind == String || n.Kind == Other) && hide(n) {
			hidden = append(hidden, n)
		}
		for _, item := range n.Items {
			look(item)
		}
		for _, m := range n.Members {
			look(m.Value)
		}
	}
	look(f.root)
	slices.SortFunc(hidden, func(a, b *Node) int { return cmp.Compare(a.start, b.start) })
	var out strings.Builder
	at := 0
	for _, n := range hidden {
		if n.start < at || n.end <= n.start {
			return nil, false
		}
		value := string(f.body[n.start:n.end])
		quote := ""
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			quote = value[:1]
		}
		out.Write(f.body[at:n.start])
		out.WriteString(quote + mask + quote)
		out.WriteString(value[len(strings.TrimRight(value, "\r\n")):]) // of a block of lines
		at = n.end
	}
	out.Write(f.body[at:])
	return []byte(out.String()), true
}
