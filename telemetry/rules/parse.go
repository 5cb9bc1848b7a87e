package rules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Problem is a mistake in a file.
type Problem struct {
	Line, Column int    // from 1
	Rule         string // the rule's name, if it has one that can be shown
	Text         string // what is wrong
	Hint         string // the next step; may be empty
}

// String returns a problem as one line.
func (p Problem) String() string {
	text := fmt.Sprintf("%d:%d: ", p.Line, p.Column)
	if p.Rule != "" {
		text += p.Rule + ": "
	}
	text += p.Text
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Parse reads the text of a file. A rule with a problem is left out, and the others work. The set is never nil.
func Parse(text []byte) (*Set, []Problem) {
	p := &parser{names: map[string]int{}}
	if root := p.read(text); root != nil {
		p.file(root)
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &p.set, p.problems
}

// parser reads one file.
type parser struct {
	set      Set
	problems []Problem
	names    map[string]int // lines, by names in the form of Prometheus
	rule     string         // the name of the one that is being read
}

// read returns the root of a file that is YAML.
func (p *parser) read(text []byte) *yaml.Node {
	if len(text) > MaxFile {
		p.at(1, 1, fmt.Sprintf("the file is larger than %d KiB", MaxFile>>10), "nothing of it is used; split what it measures")
		return nil
	}
	var document, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		p.at(1, 1, "the file is empty", "begin with: rules:")
		return nil
	}
	if err == nil {
		if err = d.Decode(&second); errors.Is(err, io.EOF) {
			return document.Content[0]
		} else if err == nil {
			p.problem(&second, "a file has one document", "remove the line ---")
			return nil
		}
	}
	line, column, what := 1, 1, err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, column, what = max(e.Mark.Line, 1), max(e.Mark.Column, 1), e.Message
	}
	p.at(line, column, "this is no YAML: "+printable(what), "nothing of the file is used until that is corrected")
	return nil
}

func (p *parser) at(line, column int, text, hint string) {
	const most = 200
	if len(p.problems) < most {
		p.problems = append(p.problems, Problem{line, column, p.rule, text, strings.TrimSpace(hint)})
	}
}

// problem reports a problem at a node.
func (p *parser) problem(n *yaml.Node, text, hint string) {
	p.at(max(n.Line, 1), max(n.Column, 1), text, hint)
}

// file reads the top level.
func (p *parser) file(root *yaml.Node) {
	members := p.object(root, "the file", "version", "rules")
	if v := members["version"]; v != nil && (v.Value != "1" || v.ShortTag() != "!!int") {
		p.problems = nil // what is unknown here may be known there
		p.problem(v, "want version: 1", "a newer spanpipe may know this version")
		return
	}
	list := members["rules"]
	switch {
	case members == nil:
		return
	case list == nil:
		p.problem(root, "there is no list of rules", "begin with: rules:")
		return
	case list.Kind != yaml.SequenceNode:
		p.problem(list, "rules is not a list", "begin each rule with a dash: - name: …")
		return
	}
	for i, n := range list.Content {
		if i == MaxRules {
			p.problem(n, fmt.Sprintf("a file has at most %d rules", MaxRules), "this one and those after it are left out")
			return
		}
		before := len(p.problems)
		r := p.readRule(n)
		if len(p.problems) == before {
			p.set.Rules = append(p.set.Rules, r)
		}
		p.rule = ""
	}
}

// object returns the members of an object. What it does not know is a problem, as is a member that comes twice. It returns nil
// if the node is no object.
func (p *parser) object(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		p.problem(n, what+" is not a list of names and values", "it has: "+strings.Join(known, ", "))
		return nil
	}
	members := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			p.problem(key, what+" has no "+quote(key.Value), didYouMean(key.Value, known)+"it has: "+strings.Join(known, ", "))
		case members[key.Value] != nil:
			p.problem(key, key.Value+" stands here twice", "remove one of them")
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			p.problem(value, "anchors and aliases are not supported", "write it out")
			members[key.Value] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: value.Line, Column: value.Column}
		default:
			members[key.Value] = value
		}
	}
	return members
}

// text returns a text, and "" if the node is absent. Any other node is a problem.
func (p *parser) text(n *yaml.Node, what string, most int) string {
	switch {
	case n == nil:
		return ""
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		p.problem(n, what+" is not a text", "put it in quotes")
	case len(n.Value) > most:
		p.problem(n, fmt.Sprintf("%s has more than %d bytes", what, most), "")
	case strings.IndexFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) >= 0:
		p.problem(n, what+" has a character that cannot be shown", "remove it")
	default:
		return n.Value
	}
	return ""
}

// number returns the number that a node is.
func number(n *yaml.Node) (float64, bool) {
	if tag := n.ShortTag(); n.Kind != yaml.ScalarNode || tag != "!!int" && tag != "!!float" {
		return 0, false
	}
	return parseNumber(n.Value)
}

// oneOf returns a text of a list, and "" if the node is absent.
func (p *parser) oneOf(n *yaml.Node, what string, words ...string) string {
	v := p.text(n, what, maxWord)
	if n != nil && v != "" && !slices.Contains(words, v) {
		p.problem(n, what+" "+quote(v)+": want one of "+strings.Join(words, ", "), didYouMean(v, words))
		return ""
	}
	return v
}

// words returns a list of texts, or nil if the node is absent.
func (p *parser) words(n *yaml.Node, what string) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		p.problem(n, what+" is not a list of words", "for example: ["+"low, high]")
		return nil
	case len(n.Content) > maxWords:
		p.problem(n, fmt.Sprintf("%s lists more than %d words", what, maxWords), "")
		return nil
	}
	var words []string
	for _, item := range n.Content {
		text := *item
		if tag := item.ShortTag(); tag == "!!int" || tag == "!!float" || tag == "!!bool" {
			text.Tag = "!!str" // as it is written
		}
		before := len(p.problems)
		w := p.text(&text, "a word of "+what, maxWord)
		if strings.TrimSpace(w) == "" && len(p.problems) == before {
			p.problem(item, "a word of "+what+" is empty", "")
		}
		words = append(words, w)
	}
	return words
}

// quote returns what stands in the file, short enough to be shown.
func quote(s string) string {
	const most = 40
	s = printable(s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return `"` + s + `"`
}

// printable returns a text without what could harm a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x202e || r == 0x2028 || r == 0x2029 || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
}

// didYouMean returns the beginning of a hint if a word is much like one that is known.
func didYouMean(word string, known []string) string {
	for _, k := range known {
		if alike(strings.ToLower(word), k) {
			return "did you mean " + k + "? "
		}
	}
	return ""
}

// alike reports whether two words differ by one letter that is wrong, missing, too much, or in the place of its neighbor.
func alike(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	a, b = a[i:], b[i:]
	switch {
	case len(a) == 0 && len(b) == 0, len(a)+len(b) == 1:
		return true
	case len(a) == 0 || len(b) == 0:
		return false
	}
	swapped := len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
	return a[1:] == b[1:] || a[1:] == b || a == b[1:] || swapped
}
