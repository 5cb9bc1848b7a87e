package edit

import (
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Text returns a new string.
func Text(s string) *Node { return &Node{Kind: String, Text: s} }

// Strings returns a new list of strings.
func Strings(s ...string) *Node {
	list := &Node{Kind: List}
	for _, item := range s {
		list.Items = append(list.Items, Text(item))
	}
	return list
}

// Object returns a new map.
func Object(m ...*Member) *Node { return &Node{Kind: Map, Members: m} }

// Pair returns a member of a new map.
func Pair(name, value string) *Member { return &Member{Name: name, Value: Text(value)} }

// writable reports what cannot be written in any format. A string of a file may have halves of surrogate pairs, which
// clients that cut texts write, but they are not written again.
func (n *Node) writable() error {
	if n == nil {
		return errors.New("there is no value to write")
	}
	if !utf8.ValidString(n.Text) {
		return errors.New("a text that is not valid Unicode cannot be written")
	}
	for _, item := range n.Items {
		if err := item.writable(); err != nil {
			return err
		}
	}
	for i, m := range n.Members {
		if !utf8.ValidString(m.Name) {
			return errors.New("a name that is not valid Unicode cannot be written")
		}
		if slices.ContainsFunc(n.Members[:i], func(other *Member) bool { return other.Name == m.Name }) {
			return errors.New("a map cannot have two values of the same name")
		}
		if err := m.Value.writable(); err != nil {
			return err
		}
	}
	return nil
}

// member returns a member of a Map, or nil.
func (n *Node) member(name string) *Member {
	if i := n.memberIndex(name); i >= 0 {
		return n.Members[i]
	}
	return nil
}

func (n *Node) memberIndex(name string) int {
	return slices.IndexFunc(n.Members, func(m *Member) bool { return m.Name == name })
}

// itemIndex returns which item of a List an element of a path means, or -1.
func (n *Node) itemIndex(element string) int {
	i, err := strconv.Atoi(element)
	if err != nil || i < 0 || i >= len(n.Items) || strconv.Itoa(i) != element {
		return -1
	}
	return i
}

func (n *Node) get(p Path) *Node {
	for _, element := range p {
		switch i := n.itemIndex(element); {
		case n.Kind == List && i >= 0:
			n = n.Items[i]
		case n.Kind == Map && n.member(element) != nil:
			n = n.member(element).Value
		default:
			return nil
		}
	}
	return n
}

// with returns the tree in which change was applied to the value at p. A value that is not there yet, nil to change, becomes
// the last member of its map; nil from change removes the member.
func (n *Node) with(p Path, change func(*Node) *Node) *Node {
	if len(p) == 0 {
		return change(n)
	}
	changed := *n
	if n.Kind == List {
		changed.Items = slices.Clone(n.Items)
		i := n.itemIndex(p[0])
		changed.Items[i] = n.Items[i].with(p[1:], change)
		return &changed
	}
	changed.Members = slices.Clone(n.Members)
	i := n.memberIndex(p[0])
	if i < 0 {
		changed.Members = append(changed.Members, &Member{Name: p[0], Value: change(nil)})
		return &changed
	}
	value := n.Members[i].Value.with(p[1:], change)
	if value == nil {
		changed.Members = slices.Delete(changed.Members, i, i+1)
	} else {
		changed.Members[i] = &Member{Name: p[0], Value: value}
	}
	return &changed
}

// equal reports whether two trees have the same values. The order of members does not count: a new value of a TOML table
// stands before the tables below it.
func (n *Node) equal(other *Node) bool {
	if n.Kind != other.Kind || n.Text != other.Text || len(n.Members) != len(other.Members) {
		return false
	}
	if !slices.EqualFunc(n.Items, other.Items, (*Node).equal) {
		return false
	}
	for i, m := range n.Members {
		match := other.Members[i]
		if match.Name != m.Name {
			match = other.member(m.Name)
		}
		if match == nil || !m.Value.equal(match.Value) {
			return false
		}
	}
	return true
}
