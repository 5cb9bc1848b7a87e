package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/namedfile"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/rules"
)

// This file reads the file of SPANPIPE_METRIC_RULES, and says in words what its rules take from calls.

const (
	// startBound is how long the file may delay the start of a server. It may be on a network that has gone.
	startBound = 500 * time.Millisecond
	// checkBound is the same for a person who waits for nothing else.
	checkBound = 10 * time.Second
)

// ruleFile is a file of metric rules that was read.
type ruleFile struct {
	name     string // as it is shown
	set      *rules.Set
	problems []rules.Problem
	err      error // it could not be read
}

// readRules reads a file of metric rules, for as long as it may take. Of that, something may have been spent on other files.
func (a *app) readRules(name string, bound, spent time.Duration) ruleFile {
	if rest, ok := strings.CutPrefix(name, "~/"); ok { // clients do not expand it
		home, _ := getenv(a.Environ, "HOME")
		profile, _ := getenv(a.Environ, "USERPROFILE") // Windows'
		name = filepath.Join(cmp.Or(home, profile), rest)
	}
	file := ruleFile{name: a.tilde(name), set: &rules.Set{}}
	text, err := namedfile.Within(bound-spent, namedfile.Slow(bound), func() ([]byte, error) {
		text, _, err := namedfile.Read(name, rules.MaxFile)
		return text, err
	})
	if file.err = err; err == nil {
		file.set, file.problems = rules.Parse(text)
	}
	return file
}

// metricRules begins to read the rules for a session, and returns what waits for them: nil without any.
func (a *app) metricRules(policy consent.Policy) (wait func() *rules.Set) {
	name := a.options.metricRules
	if name == "" || !policy.On() {
		return func() *rules.Set { return nil }
	}
	read := begin(func() ruleFile { return a.readRules(name, startBound, a.fleetWait) })
	return func() *rules.Set { return a.reportRules(read()) }
}

// reportRules returns the rules of a file. One that cannot be read, and each rule that is wrong, is a warning: the others work.
func (a *app) reportRules(file ruleFile) *rules.Set {
	if file.err != nil {
		a.warn("no metric rules: " + a.setting("SPANPIPE_METRIC_RULES").source + " names " + file.name + ": " + file.err.Error())
		return nil
	}
	const most = 5
	for i, p := range file.problems {
		if i == most {
			a.warn(fmt.Sprintf("%s: %d more problems; to see them: spanpipe metrics check %s", file.name, len(file.problems)-most, file.name))
			break
		}
		a.warn("ignoring a metric rule: " + file.name + ":" + p.String())
	}
	if problem := a.fleet.allowedRules(&file); problem != "" {
		a.warn(problem)
	}
	return file.set
}

// json describes the rules of a file.
func (f ruleFile) json() *jsonRules {
	out := &jsonRules{File: f.name, Rules: []jsonRule{}, Problems: []jsonRuleProblem{}}
	if f.err != nil {
		out.Error = f.err.Error()
	}
	for _, r := range f.set.Rules {
		one := jsonRule{
			Name: r.Name, Line: r.Line, Type: string(r.Form), Unit: r.Unit, Match: matchText(&r.Match), Value: valueText(&r.Value),
			When: whenText(r.When), Labels: []jsonLabel{},
		}
		for i := range r.Labels {
			l := &r.Labels[i]
			one.Labels = append(one.Labels, jsonLabel{l.Name, sourceText(&l.Source), l.Values})
		}
		out.Rules = append(out.Rules, one)
	}
	for _, p := range f.problems {
		out.Problems = append(out.Problems, jsonRuleProblem(p))
	}
	return out
}

// lines returns what the rules take, for people. There may be no rules.
func (j *jsonRules) lines() []string {
	if j == nil {
		return nil
	}
	if j.Error != "" {
		return []string{"none: " + j.File + ": " + j.Error}
	}
	var lines []string
	for _, r := range j.Rules {
		line := fmt.Sprintf("%s (%s), from %s: %s", r.Name, r.Type, r.Match, r.Value)
		if r.When != "" {
			line += ", when " + r.When
		}
		for _, l := range r.Labels {
			line += fmt.Sprintf("; label %s: %s or other", l.Name, strings.Join(l.Values, ", "))
		}
		lines = append(lines, line)
	}
	if n := len(j.Problems); n > 0 {
		lines = append(lines, view.Plural(n, "problem")+" in "+j.File+": spanpipe metrics check "+j.File)
	}
	return append(lines, "from the file "+j.File+" (SPANPIPE_METRIC_RULES)")
}

// matchText says which calls a rule is for.
func matchText(m *rules.Match) string {
	text := ""
	for _, one := range []struct {
		what string
		name *rules.Glob
	}{{"tool", m.Tool}, {"resource", m.Resource}, {"prompt", m.Prompt}, {"method", m.Method}, {"of server", m.Server}} {
		if one.name != nil {
			text += " " + one.what + " " + one.name.Text
		}
	}
	return strings.TrimSpace(text)
}

// valueText says which number a rule takes.
func valueText(v *rules.Value) string {
	if v.Constant != nil {
		if *v.Constant == 1 {
			return "calls"
		}
		return fmt.Sprintf("%g for each call", *v.Constant)
	}
	text := map[rules.As]string{
		rules.AsNumber: "the number", rules.AsCount: "how often there is something", rules.AsAge: "the seconds since the time",
	}[v.As] + " at " + sourceText(&v.Source)
	if v.Scale != 1 {
		text += fmt.Sprintf(", times %g", v.Scale)
	}
	return text
}

// sourceText says where something is found.
func sourceText(s *rules.Source) string {
	text := string(s.From)
	if s.Path != nil {
		text += " " + s.Text
	}
	if s.Regex != nil {
		text += " /" + s.Regex.String() + "/"
	}
	return text
}

// whenText says which calls count.
func whenText(c *rules.Condition) string {
	if c == nil {
		return ""
	}
	var parts []string
	if c.Outcome != nil {
		parts = append(parts, "outcome is "+strings.Join(c.Outcome, " or "))
	}
	if c.Source != nil {
		is, contains := " is ", " contains "
		if c.Not {
			is, contains = " is not ", " does not contain "
		}
		text := sourceText(c.Source)
		switch {
		case c.Contains == nil && c.Equals == nil:
			text += is + "there"
		case c.Contains != nil:
			text += contains + strings.Join(slices.Concat(c.Contains, c.Equals), " or ")
		default:
			text += is + strings.Join(c.Equals, " or ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}
