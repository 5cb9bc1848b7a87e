package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/wrap"
)

// showVisit prints what "spanpipe try" has found, and the session as a tree.
func (a *app) showVisit(v *visit, wholeResult bool) error {
	screen := a.screen()
	var b strings.Builder
	if v.hasOpened() {
		fmt.Fprintf(&b, "%s, protocol %s\n", screen.Text(v.peer()), screen.Text(v.session.Protocol))
		for _, l := range v.lists {
			b.WriteString(l.text(screen))
		}
		b.WriteString("\n")
	}
	if err := view.NewTree(v.records, view.Choice{}).Draw(&b, screen); err != nil {
		return err
	}
	if op, ok := v.called(); ok {
		how := v.records.Outcome(op).Long() + ", after " + view.Duration(op.Duration)
		if op.Answered {
			how = v.records.Outcome(op).Long() + ", " + view.Size(op.ResponseSize) + " in " + view.Duration(op.Duration)
		}
		fmt.Fprintf(&b, "\n%s: %s\n", screen.Text(v.tool), screen.Text(how))
	}
	if v.result != nil && wholeResult {
		b.WriteString(v.resultText())
	}
	b.WriteString("\n" + a.afterTry(v))
	_, err := fmt.Fprint(a.Stdout, b.String())
	return err
}

// peer returns what the server calls itself.
func (v *visit) peer() string {
	return cmp.Or(peer(record.Peer{Name: v.session.Name, Version: v.session.Version}), "a server without a name")
}

// entryNouns are what the entries of lists are called.
var entryNouns = map[player.List]string{
	player.Tools: "tool", player.Resources: "resource", player.Templates: "resource template", player.Prompts: "prompt",
}

// text returns a list's length and its names. On a terminal they take two lines.
func (l listed) text(screen *view.Screen) string {
	head := fmt.Sprintf("   %-23s", view.Plural(len(l.names), entryNouns[l.List]))
	indent := strings.Repeat(" ", len(head))
	most := math.MaxInt
	if screen.Columns > 0 {
		most = 2 * (screen.Columns - len(indent) - len(", and 100 more"))
	}
	var shown []string
	length := 0
	for i, name := range l.names {
		name = screen.Text(view.Safe(name))
		if length += view.Width(name) + len(", "); length > most && i > 0 {
			shown = append(shown, fmt.Sprintf("and %d more", len(l.names)-i))
			break
		}
		shown = append(shown, name)
	}
	names := view.Fold(strings.Join(shown, ", "), "", max(screen.Columns-len(indent), 0))
	return strings.TrimRight(head+strings.ReplaceAll(names, "\n", "\n"+indent), " ") + "\n"
}

// resultText returns the call's result: its text, or all of it as JSON if it has none.
func (v *visit) resultText() string {
	var out strings.Builder
	for line := range strings.Lines(cmp.Or(v.result.Text, view.Indented(string(v.result.Raw)))) {
		out.WriteString("   " + view.SafeLine(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return out.String()
}

// afterTry says what the server did at the end, and what to do next.
func (a *app) afterTry(v *visit) string {
	text := ""
	if v.forced {
		text = fmt.Sprintf("The server did not end within %v of the end of its input; a signal ended it.\n", tryPatience)
	}
	if id, ok := a.storedID(); ok {
		text += "To draw it again:   spanpipe show " + id + "\n"
	} else {
		text += "Nothing was stored.\n"
	}
	if !v.hasOpened() { // the server comes first
		return text
	}
	return text + "Next, your client:  spanpipe install\n"
}

// reportVisit reports what went wrong, and sets the exit status.
func (a *app) reportVisit(v *visit) {
	if v.status.End == wrap.Signaled && !v.forced { // a person has pressed Ctrl-C
		a.status = v.status
		return
	}
	for _, p := range v.problems {
		a.printer.tell(&a.options, a.named, slog.LevelError, p.full(v.status), p.hint)
		a.status.Code = exitTried
	}
}

// full returns a problem with how the server ended, if that is the problem.
func (p problem) full(status wrap.Status) string {
	if !p.ended {
		return p.text
	}
	word, _ := view.Exit(exitRecord(status))
	return p.text + ": " + word
}

// jsonTry is what "spanpipe try --json" prints; see docs/json.md.
type jsonTry struct {
	Version    int             `json:"version"`
	Server     *record.Peer    `json:"server,omitempty"`
	Protocol   string          `json:"protocol,omitempty"`
	Tools      []string        `json:"tools,omitzero"`
	Resources  []string        `json:"resources,omitzero"`
	Templates  []string        `json:"resource_templates,omitzero"`
	Prompts    []string        `json:"prompts,omitzero"`
	Call       *jsonCall       `json:"call,omitempty"`
	Operations []jsonOperation `json:"operations"`
	Problems   []jsonProblem   `json:"problems"`
	Exit       jsonTryExit     `json:"exit"`
}

type jsonCall struct {
	Tool      string          `json:"tool"`
	Operation uint64          `json:"operation"`
	Outcome   view.Ending     `json:"outcome"`
	Result    json.RawMessage `json:"result,omitempty"`
}

type jsonProblem struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

type jsonTryExit struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	Forced bool   `json:"forced"`
}

// json returns the visit for programs.
func (v *visit) json(wholeResult bool) jsonTry {
	out := jsonTry{
		Version: jsonVersion, Operations: []jsonOperation{}, Problems: []jsonProblem{},
		Exit: jsonTryExit{v.status.Code, v.status.SignalName(), v.forced},
	}
	if v.hasOpened() {
		out.Server = &record.Peer{Name: v.session.Name, Version: v.session.Version}
		out.Protocol = v.session.Protocol
	}
	for _, l := range v.lists {
		*map[player.List]*[]string{
			player.Tools: &out.Tools, player.Resources: &out.Resources, player.Templates: &out.Templates,
			player.Prompts: &out.Prompts,
		}[l.List] = l.names
	}
	for i := range v.records.Operations {
		out.Operations = append(out.Operations, newOperationJSON(v.records, &v.records.Operations[i]))
	}
	if op, ok := v.called(); ok {
		out.Call = &jsonCall{Tool: v.tool, Operation: op.Number, Outcome: v.records.Outcome(op).Ending}
		if wholeResult && v.result != nil {
			out.Call.Result = v.result.Raw
		}
	}
	for _, p := range v.problems {
		out.Problems = append(out.Problems, jsonProblem{p.full(v.status), p.hint})
	}
	return out
}
