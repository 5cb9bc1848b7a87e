package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// text returns what was found, for people.
func (c *checked) text(columns int) string {
	var out strings.Builder
	for _, p := range c.Problems {
		line := fmt.Sprintf("%s:%d:%d: ", c.File, p.Line, p.Column)
		if p.Rule != "" {
			line += p.Rule + ": "
		}
		out.WriteString(fold(line+p.Text, columns))
		if p.Hint != "" {
			out.WriteString(fold("  to fix: "+p.Hint, columns))
		}
	}
	if len(c.Problems) > 0 {
		out.WriteString("\n")
	}
	if len(c.Rules) > 0 {
		c.table(&out, columns)
	}
	out.WriteString(fold(c.summary(), columns))
	return out.String()
}

func fold(line string, columns int) string {
	line = view.Safe(line)
	if columns > 0 {
		line = view.Fold(line, "  ", columns)
	}
	return line + "\n"
}

// table lists the rules, and what they have measured if they were tried.
func (c *checked) table(out *strings.Builder, columns int) {
	rows := [][]string{{"RULE", "TYPE", "FROM"}}
	if c.tried {
		rows = [][]string{{"RULE", "TYPE", "CALLS", "VALUES", "MIN", "MAX", "SUM", "LAST"}}
	}
	for _, r := range c.Rules {
		row := []string{r.Name, r.Type, r.Match}
		if t := r.Tried; t != nil {
			row = []string{r.Name, r.Type, view.Number(int(t.Matched)), view.Number(t.Values), "–", "–", "–", "–"}
			if t.Values > 0 {
				row = append(row[:4], number(t.Min), number(t.Max), number(t.Sum), number(t.Last))
			}
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], view.Width(view.Safe(cell)))
		}
	}
	for n, row := range rows {
		line := ""
		for i, cell := range row {
			if i >= 2 && c.tried {
				line += "  " + view.PadLeft(view.Safe(cell), widths[i])
			} else {
				line += view.Pad(view.Safe(cell), widths[i]) + "  "
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
		if n > 0 {
			for _, detail := range c.details(&c.Rules[n-1]) {
				out.WriteString(fold("  "+detail, columns))
			}
		}
	}
	out.WriteString("\n")
}

// details returns what stands below a rule.
func (c *checked) details(r *jsonRule) (lines []string) {
	t := r.Tried
	if t == nil {
		lines = append(lines, "takes "+r.Value)
		if r.When != "" {
			lines = append(lines, "when "+r.When)
		}
		for _, l := range r.Labels {
			lines = append(lines, "label "+l.Name+" from "+l.From+": "+strings.Join(l.Values, ", ")+" or other")
		}
		return lines
	}
	const most = 20
	series := slices.Clone(t.Series)
	slices.SortStableFunc(series, func(a, b jsonSeries) int { return b.Values - a.Values })
	for i, s := range series {
		switch {
		case s.key == "":
		case i == most:
			return append(lines, fmt.Sprintf("and %d more series; all of them: --json", len(series)-most))
		case r.Type == string(semconv.Gauge):
			lines = append(lines, strings.TrimSpace(s.key)+": last "+number(s.Last))
		default:
			lines = append(lines, fmt.Sprintf("%s: %s, sum %s", strings.TrimSpace(s.key), view.Plural(s.Values, "value"), number(s.Sum)))
		}
	}
	for _, one := range []struct {
		n    int64
		text string
	}{
		{t.Unmet, "left out by the condition"}, {t.NotNumbers, "found and not a number"}, {t.Left, "too large, or not for a counter"},
	} {
		if one.n > 0 {
			lines = append(lines, view.Number(int(one.n))+" "+one.text)
		}
	}
	if t.Matched > 0 && t.Values == 0 && t.Unmet+t.NotNumbers+t.Left == 0 {
		lines = append(lines, "nothing found at "+strings.TrimPrefix(r.Value, "the number at "))
	}
	return lines
}

// number returns a number as short as it can be read.
func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// summary is the last line, with the next step.
func (c *checked) summary() string {
	good := view.Plural(len(c.Rules), "rule") + " good"
	if n := len(c.Problems); n > 0 {
		good += ", " + view.Plural(n, "problem")
		if len(c.Rules) > 0 {
			good += ": rules with a problem are left out, and the others work"
		}
	}
	switch {
	case !c.tried && len(c.Rules) == 0:
		return good + "."
	case !c.tried:
		return good + ". To try them on a session: spanpipe metrics check " + c.File + " last"
	case len(c.Capture) > 0:
		kinds := strings.Join(c.Capture, ",")
		return good + ". The session has no captured " + strings.ReplaceAll(kinds, ",", " and ") +
			", so that some values are missing here and not in a live session. To keep them: SPANPIPE_CAPTURE=" + kinds
	}
	return good + ", tried on " + view.Plural(c.Calls, "call") + " of session " + c.Session + "."
}

// missing finds which kinds of content rules look at and a session does not have.
type missing struct{ wanted, there map[consent.Level]bool }

func (m *missing) look(set *rules.Set, op *record.Operation, q rules.Request) {
	if m.wanted == nil {
		m.wanted, m.there = map[consent.Level]bool{}, map[consent.Level]bool{}
	}
	if !set.Matches(q) {
		return
	}
	arguments, results := consent.Arguments, consent.Results
	if op.Method == semconv.PromptsGet {
		arguments, results = consent.Prompts, consent.Prompts
	}
	wantsArguments, wantsResponse := set.Wants()
	if wantsArguments && op.ArgumentsOf > 0 {
		m.wanted[arguments] = true
	}
	if wantsResponse && op.Answered && op.Code == "" && op.ErrorType == "" && op.Method != semconv.ResourcesRead {
		m.wanted[results] = true // contents of resources are never captured
	}
	for level, text := range map[consent.Level]string{
		arguments: string(q.Content.Arguments), results: op.Content.Result,
	} {
		m.there[level] = m.there[level] || text != ""
	}
}

// kinds returns what is missing, in the order of SPANPIPE_CAPTURE's words.
func (m *missing) kinds() (kinds []string) {
	for _, level := range consent.Levels() {
		if m.wanted[level] && !m.there[level] {
			kinds = append(kinds, string(level))
		}
	}
	return kinds
}
