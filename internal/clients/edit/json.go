package edit

import (
	"bytes"
	"strings"
)

func (jsonFormat) set(text []byte, root *Node, p Path, value *Node) ([]byte, error) {
	parent, name := root.get(p[:len(p)-1]), p[len(p)-1]
	style := jsonStyleOf(text, root, p)
	if old := root.get(p); old != nil {
		return splice(text, change{span{old.start, old.end}, style.value(value)}), nil
	}
	element := quoteJSON(name) + style.colon + style.value(value)
	if len(parent.Members) == 0 {
		return fillJSON(text, parent, style, []string{element}), nil
	}
	last := parent.Members[len(parent.Members)-1]
	at, comma, tail := last.end, ",", ""
	if trailing := gapJSON(text, last.end, parent.end-1).comma; trailing >= 0 {
		at, comma, tail = trailing+1, "", ","
	}
	if style.lead == "" {
		return splice(text, insert(at, comma+style.space+element+tail)), nil
	}
	line := commentsEnd(text, at)
	return splice(text, insert(last.end, comma), insert(line, style.lead+element+tail)), nil
}

func (jsonFormat) prepend(text []byte, root *Node, p Path, items []string) ([]byte, error) {
	list := root.get(p)
	style := jsonStyleOf(text, root, append(p[:len(p):len(p)], "0"))
	elements := make([]string, len(items))
	for i, item := range items {
		elements[i] = quoteJSON(item)
	}
	if len(list.Items) == 0 {
		return fillJSON(text, list, style, elements), nil
	}
	if style.lead == "" {
		at := list.Items[0].start
		separator := "," + style.space
		return splice(text, insert(at, strings.Join(elements, separator)+separator)), nil
	}
	// Comments above the first item stay above it.
	at := commentsEnd(text, list.start+1)
	return splice(text, insert(at, style.lead+strings.Join(elements, ","+style.lead)+",")), nil
}

func (f jsonFormat) drop(text []byte, root *Node, p Path, n int) ([]byte, error) {
	for i := range n {
		if i > 0 {
			var err error
			if root, err = f.parse(text); err != nil {
				return nil, err
			}
		}
		text = cutJSON(text, root.get(p), 0)
	}
	return text, nil
}

func (jsonFormat) remove(text []byte, root *Node, p Path) ([]byte, error) {
	parent := root.get(p[:len(p)-1])
	return cutJSON(text, parent, parent.memberIndex(p[len(p)-1])), nil
}

// fillJSON writes the first elements of a list or map. They get lines of their own if its brackets stand on different lines, so
// that removing them gives the text of before.
func fillJSON(text []byte, n *Node, style jsonStyle, elements []string) []byte {
	at, end := n.start+1, n.end-1
	inside := gapJSON(text, at, end)
	if inside.comments > 0 {
		at = inside.last.end
	}
	if bytes.IndexByte(text[at:end], '\n') >= 0 {
		lead, own := "", false
		if inside.comments > 0 {
			lead, own = lineLead(text, inside.last.start)
		}
		if !own {
			lead, _ = lineLead(text, end)
			lead += style.unit
		}
		return splice(text, insert(at, lead+strings.Join(elements, ","+lead)))
	}
	line := strings.Join(elements, ","+style.space)
	if inside.comments > 0 {
		return splice(text, insert(at, " "+line))
	}
	return splice(text, insert(end, line+string(text[at:end])))
}

// cutJSON removes an element of a list or map: with its comma, or with that before it if it is the last; with its line if it has
// one of its own. Comments stay.
func cutJSON(text []byte, n *Node, i int) []byte {
	all := elements(n)
	it := all[i]
	before, after := n.start+1, n.end-1
	if i > 0 {
		before = all[i-1].end
	}
	if i < len(all)-1 {
		after = all[i+1].start
	}
	left, right := gapJSON(text, before, it.start), gapJSON(text, it.end, after)

	r := removal{text: text, it: it, end: it.end, after: after, left: left, only: len(all) == 1, last: i == len(all)-1}
	var comma change
	switch {
	case right.comma >= 0 && isBlank(text[it.end:right.comma]):
		r.end = right.comma + 1
	case right.comma >= 0:
		comma = cut(right.comma, right.comma+1)
	case i > 0:
		comma = cut(left.comma, left.comma+1)
	}
	return splice(text, comma, cut(r.bounds()))
}

// removal is of an element.
type removal struct {
	text       []byte
	it         span
	end        int // of it, or of the comma after it
	after      int // where the next begins, or the closing bracket stands
	left       gap
	only, last bool
}

// bounds returns the bytes to remove.
func (r removal) bounds() (start, end int) {
	blanksBefore := len(r.text[:r.it.start]) - len(bytes.TrimRight(r.text[:r.it.start], blanks))
	next := skipBlank(r.text, r.end)
	if lead, own := lineLead(r.text, r.it.start); own {
		if endsLine(r.text, r.end) || next == r.after && r.last && !r.left.lineComment {
			return r.it.start - len(lead), r.end
		}
		return r.it.start, next
	}
	switch {
	case r.only && r.left.comments > 0:
		return r.it.start - min(blanksBefore, 1), r.end
	case r.only && string(r.text[r.it.start-blanksBefore:r.it.start]) == string(r.text[r.end:r.after]):
		return r.it.start - blanksBefore, r.end
	case r.only:
		return r.it.start, r.end
	case next == r.after && !r.last:
		return r.it.start, next
	case r.left.comments == 0 && r.last && r.end == r.it.end:
		return r.left.start, r.end // with the comma before it
	}
	return r.it.start - blanksBefore, r.end
}

// elements returns where the items or members of a value stand.
func elements(n *Node) []span {
	var all []span
	for _, item := range n.Items {
		all = append(all, span{item.start, item.end})
	}
	for _, m := range n.Members {
		all = append(all, span{m.start, m.end})
	}
	return all
}

// gap is what stands between two elements, or between an element and a bracket.
type gap struct {
	start       int
	comma       int // its offset, or -1
	comments    int
	last        span // the last comment
	lineComment bool // whether that ends with its line
}

func gapJSON(text []byte, start, end int) gap {
	g := gap{start: start, comma: -1}
	for i := start; i < end; {
		switch text[i] {
		case ',':
			g.comma = i
			i++
		case '/':
			next, err := skipComment(text, i)
			if err != nil {
				return g // not in a text that was parsed
			}
			g.comments++
			g.last, g.lineComment = span{i, next}, text[i+1] == '/'
			i = next
		default:
			i++
		}
	}
	return g
}

// commentsEnd returns the end of the last comment that begins on the line of an offset and stands there before anything else, or
// the offset. A line of its own can be written there.
func commentsEnd(text []byte, offset int) int {
	for {
		next := skipBlank(text, offset)
		if next == len(text) || text[next] != '/' {
			return offset
		}
		end, err := skipComment(text, next)
		if err != nil {
			return offset
		}
		offset = end
	}
}
