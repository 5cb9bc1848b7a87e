package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// readRule reads a rule. It is good if there are no more problems afterwards.
func (p *parser) readRule(n *yaml.Node) *Rule {
	p.rule = nameIn(n)
	members := p.object(n, "a rule", "name", "description", "unit", "type", "buckets", "match", "value", "when", "labels")
	if members == nil {
		return nil
	}
	r := &Rule{Line: n.Line}
	if r.Name = p.text(p.needed(n, members, "a rule", "name"), "name", maxName); r.Name != "" {
		p.checkName(members["name"], r)
	}
	r.Description = cmp.Or(p.text(members["description"], "description", 500), "A metric of a rule.")
	r.Unit = p.text(members["unit"], "unit", 63)
	if strings.IndexFunc(r.Unit, func(c rune) bool { return c <= ' ' || c > '~' }) >= 0 {
		p.problem(members["unit"], "a unit has neither spaces nor letters beyond ASCII", "for example: s, By, %, {attempt}")
	}
	form := p.oneOf(p.needed(n, members, "a rule", "type"), "type", "counter", "histogram", "gauge")
	r.Form = semconv.Form(form)
	r.Buckets = p.buckets(members["buckets"], r.Form)
	if m := p.needed(n, members, "a rule", "match"); m != nil {
		r.Match = p.match(m)
	}
	if v := members["value"]; v != nil {
		r.Value = p.value(v)
	} else if r.Value = constant(1); r.Form == semconv.Histogram || r.Form == semconv.Gauge {
		p.problem(n, "a rule has no value", "only a counter may leave it out, and counts calls then")
	}
	r.When = p.when(members["when"])
	r.Labels = p.labels(members["labels"])
	if r.Form == semconv.Counter && (r.Value.Scale < 0 || r.Value.Constant != nil && *r.Value.Constant < 0) {
		p.problem(members["value"], "a counter does not take a number below 0", "make it a gauge or a histogram")
	}
	return r
}

// nameIn returns the name of a rule that may have mistakes, if it can be shown.
func nameIn(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && len(n.Content[i+1].Value) <= maxName {
			if why, _ := badName(n.Content[i+1].Value); why == "" {
				return n.Content[i+1].Value
			}
			return ""
		}
	}
	return ""
}

// needed returns a member that must be there.
func (p *parser) needed(n *yaml.Node, members map[string]*yaml.Node, what, name string) *yaml.Node {
	if members[name] == nil {
		p.problem(n, what+" has no "+name, "add: "+name+": …")
	}
	return members[name]
}

func (p *parser) checkName(n *yaml.Node, r *Rule) {
	if why, hint := badName(r.Name); why != "" {
		p.problem(n, why, hint)
		return
	}
	form := prometheusForm(r.Name)
	if line, taken := p.names[form]; taken {
		p.problem(n, fmt.Sprintf("the rule at line %d has this name, or one that is equal to it in Prometheus", line), "choose another one")
		return
	}
	p.names[form] = n.Line
}

func constant(v float64) Value { return Value{Constant: &v, As: AsNumber, Scale: 1} }

// buckets reads the boundaries of a histogram.
func (p *parser) buckets(n *yaml.Node, form semconv.Form) []float64 {
	switch {
	case n == nil:
		return nil
	case form != semconv.Histogram:
		p.problem(n, "only a histogram has buckets", "remove them, or make it type: histogram")
		return nil
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > maxBuckets:
		p.problem(n, fmt.Sprintf("buckets is not a list of 1 to %d numbers", maxBuckets), "for example: [1, 2, 5, 10]")
		return nil
	}
	var all []float64
	for _, item := range n.Content {
		f, ok := number(item)
		if !ok {
			p.problem(item, "a boundary of buckets is not a number", "")
		} else if len(all) > 0 && f <= all[len(all)-1] {
			p.problem(item, "the boundaries of buckets do not increase", "sort them, and remove equal ones")
		}
		all = append(all, f)
	}
	return all
}

// match reads which calls a rule is for.
func (p *parser) match(n *yaml.Node) (m Match) {
	members := p.object(n, "match", "tool", "resource", "prompt", "method", "server")
	given := 0
	for name, to := range map[string]**Glob{
		"tool": &m.Tool, "resource": &m.Resource, "prompt": &m.Prompt, "method": &m.Method, "server": &m.Server,
	} {
		node := members[name]
		if node == nil {
			continue
		}
		if text := p.text(node, name, 512); text != "" {
			*to = newGlob(text)
		} else {
			p.problem(node, name+" is empty", `"*" stands for any name`)
		}
		if name != "server" {
			given++
		}
	}
	if members != nil && given != 1 {
		p.problem(n, "match names not exactly one of tool, resource, prompt and method", `for example: match: {tool: "search_*"}`)
	}
	return m
}

// value reads how the number is found.
func (p *parser) value(n *yaml.Node) Value {
	if n.Kind == yaml.ScalarNode {
		f, ok := number(n)
		if !ok {
			p.problem(n, "value is neither a number nor says where one is", "for example: value: {from: result, path: $.structuredContent.count}")
		}
		return constant(f)
	}
	members := p.object(n, "value", "from", "path", "regex", "as", "scale")
	if members == nil {
		return Value{}
	}
	v := Value{Scale: 1}
	v.Source = p.source(n, members, "value", Arguments, Result, Text, Error)
	v.As = As(cmp.Or(p.oneOf(members["as"], "as", string(AsNumber), string(AsCount), string(AsAge)), string(AsNumber)))
	if s := members["scale"]; s != nil {
		f, ok := number(s)
		if !ok || f == 0 || f > 1e12 || f < -1e12 {
			p.problem(s, "scale is not a number other than 0", "for example, milliseconds to seconds: scale: 0.001")
		}
		v.Scale = f
	}
	return v
}

// source reads where something is found.
func (p *parser) source(n *yaml.Node, members map[string]*yaml.Node, what string, from ...From) (s Source) {
	var words []string
	for _, f := range from {
		words = append(words, string(f))
	}
	s.From = From(p.oneOf(p.needed(n, members, what, "from"), "from", words...))
	path, regex := members["path"], members["regex"]
	if text := p.text(path, "path", 10*maxPath); text != "" {
		var err error
		s.Text = text
		s.pathCost, s.descends = pathCost(text)
		if s.Path, err = compilePath(text); err != nil {
			p.problem(path, "path "+quote(text)+": "+printable(err.Error()), "paths are those of RFC 9535, for example $.items[0].price")
		}
	}
	if text := p.text(regex, "regex", 10*maxRegex); text != "" {
		var err error
		if s.Regex, s.regexCost, err = compileRegex(text); err != nil {
			p.problem(regex, "regex "+quote(text)+": "+printable(err.Error()), "expressions are those of Go's package regexp")
		}
	}
	switch {
	case (s.From == Outcome || s.From == Name) && (path != nil || regex != nil):
		p.problem(n, what+" from "+string(s.From)+" takes neither path nor regex", "remove it")
	case (s.From == Arguments || s.From == Result) && path == nil:
		p.problem(n, what+" from "+string(s.From)+" needs a path", "for example: path: $.count")
	}
	return s
}

// when reads a condition.
func (p *parser) when(n *yaml.Node) *Condition {
	if n == nil {
		return nil
	}
	members := p.object(n, "when", "outcome", "from", "path", "regex", "contains", "equals", "not")
	if members == nil {
		return nil
	}
	c := &Condition{Outcome: p.outcomes(members["outcome"])}
	c.Contains, c.Equals = p.words(members["contains"], "contains"), p.words(members["equals"], "equals")
	if members["from"] != nil {
		s := p.source(n, members, "when", Arguments, Result, Text, Error)
		c.Source = &s
		if members["path"] == nil && members["regex"] == nil && members["contains"] == nil && members["equals"] == nil {
			p.problem(n, "when from "+string(s.From)+" says nothing of it", "add path, regex, contains or equals")
		}
	} else if members["outcome"] == nil || members["path"] != nil || members["regex"] != nil || c.Contains != nil || c.Equals != nil {
		p.problem(n, "when has no from", "add: from: text, or: outcome: ok")
	}
	if not := members["not"]; not != nil {
		c.Not = not.Value == "true"
		if not.ShortTag() != "!!bool" {
			p.problem(not, "not is neither true nor false", "")
		} else if c.Outcome != nil {
			p.problem(not, "not goes with from, and not with outcome", "list the other outcomes")
		}
	}
	return c
}

// outcomes reads one outcome or a list of them.
func (p *parser) outcomes(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	list := n.Content
	if n.Kind == yaml.ScalarNode {
		list = []*yaml.Node{n}
	} else if n.Kind != yaml.SequenceNode || len(list) == 0 {
		p.problem(n, "outcome is not a list of words", "want some of "+strings.Join(outcomes, ", "))
	}
	var all []string
	for _, item := range list {
		all = append(all, p.oneOf(item, "outcome", outcomes...))
	}
	return all
}

// labels reads the labels of a rule's series.
func (p *parser) labels(n *yaml.Node) []Label {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		p.problem(n, "labels is not a list", "begin each label with a dash: - name: …")
		return nil
	case len(n.Content) > maxLabels:
		p.problem(n, fmt.Sprintf("a rule has at most %d labels", maxLabels), "")
		return nil
	}
	var all []Label
	forms := map[string]bool{}
	for _, item := range n.Content {
		members := p.object(item, "a label", "name", "from", "path", "regex", "values")
		if members == nil {
			continue
		}
		l := Label{Name: p.text(p.needed(item, members, "a label", "name"), "name", maxWord)}
		if why, hint := badLabel(l.Name); l.Name != "" && why != "" {
			p.problem(members["name"], why, hint)
		}
		if form := underscored(l.Name); forms[form] && l.Name != "" {
			p.problem(members["name"], "another label has this name", "choose another one")
		} else {
			forms[form] = true
		}
		l.Source = p.source(item, members, "a label", Arguments, Result, Text, Error, Outcome, Name)
		if l.Values = p.words(members["values"], "values"); members["values"] == nil {
			if l.Values = slices.Clone(outcomes); l.Source.From != Outcome {
				p.problem(item, "a label lists no values", `add: values: [low, high]; any other value is exported as "other"`)
			}
		}
		all = append(all, l)
	}
	return all
}
