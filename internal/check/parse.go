package check

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// MaxFile bounds a file of rules, in bytes.
const MaxFile = 256 << 10

// Problem is a mistake in a file of rules.
type Problem struct {
	Line, Column int    // from 1
	Text         string // what is wrong
	Hint         string // the next step; may be empty

	// Word is what is not known, and Known what it may have been meant to be.
	Word  string
	Known []string
}

// Default returns the rules that hold without a file.
func Default() *Rules {
	p := &parser{}
	p.defaults()
	return &p.rules
}

// Parse reads a file of rules. A rule that it does not name has its default. With problems the rules are nil: a budget that is not
// understood must not pass. docs/check.schema.json describes the same form.
func Parse(text []byte) (*Rules, []Problem) {
	p := &parser{}
	if root := p.read(text); root != nil {
		p.top(root)
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, p.problems
	}
	p.defaults()
	return &p.rules, nil
}

// parser reads one file.
type parser struct {
	rules    Rules
	problems []Problem
}

func (p *parser) problem(n *yaml.Node, text, hint string) {
	p.problems = append(p.problems, Problem{Line: max(n.Line, 1), Column: max(n.Column, 1), Text: text, Hint: hint})
}

// unknown reports a word that is not one of those that are known.
func (p *parser) unknown(n *yaml.Node, text, word string, known []string) {
	p.problem(n, text, "want one of "+strings.Join(known, ", "))
	last := &p.problems[len(p.problems)-1]
	last.Word, last.Known = word, known
}

// read returns the root of a file that is one document of YAML.
func (p *parser) read(text []byte) *yaml.Node {
	const begin = "begin with: version: 1"
	if len(text) > MaxFile {
		p.problem(&yaml.Node{}, fmt.Sprintf("the file is larger than %d KiB", MaxFile>>10), "")
		return nil
	}
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && len(first.Content) == 0 {
		p.problem(&yaml.Node{}, "the file is empty", begin)
		return nil
	}
	if err == nil {
		if err = d.Decode(&second); errors.Is(err, io.EOF) {
			return first.Content[0]
		} else if err == nil {
			p.problem(&second, "a file has one document", "remove the line ---")
			return nil
		}
	}
	at, what := &yaml.Node{}, err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Column, what = e.Mark.Line, e.Mark.Column, e.Message
	}
	p.problem(at, "this is no YAML: "+view.Safe(what), "")
	return nil
}

// top reads the top level.
func (p *parser) top(root *yaml.Node) {
	known := []string{"version"}
	for _, r := range All() {
		known = append(known, string(r.Name))
	}
	members := p.members(root, "the file", func(key *yaml.Node) bool {
		if slices.Contains(known, key.Value) {
			return true
		}
		p.unknown(key, "there is no rule "+quoted(key.Value), key.Value, known)
		return false
	})
	version := false
	for _, m := range members {
		if m.key.Value == "version" {
			version = true
			if m.value.Value != "1" || m.value.ShortTag() != "!!int" {
				p.problem(m.value, "want version: 1", "a newer spanpipe may know this version")
			}
			continue
		}
		p.value(rule(Name(m.key.Value)), m.value)
	}
	if !version && len(p.problems) == 0 {
		p.problem(root, "there is no version", "begin with: version: 1")
	}
}

// member is a name with its value.
type member struct{ key, value *yaml.Node }

// members returns those of an object that a function accepts. A name that comes twice is a problem.
func (p *parser) members(n *yaml.Node, what string, accepts func(key *yaml.Node) bool) (all []member) {
	if n.Kind != yaml.MappingNode {
		p.problem(n, what+" is not a list of names and values", "for example: p95: 2s")
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind == yaml.AliasNode || value.Kind == yaml.AliasNode || value.Anchor != "":
			p.problem(key, "anchors and aliases are not supported", `write it out; a pattern is put in quotes: "*"`)
		case key.Kind != yaml.ScalarNode:
			p.problem(key, "a name is not a text", "")
		case slices.ContainsFunc(all, func(m member) bool { return m.key.Value == key.Value }):
			p.problem(key, quoted(key.Value)+" stands here twice", "remove one of them")
		case accepts(key):
			all = append(all, member{key, value})
		}
	}
	return all
}

// value reads the value of a rule.
func (p *parser) value(r Rule, n *yaml.Node) {
	switch {
	case r.Form == Names:
		p.list(r, n)
	case r.Form == Word || r.Form == File:
		p.word(r, n)
	case n.Kind != yaml.MappingNode:
		p.limit(r, everything, n)
	case r.By == "":
		p.problem(n, string(r.Name)+" is one value, and not one for each name", "for example: "+string(r.Name)+": "+r.Example)
	default:
		for _, m := range p.members(n, string(r.Name), func(key *yaml.Node) bool { return p.key(r, key) }) {
			p.limit(r, m.key.Value, m.value)
		}
	}
}

// key reports whether a key is one of a rule's.
func (p *parser) key(r Rule, n *yaml.Node) bool {
	var known []string
	switch r.By {
	case ByClass:
		known = classes()
	case ByKind:
		known = kinds()
	default:
		if n.Value == "" {
			p.problem(n, "a name is empty", `"*" stands for any name`)
		}
		return n.Value != ""
	}
	if slices.Contains(known, n.Value) || n.Value == everything {
		return true
	}
	p.unknown(n, fmt.Sprintf("%s has no %s %s", r.Name, r.By, quoted(n.Value)), n.Value, append(known, everything))
	return false
}

// classes returns the classes of errors.
func classes() (all []string) {
	for _, c := range []record.Class{
		record.InvalidParams, record.NotFound, record.Permission, record.Authentication, record.RateLimited, record.Timeout,
		record.Unavailable, record.Internal, record.ToolError,
	} {
		all = append(all, string(c))
	}
	return all
}

// kinds returns the kinds of violations, less those that are noise.
func kinds() (all []string) {
	for _, v := range semconv.Violations() {
		if !isNoise(record.ViolationKind(v.Kind)) {
			all = append(all, v.Kind)
		}
	}
	return all
}

func (p *parser) limit(r Rule, pattern string, n *yaml.Node) {
	b, problem := parseBudget(r, n)
	if problem != "" {
		p.problem(n, string(r.Name)+": "+problem, "for example: "+string(r.Name)+": "+r.Example+"; off: it is not judged")
		return
	}
	b.Line = n.Line
	p.add(r.Name, limit{pattern, b})
}

func (p *parser) add(name Name, l limit) {
	if p.rules.limits == nil {
		p.rules.limits = map[Name][]limit{}
	}
	p.rules.limits[name] = append(p.rules.limits[name], l)
}

// word reads a word or the name of a file.
func (p *parser) word(r Rule, n *yaml.Node) {
	words := []string{"ok", "zero", off}
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "":
		p.problem(n, string(r.Name)+" is not a "+string(r.Form), "for example: "+string(r.Name)+": "+r.Example)
	case r.Form == Word && !slices.Contains(words, n.Value):
		p.unknown(n, string(r.Name)+": "+quoted(n.Value)+" is not a word of it", n.Value, words)
	case r.Form == Word:
		p.rules.word = Budget{Text: n.Value, Line: n.Line, Off: n.Value == off}
	default:
		p.rules.file = Budget{Text: n.Value, Line: n.Line, Off: n.Value == off}
	}
}

// list reads a list of names.
func (p *parser) list(r Rule, n *yaml.Node) {
	if p.rules.names == nil {
		p.rules.names = map[Name][]listed{}
	}
	if n.Kind == yaml.ScalarNode && n.Value == off {
		return
	}
	if n.Kind != yaml.SequenceNode {
		p.problem(n, string(r.Name)+" is not a list of names", "for example: "+string(r.Name)+": "+r.Example)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Value == "" {
			p.problem(item, string(r.Name)+": a name is not a text", `put a pattern in quotes: "get_*"`)
			continue
		}
		p.rules.names[r.Name] = append(p.rules.names[r.Name], listed{item.Value, item.Line})
	}
}

// defaults adds the budgets that a file does not have.
func (p *parser) defaults() {
	for _, r := range All() {
		switch r.Form {
		case Names:
		case Word:
			if p.rules.word.Text == "" {
				p.rules.word = Budget{Text: r.Default}
			}
		case File:
			if p.rules.file.Text == "" {
				p.rules.file = Budget{Off: true}
			}
		default:
			if !slices.ContainsFunc(p.rules.limits[r.Name], func(l limit) bool { return l.pattern == everything }) {
				b, _ := parseText(r.Form, r.Default) // TestDefaults
				p.add(r.Name, limit{everything, b})
			}
		}
	}
}

// quoted returns what stands in a file, short enough to be shown.
func quoted(s string) string {
	const most = 40
	s = view.Safe(s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return `"` + s + `"`
}
