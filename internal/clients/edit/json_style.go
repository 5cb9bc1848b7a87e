package edit

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// jsonStyle is how a new value is written: as its neighbors are.
type jsonStyle struct {
	lead     string // the line break and indentation of the value or its name; empty if it shares a line
	unit     string // one level of indentation
	colon    string // with the white space around it
	space    string // after a comma on a line
	expanded bool   // whether each element of a list or map has a line of its own
	padList  string // inside the brackets of a list on one line
	padMap   string
}

// jsonStyleOf returns the style for the value that p leads to, which may not be there yet.
func jsonStyleOf(text []byte, root *Node, p Path) jsonStyle {
	var s jsonStyle
	parent := root.get(p[:len(p)-1])
	all := elements(parent)
	if len(all) > 0 {
		beside := all[len(all)-1]
		if i := parent.memberIndex(p[len(p)-1]); i >= 0 {
			beside = all[i]
		}
		if parent.Kind == List {
			beside = all[0]
		}
		s.lead, _ = lineLead(text, beside.start)
	} else if lead, own := lineLead(text, parent.end-1); own {
		s.lead = lead
	}
	s.unit, s.colon = "  ", ": "
	if strings.Contains(s.lead, "\t") {
		s.unit = "\t"
	}
	for i := range p { // from the root to the parent: the nearest counts
		ancestor := root.get(p[:i])
		if unit := unitJSON(text, ancestor); unit != "" {
			s.unit = unit
		}
		if colon := colonJSON(text, ancestor); colon != "" {
			s.colon = colon
		}
	}
	if strings.HasSuffix(s.colon, " ") || strings.HasSuffix(s.colon, "\t") {
		s.space, s.padMap = " ", " "
	}
	if space, ok := spaceJSON(text, parent); ok {
		s.space = space
	}
	s.follow(text, root, p)
	return s
}

// unitJSON returns by how much the elements of a value are indented, if they have lines of their own.
func unitJSON(text []byte, n *Node) string {
	all := elements(n)
	if len(all) == 0 {
		return ""
	}
	inner, own := lineLead(text, all[0].start)
	outer, ownEnd := lineLead(text, n.end-1)
	if !own || !ownEnd {
		return ""
	}
	unit, deeper := strings.CutPrefix(strings.TrimLeft(inner, "\r\n"), strings.TrimLeft(outer, "\r\n"))
	if !deeper {
		return ""
	}
	return unit
}

// colonJSON returns what stands between the name and the value of the last member, if it is a colon and white space.
func colonJSON(text []byte, n *Node) string {
	if len(n.Members) == 0 {
		return ""
	}
	m := n.Members[len(n.Members)-1]
	end, err := skipString(text, m.start)
	if err != nil || len(bytes.Trim(text[end:m.Value.start], " \t:")) > 0 {
		return ""
	}
	return string(text[end:m.Value.start])
}

// spaceJSON returns what stands after a comma between elements on one line: the first two of a list, the last two of a map.
func spaceJSON(text []byte, n *Node) (string, bool) {
	all := elements(n)
	if len(all) < 2 {
		return "", false
	}
	if n.Kind == Map {
		all = all[len(all)-2:]
	}
	between := text[all[0].end:all[1].start]
	comma := gapJSON(text, all[0].end, all[1].start).comma - all[0].end
	if !isBlank(between[comma+1:]) {
		return "", false
	}
	return string(between[comma+1:]), true
}

// follow finds how lists and maps are written: as one of the same name is elsewhere; else on one line, if that is found in the
// file at all.
func (s *jsonStyle) follow(text []byte, root *Node, p Path) {
	if s.lead == "" {
		s.padMap = strings.TrimSuffix(s.padMap, " ")
		if parent := root.get(p[:len(p)-1]); parent.Kind == Map && len(parent.Members) > 0 {
			s.padMap = padJSON(text, parent, s.padMap)
		}
		return
	}
	var named, short [Map + 1]*Node // the first of each kind
	name := p[len(p)-1]
	old := root.get(p)
	var visit func(n *Node, called string)
	visit = func(n *Node, called string) {
		if n != old && len(n.Items)+len(n.Members) > 0 {
			if called == name && named[n.Kind] == nil {
				named[n.Kind] = n
			}
			if short[n.Kind] == nil && bytes.IndexByte(text[n.start:n.end], '\n') < 0 {
				short[n.Kind] = n
			}
		}
		for _, item := range n.Items {
			visit(item, "")
		}
		for _, m := range n.Members {
			visit(m.Value, m.Name)
		}
	}
	visit(root, "")
	s.expanded = short[List] == nil && short[Map] == nil
	for _, kind := range []Kind{List, Map} {
		if n := named[kind]; n != nil {
			s.expanded = bytes.IndexByte(text[n.start:n.end], '\n') >= 0
			if !s.expanded {
				short[kind] = n
			}
		}
	}
	if n := short[List]; n != nil {
		s.padList = padJSON(text, n, s.padList)
	}
	if n := short[Map]; n != nil {
		s.padMap = padJSON(text, n, s.padMap)
	}
}

// padJSON returns the white space between the bracket and the first element, or otherwise if there is more than that.
func padJSON(text []byte, n *Node, otherwise string) string {
	if before := text[n.start+1 : elements(n)[0].start]; isBlank(before) {
		return string(before)
	}
	return otherwise
}

// value writes a value.
func (s jsonStyle) value(n *Node) string {
	var elements []string
	brackets, pad := "[]", s.padList
	inner := s
	inner.lead += s.unit
	switch n.Kind {
	case String:
		return quoteJSON(n.Text)
	case Other:
		return n.Text
	case List:
		for _, item := range n.Items {
			elements = append(elements, inner.value(item))
		}
	case Map:
		brackets, pad = "{}", s.padMap
		for _, m := range n.Members {
			elements = append(elements, quoteJSON(m.Name)+s.colon+inner.value(m.Value))
		}
	}
	switch {
	case len(elements) == 0:
		return brackets
	case s.expanded:
		return brackets[:1] + inner.lead + strings.Join(elements, ","+inner.lead) + s.lead + brackets[1:]
	default:
		return brackets[:1] + pad + strings.Join(elements, ","+s.space) + pad + brackets[1:]
	}
}

func quoteJSON(s string) string { return string(hujson.String(s)) }
