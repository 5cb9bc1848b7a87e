package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/theory/jsonpath"
	"go.yaml.in/yaml/v4"
)

// RulesError is a mistake in a rules file.
type RulesError struct {
	Line, Column int // from 1
	Text, Hint   string
}

// Error implements error.
func (p *RulesError) Error() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text) }

// ParseRules reads the text of a rules file, which docs/replay.md describes. The error is a *RulesError, the first one. meant
// returns the beginning of a hint that asks for a word which is much like an unknown one, or "".
func ParseRules(text []byte, meant func(word string, known []string) string) (*Rules, error) {
	var document, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return &Rules{}, nil
	}
	if err == nil && !errors.Is(d.Decode(&second), io.EOF) {
		err = errors.New("a rules file has one document")
	}
	if err != nil {
		at := &RulesError{1, 1, "this is no YAML: " + err.Error(), ""}
		if e, ok := errors.AsType[*yaml.LoadError](err); ok {
			at.Line, at.Column, at.Text = max(e.Mark.Line, 1), max(e.Mark.Column, 1), "this is no YAML: "+e.Message
		}
		return nil, at
	}
	p := &parser{meant: meant}
	p.file(document.Content[0])
	if p.problem != nil {
		return nil, p.problem
	}
	return &p.rules, nil
}

// parser reads one file. It keeps the first problem.
type parser struct {
	meant   func(word string, known []string) string
	rules   Rules
	problem *RulesError
}

func (p *parser) fail(n *yaml.Node, text, hint string) {
	if p.problem == nil {
		p.problem = &RulesError{max(n.Line, 1), max(n.Column, 1), text, hint}
	}
}

func (p *parser) file(root *yaml.Node) {
	members := p.object(root, "the file", "version", "normalise", "ignore", "replace", "unordered")
	if v := members["version"]; v != nil && v.Value != "1" {
		p.fail(v, "want version: 1", "a newer spanpipe may know this version")
	}
	if n := members["normalise"]; n != nil {
		p.normalise(n)
	}
	for _, n := range p.list(members["ignore"], "ignore") {
		rule := p.place(n, "a rule of ignore")
		if rule.path == nil && rule.Method == "" && rule.Tool == "" {
			p.fail(n, "a rule of ignore names nothing", "give it a path, a method or a tool")
		}
		p.rules.Ignore = append(p.rules.Ignore, rule)
	}
	for _, n := range p.list(members["unordered"], "unordered") {
		rule := p.place(n, "a rule of unordered")
		if rule.path == nil {
			p.fail(n, "a rule of unordered has no path", "for example: path: $.structuredContent.items")
		}
		p.rules.Unordered = append(p.rules.Unordered, rule)
	}
	for _, n := range p.list(members["replace"], "replace") {
		p.replacement(n)
	}
}

// normalise reads which normalisations are switched off.
func (p *parser) normalise(n *yaml.Node) {
	members := p.object(n, "normalise", Normalisations()...)
	for _, name := range Normalisations() {
		v := members[name]
		switch {
		case v == nil:
		case v.ShortTag() != "!!bool":
			p.fail(v, name+" is neither true nor false", "for example: "+name+": false")
		case strings.EqualFold(v.Value, "false"):
			p.rules.Off = append(p.rules.Off, name)
		}
	}
}

// place reads a rule of ignore or unordered.
func (p *parser) place(n *yaml.Node, what string) (rule Place) {
	members := p.object(n, what, "path", "method", "tool")
	rule.Filter = p.filter(members)
	v := members["path"]
	if v == nil {
		return rule
	}
	var err error
	if rule.path, err = jsonpath.Parse(p.text(v, "path")); err != nil {
		p.fail(v, fmt.Sprintf("path %q is no JSONPath: %s", v.Value, strings.TrimPrefix(err.Error(), "jsonpath: ")),
			"for example: $.content[0].text, or $.structuredContent..updatedAt")
	}
	return rule
}

func (p *parser) replacement(n *yaml.Node) {
	members := p.object(n, "a rule of replace", "regex", "with", "method", "tool")
	rule := Replacement{Filter: p.filter(members)}
	v := members["regex"]
	if v == nil || members["with"] == nil {
		p.fail(n, "a rule of replace needs regex and with", `for example: {regex: 'build [0-9a-f]+', with: build}`)
		return
	}
	var err error
	if rule.regex, err = regexp.Compile(p.text(v, "regex")); err != nil {
		p.fail(v, fmt.Sprintf("the regular expression does not compile: %v", err), "the syntax is that of Go's package regexp")
		return
	}
	if rule.regex.MatchString("") {
		p.fail(v, "the regular expression matches the empty text", "use + in the place of *")
	}
	rule.with = p.text(members["with"], "with")
	p.rules.Replace = append(p.rules.Replace, rule)
}

// filter reads what a rule holds for.
func (p *parser) filter(members map[string]*yaml.Node) Filter {
	var f Filter
	for name, to := range map[string]*string{"method": &f.Method, "tool": &f.Tool} {
		if n := members[name]; n != nil {
			*to = p.text(n, name)
			if _, err := path.Match(*to, ""); err != nil {
				p.fail(n, fmt.Sprintf("%s %q is no pattern", name, *to), "for example: notifications/*")
			}
		}
	}
	return f
}

// object returns the members of an object.
func (p *parser) object(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		p.fail(n, what+" is not a list of names and values", "it has: "+strings.Join(known, ", "))
		return nil
	}
	members := map[string]*yaml.Node{}
	for pair := range slices.Chunk(n.Content, 2) {
		switch key := pair[0]; {
		case !slices.Contains(known, key.Value):
			p.fail(key, fmt.Sprintf("%s has no %q", what, key.Value), p.meant(key.Value, known)+"it has: "+strings.Join(known, ", "))
		case members[key.Value] != nil:
			p.fail(key, key.Value+" stands here twice", "remove one of them")
		default:
			members[key.Value] = pair[1]
		}
	}
	return members
}

// list returns the elements of a list, which may be absent.
func (p *parser) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		p.fail(n, what+" is not a list", "begin each rule with a dash")
		return nil
	}
	return n.Content
}

func (p *parser) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		p.fail(n, what+" is not a text", "put it in quotes")
	}
	return n.Value
}
