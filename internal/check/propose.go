package check

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Propose returns a file of rules that the sessions pass: what was measured in them, with room for machines that are slower and for
// a server that grows a little. Of counts there is no room.
func Propose(all []*conversation.Conversation) string {
	var names []string
	for _, c := range all {
		names = append(names, view.Safe(c.Name))
	}
	p := proposal{results: judgeAll(judge{rules: unlimited(), measures: true}, nil, all)}
	var out strings.Builder
	out.WriteString(comment(`The budgets of "spanpipe check", which docs/check.md describes. A rule that is not here has its default.`) +
		comment("Made from "+strings.Join(names, ", ")+": with twice the time, twice the results, and a tenth more of definitions.") +
		"version: 1\n")
	for _, r := range All() {
		out.WriteString("\n" + comment(r.About+".") + p.rule(r, all))
	}
	return out.String()
}

// comment returns a text as lines of a comment.
func comment(text string) string {
	const columns = 80
	return "# " + strings.ReplaceAll(view.Fold(text, "  ", columns), "\n  ", "\n# ") + "\n"
}

// unlimited returns rules under which everything is measured and passes.
func unlimited() *Rules {
	rules := Default()
	for name := range rules.limits {
		rules.limits[name] = []limit{{everything, Budget{Max: mostCounted}}}
	}
	rules.limits[MinCalls] = []limit{{everything, Budget{Max: 1}}}
	for _, kind := range kinds() {
		if harmless(kind) {
			continue
		}
		rules.limits[Violations] = append(rules.limits[Violations], limit{kind, Budget{Max: mostCounted}})
	}
	return rules
}

// proposal makes the lines of a file from what was measured.
type proposal struct{ results []Result }

// of returns the results of a rule, the largest first, one for each name.
func (p *proposal) of(name Name) (all []Result) {
	for _, r := range p.results {
		if r.Rule == name && r.State != NotJudged {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b Result) int { return cmp.Compare(b.Value, a.Value) })
	return all
}

// rule returns the lines of one rule.
func (p *proposal) rule(r Rule, all []*conversation.Conversation) string {
	found := p.of(r.Name)
	switch {
	case r.Name == ExpectTools:
		return proposeTools(all)
	case r.Name == MinCalls:
		return string(r.Name) + ": " + r.Default + "\n"
	case r.Name == Exit:
		if len(found) > 0 && slices.ContainsFunc(found, func(r Result) bool { return r.State == Failed }) {
			return "exit: off # it ended by itself, or did not end well\n"
		}
		return "exit: ok\n"
	case r.Form == Size && len(found) > 0:
		return "# " + string(r.Name) + ": " + r.budget(found[0].Value) + "\n" // tokens are what counts
	case r.Form == Names || r.Form == File || r.Form == Size:
		return "# " + string(r.Name) + ": " + r.Example + "\n"
	case len(found) == 0:
		return string(r.Name) + ": " + r.Default + "\n"
	case r.Name == P95 || r.Name == Description || r.Name == Violations:
		return p.byName(r, found)
	}
	return string(r.Name) + ": " + r.budget(found[0].Value) + "\n"
}

// byName returns a budget for each name that needs more than the default, and for each tool whose p95 is known.
func (p *proposal) byName(r Rule, found []Result) string {
	usual, _ := parseText(r.Form, r.Default)
	text := string(r.Name) + ":\n  \"*\": " + r.Default + "\n"
	seen := map[string]bool{}
	for _, one := range found {
		if seen[one.Name] || one.Name == "" || r.Name != P95 && one.Value <= usual.Max {
			continue
		}
		seen[one.Name] = true
		text += "  " + scalar(one.Name) + ": " + r.budget(one.Value) + "\n"
	}
	if len(seen) == 0 {
		return string(r.Name) + ": " + r.Default + "\n"
	}
	return text
}

// budget returns a budget for what was measured, as it is written in a file. Machines differ, and results more than definitions.
func (r Rule) budget(value float64) string {
	grows, least := 1.1, 0.0
	switch {
	case r.Form == Duration:
		grows, least = 2, 0.1
	case r.By == ByTool && (r.Name == ResultTokens || r.Name == ResultBytes):
		grows, least = 2, 1000
	case r.unit != "{token}" && r.unit != "By" && r.unit != "{character}":
		grows = 1
	}
	if r.Name == Startup {
		least = 2
	}
	value = max(grows*value, least)
	switch r.Form {
	case Duration:
		return briefly(time.Duration(round(value*1000)) * time.Millisecond)
	case Size:
		return strconv.FormatFloat(round(value)/1000, 'f', -1, 64) + "kB"
	}
	if grows > 1 {
		value = round(value)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// briefly returns a duration without parts that are 0: 2m, and not 2m0s.
func briefly(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// round rounds a number up to two digits.
func round(v float64) float64 {
	unit := 1.0
	for v > 100*unit {
		unit *= 10
	}
	return math.Ceil(v/unit) * unit
}

// proposeTools returns the list of the tools that are offered in all sessions.
func proposeTools(all []*conversation.Conversation) string {
	names := map[string]int{}
	for _, c := range all {
		o := (&judge{session: c}).offered()
		for _, d := range o.all {
			if d.Kind == record.ToolDefinition && d.Name != "" {
				names[d.Name]++
			}
		}
	}
	text := ""
	for _, name := range sortedNames(names) {
		if names[name] == len(all) {
			text += "  - " + scalar(name) + "\n"
		}
	}
	if text == "" {
		return "# expect_tools: [add]\n"
	}
	return "expect_tools:\n" + text
}

// scalar returns a text as it stands in YAML on one line.
func scalar(text string) string {
	encoded, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text})
	line := strings.TrimSuffix(string(encoded), "\n")
	if err != nil || strings.Contains(line, "\n") {
		return strconv.Quote(text) // a string of YAML in double quotes has nearly the same escapes
	}
	return line
}
