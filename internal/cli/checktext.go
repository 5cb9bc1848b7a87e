package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// text prints the results for people: what failed first, then what was not judged.
func (k *checking) text() error {
	t := &verdicts{checking: k, screen: k.screen(), out: bufio.NewWriter(k.Stdout)}
	for _, c := range k.sessions {
		t.line("", checkedSession(c))
	}
	rules := "Rules: the defaults; to make a file of these figures: spanpipe check --init"
	if k.file != "" {
		rules = "Rules: " + k.tilde(k.file)
	}
	t.line("", rules)
	counts := t.results()
	t.line("", "")
	summary := t.screen.Paint(view.Green, fmt.Sprintf("%d within budget", counts[check.Passed]))
	if n := counts[check.Failed]; n > 0 {
		summary = t.screen.Paint(view.Red, fmt.Sprintf("%d over budget", n)) + fmt.Sprintf(", %d within", counts[check.Passed])
	}
	if n := counts[check.NotJudged]; n > 0 {
		summary += fmt.Sprintf(", %d not judged", n)
	}
	fmt.Fprintln(t.out, summary)
	return t.out.Flush()
}

// checkedSession says what a session is.
func checkedSession(c *conversation.Conversation) string {
	server := strings.TrimSpace(c.Records.Server("") + " " + view.Safe(c.Records.Session.Server.Version))
	word, _ := c.Records.Ending()
	if c.Recording != nil && c.Records.Exit == nil {
		word = "breaks off"
	}
	return fmt.Sprintf("%s: %s, %s, %s", view.Safe(c.Name), cmp.Or(server, "a server without a name"),
		view.Plural(view.Count(c.Records).Calls, "call"), word)
}

// verdicts writes results for people.
type verdicts struct {
	*checking
	screen *view.Screen
	out    *bufio.Writer
}

// line prints a text in lines that fit, behind what its first line begins with.
func (t *verdicts) line(lead, text string) {
	indent := strings.Repeat(" ", max(view.Width(lead), 2))
	fmt.Fprintln(t.out, t.screen.Text(lead)+view.Fold(t.screen.Text(text), indent, t.screen.Columns))
}

// labelled prints a line with a word of a color in front.
func (t *verdicts) labelled(color view.Color, word, text string) {
	indent := strings.Repeat(" ", view.Width(word)+2)
	fmt.Fprintln(t.out, t.screen.Paint(color, word)+"  "+view.Fold(t.screen.Text(text), indent, t.screen.Columns))
}

// results prints the results, and returns how many there are of each state.
func (t *verdicts) results() map[check.State]int {
	counts := map[check.State]int{}
	for _, state := range []check.State{check.Failed, check.NotJudged, check.Passed} {
		var of []*check.Result
		for i := range t.checking.results {
			if r := &t.checking.results[i]; r.State == state {
				of = append(of, r)
			}
		}
		counts[state] = len(of)
		switch {
		case state == check.Failed:
			for _, r := range of {
				t.line("", "")
				t.failed(r)
			}
		case len(of) == 0 || state == check.Passed && !t.all:
		default:
			t.line("", "")
			t.others(of)
		}
	}
	return counts
}

// failed prints what is over its budget, where, and what to do.
func (t *verdicts) failed(r *check.Result) {
	t.labelled(view.Red, "FAILED", r.Heading())
	const indent = "        "
	const most = 12
	for i, detail := range r.Details {
		if i == most && !t.all {
			t.line(indent, fmt.Sprintf("and %d more: --all", len(r.Details)-most))
			break
		}
		t.line(indent, detail)
	}
	if len(t.sessions) > 1 {
		t.line(indent, "in "+view.Safe(strings.Join(r.Sessions, ", ")))
	}
	if t.file != "" && r.Line > 0 {
		t.line(indent, fmt.Sprintf("the budget is in %s, line %d", t.tilde(t.file), r.Line))
	}
	if r.Next != "" {
		t.line(indent+"→ ", r.Next)
	}
	if show := t.show(r); show != "" {
		t.line(indent+"→ ", show)
	}
}

// plainName is a name of a file that a shell takes as it is.
var plainName = regexp.MustCompile(`^[\w./-]+$`)

// show returns the command that shows the operation that a result is about.
func (t *verdicts) show(r *check.Result) string {
	if len(r.Operations) == 0 || len(r.Sessions) != 1 {
		return ""
	}
	i := slices.IndexFunc(t.sessions, func(c *conversation.Conversation) bool { return c.Name == r.Sessions[0] })
	if c := t.sessions[i]; c.Recording == nil {
		return fmt.Sprintf("spanpipe show %s --operation %d", view.Safe(c.Name), r.Operations[0])
	} else if id := requestID(c, r.Operations[0]); id != "" && c.Name != stdinName && plainName.MatchString(c.Name) {
		return fmt.Sprintf("jq -c 'select(.message.id? == %s)' %s", id, c.Name)
	}
	return ""
}

// requestID returns the id of an operation's request as JSON, if a shell and jq take it as it is.
func requestID(c *conversation.Conversation, operation uint64) string {
	for i := range c.Records.Operations {
		op := &c.Records.Operations[i]
		if op.Number != operation || !plainName.MatchString(op.RequestID) {
			continue
		}
		if _, err := strconv.ParseInt(op.RequestID, 10, 64); err == nil {
			return op.RequestID
		}
		return `"` + op.RequestID + `"`
	}
	return ""
}

// others prints results in a line each. Those of one rule for the same reason are one line, unless all are asked for.
func (t *verdicts) others(of []*check.Result) {
	type reason struct {
		rule check.Name
		why  string
	}
	names := map[reason][]string{}
	for _, r := range of {
		key := reason{r.Rule, r.Why}
		if r.State == check.NotJudged && !t.all && r.Name != "" {
			key.why = ""
		}
		names[key] = append(names[key], r.Name)
	}
	printed := map[check.Name]bool{}
	for _, r := range of {
		if same := names[reason{r.Rule, ""}]; r.State == check.NotJudged && !t.all && r.Name != "" && len(same) > 1 {
			if !printed[r.Rule] {
				t.labelled(view.Yellow, "not judged", fmt.Sprintf("%s, and %d more of %s: --all", r.Heading(), len(same)-1, r.Rule))
			}
			printed[r.Rule] = true
			continue
		}
		text := r.Heading()
		if len(t.sessions) > 1 {
			text += " in " + view.Safe(strings.Join(r.Sessions, ", "))
		}
		if r.State == check.Passed {
			t.labelled(view.Green, "ok", text)
		} else {
			t.labelled(view.Yellow, "not judged", text)
		}
	}
}

// The shapes of check --json; see docs/json.md.
type jsonCheck struct {
	Version   int               `json:"version"`
	Rules     string            `json:"rules,omitempty"`    // the file; absent: the defaults
	Baseline  string            `json:"baseline,omitempty"` // the file of definitions
	Passed    int               `json:"passed"`
	Failed    int               `json:"failed"`
	NotJudged int               `json:"not_judged"`
	Sessions  []jsonChecked     `json:"sessions"`
	Results   []jsonCheckResult `json:"results"`
}

type jsonChecked struct {
	Name     string      `json:"name"`
	Recorded bool        `json:"recorded"`
	Server   record.Peer `json:"server,omitzero"`
	Calls    int         `json:"calls"`
}

type jsonCheckResult struct {
	Rule       check.Name  `json:"rule"`
	Name       string      `json:"name,omitempty"`
	Sessions   []string    `json:"sessions"`
	State      check.State `json:"state"`
	Value      *float64    `json:"value,omitempty"`
	Budget     *float64    `json:"budget,omitempty"`
	Unit       string      `json:"unit,omitempty"`
	Measured   string      `json:"measured,omitempty"`
	Allowed    string      `json:"allowed,omitempty"`
	Details    []string    `json:"details,omitempty"`
	Operations []uint64    `json:"operations,omitempty"`
	Next       string      `json:"next,omitempty"`
	Why        string      `json:"why,omitempty"`
	Line       int         `json:"line,omitempty"`
}

// json returns the results for programs.
func (k *checking) json() jsonCheck {
	out := jsonCheck{Version: jsonVersion, Rules: k.file, Baseline: k.baseline, Sessions: []jsonChecked{}, Results: []jsonCheckResult{}}
	for _, c := range k.sessions {
		out.Sessions = append(out.Sessions, jsonChecked{c.Name, c.Recording != nil, c.Records.Session.Server, view.Count(c.Records).Calls})
	}
	for i := range k.results {
		r := &k.results[i]
		one := jsonCheckResult{
			Rule: r.Rule, Name: r.Name, Sessions: r.Sessions, State: r.State, Unit: r.Unit, Measured: r.Measured, Allowed: r.Allowed,
			Details: r.Details, Operations: r.Operations, Next: r.Next, Why: r.Why, Line: r.Line,
		}
		if r.Unit != "" {
			one.Value, one.Budget = &r.Value, &r.Budget
		}
		switch r.State {
		case check.Passed:
			out.Passed++
		case check.Failed:
			out.Failed++
		case check.NotJudged:
			out.NotJudged++
		}
		out.Results = append(out.Results, one)
	}
	return out
}
