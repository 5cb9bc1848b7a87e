package rules

import (
	"regexp"

	"github.com/theory/jsonpath"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// The bounds of a file and of its rules.
const (
	MaxFile    = 64 << 10  // bytes of a file
	MaxRules   = 50        // rules of a file
	MaxSeries  = 200       // combinations of labels of a rule; of further ones each label is Other
	MaxContent = 256 << 10 // bytes of arguments, of a result or of an error that are looked at

	maxLabels  = 8        // of a rule
	maxWords   = 50       // that a label or a condition lists
	maxWord    = 64       // bytes of such a word
	maxBuckets = 50       // boundaries of a histogram
	maxName    = 200      // bytes of a metric's name; OpenTelemetry allows 255, and Prometheus appends the unit
	maxText    = 16 << 10 // bytes of a text that a regular expression sees
	maxValues  = 100      // values that one message gives a rule
	maxPath    = 256      // bytes of a path
	maxRegex   = 512      // bytes of a regular expression
	maxProgram = 200      // instructions of a compiled one: what it costs for each byte of a text
	// maxWork bounds what all rules together may cost for a message, in steps of some ten nanoseconds. What a step of a rule may
	// cost is known before it is taken. The relay does not wait for any of it.
	maxWork = 1 << 25
	// maxNumber bounds values, so that no sum of them can become infinite.
	maxNumber = 1e100
)

// Other stands for every value of a label that its rule does not list.
const Other = "other"

// Set is the rules of a file.
type Set struct{ Rules []*Rule }

// Rule describes one metric, and how it is measured.
type Rule struct {
	Name        string
	Description string
	Unit        string
	Form        semconv.Form
	Buckets     []float64 // of a histogram; nil means the default
	Match       Match
	Value       Value
	When        *Condition // nil: always
	Labels      []Label
	Line        int // where it stands in the file
}

// Match selects the client's requests. Of Tool, Resource, Prompt and Method exactly one is set.
type Match struct {
	Tool, Resource, Prompt, Method *Glob
	Server                         *Glob // nil: every server
}

// From is the part of a call that something is taken from.
type From string

// The parts of a call.
const (
	Arguments From = "arguments" // params.arguments
	Result    From = "result"    // the whole result
	Text      From = "text"      // the texts in the result
	Error     From = "error"     // the message of an error, or the texts of a result with isError
	Outcome   From = "outcome"   // how the call ended: ok, failed, bad_request or cancelled
	Name      From = "name"      // the name of the tool or prompt
)

// Source finds values in a part of a call.
type Source struct {
	From  From
	Path  *jsonpath.Path // nil: the texts themselves
	Text  string         // the path as the file has it
	Regex *regexp.Regexp // nil: what the path has found

	pathCost  int  // steps for each node
	descends  bool // the path has .., which costs that for each node and each level above it
	regexCost int  // steps for each byte
}

// As is what is made of what a source has found.
type As string

// What can be made of it.
const (
	AsNumber As = "number"
	AsCount  As = "count" // how much was found
	AsAge    As = "age"   // the seconds since a time
)

// Value is how a rule's number is found.
type Value struct {
	Constant *float64 // else Source
	Source   Source
	As       As
	Scale    float64 // what it is multiplied by
}

// Condition decides whether a call counts.
type Condition struct {
	Outcome  []string // nil: any
	Source   *Source  // nil: none is needed
	Contains []string // one of them stands in what was found; if both this and Equals are nil, anything was found
	Equals   []string // one of them is what was found
	Not      bool
}

// Label is an attribute of a rule's series.
type Label struct {
	Name   string
	Source Source
	Values []string // its values; any other is Other
}

// late reports whether a source needs the end of the call.
func (s *Source) late() bool { return s.From != Arguments && s.From != Name }

// late reports whether a rule needs the end of the call.
func (r *Rule) late() bool {
	if r.Value.Constant == nil && r.Value.Source.late() || r.When != nil && r.When.late() {
		return true
	}
	for i := range r.Labels {
		if r.Labels[i].Source.late() {
			return true
		}
	}
	return false
}

func (c *Condition) late() bool { return c.Outcome != nil || c.Source != nil && c.Source.late() }

// wants reports whether a rule looks at arguments, or at what answers them.
func (r *Rule) wants() (arguments, response bool) {
	sources := []*Source{&r.Value.Source}
	if r.Value.Constant != nil {
		sources = nil
	}
	if r.When != nil && r.When.Source != nil {
		sources = append(sources, r.When.Source)
	}
	for i := range r.Labels {
		sources = append(sources, &r.Labels[i].Source)
	}
	for _, s := range sources {
		switch s.From {
		case Arguments:
			arguments = true
		case Result, Text, Error:
			response = true
		}
	}
	return arguments, response
}

// Wants reports whether one of the rules looks at arguments, or at what answers them. What is not wanted need not be
// copied.
func (s *Set) Wants() (arguments, response bool) {
	for _, r := range s.Rules {
		a, b := r.wants()
		arguments, response = arguments || a, response || b
	}
	return arguments, response
}

// Glob is a name in which * stands for anything.
type Glob struct {
	Text  string
	match *regexp.Regexp // nil: the text itself
}

// Matches reports whether a name is meant.
func (g *Glob) Matches(name string) bool {
	if g.match == nil {
		return g.Text == name
	}
	return g.match.MatchString(name)
}
