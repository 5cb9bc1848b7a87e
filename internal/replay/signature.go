package replay

import (
	"slices"
	"strings"
)

// signature returns a value in a form that is the same for values that are not different: members sorted, numbers in one spelling,
// and what differs from run to run replaced.
func (n *normaliser) signature(v *value, on *side, where scope) string {
	if v == nil {
		return ""
	}
	var out strings.Builder
	n.sign(&out, v, on, where)
	return out.String()
}

func (n *normaliser) sign(out *strings.Builder, v *value, on *side, where scope) {
	switch {
	case v.kind == '"' && v.parsed != nil:
		out.WriteString("text:")
		n.sign(out, v.parsed, on, where)
	case v.kind == '"':
		text, found := n.text(v.text, on, where)
		out.WriteString(quoted(text))
		n.signPartners(out, found, on)
	case v.kind == '0':
		out.WriteString(n.number(v.text, on))
	case v.kind == '{':
		order := make([]int, len(v.names))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(v.names[a], v.names[b]) })
		out.WriteByte('{')
		for _, i := range order {
			out.WriteString(quoted(v.names[i]) + ":")
			if item := v.items[i]; item.kind == '"' && isOpaque(v.names[i]) && n.rules.normalises("opaque") {
				n.signPartners(out, []identity{{v.names[i], item.text}}, on)
			} else {
				n.sign(out, item, on, where)
			}
			out.WriteByte(',')
		}
		out.WriteByte('}')
	case v.kind == '[':
		out.WriteByte('[')
		for _, item := range v.items {
			n.sign(out, item, on, where)
			out.WriteByte(',')
		}
		out.WriteByte(']')
	default:
		out.WriteString(v.text)
	}
}

// signPartners adds what on the fresh side stands for each of some parts of a text, as far as that is known.
func (n *normaliser) signPartners(out *strings.Builder, found []identity, on *side) {
	if !n.partnered {
		return
	}
	for _, one := range found {
		key := on.key(one)
		if partner, known := n.partners[key]; known && !on.isFresh {
			key = partner
		} else if !known {
			key = ""
		}
		out.WriteString(quoted(key))
	}
}

// number returns a number in one spelling, or the word for a time.
func (n *normaliser) number(number string, on *side) string {
	if n.rules.normalises("times") && epoch.FindString(number) == number {
		if word := on.epoch(number); word != number {
			return word
		}
	}
	return canonical(number)
}
