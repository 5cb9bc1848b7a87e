package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// State is what has become of a rule.
type State string

// The states.
const (
	Passed    State = "passed"
	Failed    State = "failed"
	NotJudged State = "not_judged"
)

// Result is what a rule says about one session, or about one thing in it.
type Result struct {
	Rule     Name
	Name     string   // the tool, class, kind or definition that it is about; empty: the session
	Sessions []string // of p95 there may be several, else one
	State    State

	// Value and Budget are in Unit, which is one of UCUM: s, By, {token}; of a share 1. Of a rule without numbers, Unit is empty.
	Value, Budget float64
	Unit          string

	Measured, Allowed string   // the same for people: "812ms"
	Details           []string // what was seen and where, a line each
	Operations        []uint64 // that it is about, the most important first, at most mostOperations
	Next              string   // what to do about it; empty if the details say it
	Why               string   // of NotJudged
	Line              int      // of the budget in the file of rules; 0: it is a default
}

// Title returns what the result is about: "p95 get_forecast". It is safe for a terminal.
func (r *Result) Title() string { return strings.TrimSpace(string(r.Rule) + " " + view.Safe(r.Name)) }

// mostOperations is how many operations a result names.
const mostOperations = 5

// Judge holds sessions to rules. Each is judged alone, but for p95: percentiles are over the calls of all sessions of a server. The
// baseline is what a server has to offer; nil if there is none. The results are in the order of All.
func Judge(rules *Rules, baseline *Definitions, all []*conversation.Conversation) []Result {
	return judgeAll(judge{rules: rules}, baseline, all)
}

func judgeAll(with judge, baseline *Definitions, all []*conversation.Conversation) (results []Result) {
	for _, c := range all {
		j := with
		j.session = c
		j.startup()
		j.failures()
		j.unanswered()
		j.violations()
		j.exit()
		j.results()
		j.context()
		j.tools()
		j.baseline(baseline)
		results = append(results, j.out...)
	}
	results = append(results, percentiles(with.rules, all)...)
	order := map[Name]int{}
	for i, r := range All() {
		order[r.Name] = i
	}
	slices.SortStableFunc(results, func(a, b Result) int { return cmp.Compare(order[a.Rule], order[b.Rule]) })
	return results
}

// judge judges one session.
type judge struct {
	rules   *Rules
	session *conversation.Conversation
	out     []Result

	measures bool // all that is known counts, also if there may have been more
}

// measured is something that was measured, for a rule to judge.
type measured struct {
	name       string
	value      float64
	details    []string
	operations []uint64
	next       string
}

// budget adds the result for something that was measured, unless its rule is off.
func (j *judge) budget(rule Name, m measured) {
	if r, ok := judged(rule, j.rules.of(rule, m.name), m); ok {
		r.Sessions = []string{j.session.Name}
		j.out = append(j.out, r)
	}
}

// judged compares what was measured with its budget.
func judged(name Name, b Budget, m measured) (Result, bool) {
	r := rule(name)
	out := Result{
		Rule: name, Name: m.name, State: Passed, Value: m.value, Budget: b.Max, Unit: r.unit,
		Measured: shown(r, m.value, b.Share), Allowed: allowed(r, b.Max, b.Share),
		Details: m.details, Operations: m.operations[:min(len(m.operations), mostOperations)], Next: m.next, Line: b.Line,
	}
	if b.Share {
		out.Unit = "1"
	}
	if m.value > b.Max {
		out.State = Failed
	}
	return out, !b.Off
}

// word adds the result of a rule that has no number.
func (j *judge) word(name Name, about string, ok bool, r Result) {
	r.Rule, r.Name, r.Sessions, r.State = name, about, []string{j.session.Name}, Passed
	if !ok {
		r.State = Failed
	}
	j.out = append(j.out, r)
}

// unjudged adds a rule that cannot be judged, unless it is off.
func (j *judge) unjudged(name Name, about string, b Budget, why string) {
	if !b.Off {
		j.out = append(j.out, Result{Rule: name, Name: about, Sessions: []string{j.session.Name}, State: NotJudged, Why: why, Line: b.Line})
	}
}

// stored reports that the session is of the store, which has the first violation of each kind and no texts.
func (j *judge) stored() bool { return j.session.Recording == nil }

// requests returns the client's requests.
func requests(c *conversation.Conversation) (all []*record.Operation) {
	for i := range c.Records.Operations {
		if op := &c.Records.Operations[i]; op.Direction == record.ToServer {
			all = append(all, op)
		}
	}
	return all
}

// called returns what a call is called in a file of rules: a tool by its name.
func called(op *record.Operation) string {
	if op.Target != "" && op.Method == semconv.ToolsCall {
		return op.Target
	}
	return strings.TrimSpace(op.Method + " " + cmp.Or(op.Target, op.Resource))
}

// group is operations of which the same is to be said.
type group struct {
	text string
	ops  []uint64
}

// groups collects operations by what is said of them.
type groups []group

func (g *groups) add(text string, op uint64) {
	i := slices.IndexFunc(*g, func(one group) bool { return one.text == text })
	if i < 0 {
		i = len(*g)
		*g = append(*g, group{text: text})
	}
	if op > 0 {
		(*g)[i].ops = append((*g)[i].ops, op)
	}
}

// lines returns a line for each group, with its operations.
func (g groups) lines() (lines []string) {
	for _, one := range g {
		lines = append(lines, one.text+at(one.ops))
	}
	return lines
}

// at says which operations something is about: " (operations 3, 5 and 4 more)".
func at(ops []uint64) string {
	if len(ops) == 0 {
		return ""
	}
	var numbers []string
	for _, n := range ops[:min(len(ops), mostOperations)] {
		numbers = append(numbers, fmt.Sprint(n))
	}
	text := " (operation"
	if len(ops) > 1 {
		text += "s"
	}
	text += " " + strings.Join(numbers, ", ")
	if more := len(ops) - len(numbers); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ")"
}
