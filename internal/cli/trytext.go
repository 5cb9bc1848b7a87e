package cli

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/wrap"
)

// showVisit prints what "spanpipe try" has found, and the session as a tree.
func (a *app) showVisit(v *visit, tree *demo.Tree, wholeResult bool) error {
	columns, cut := width(a.Stdout, pageWidth), isTerminal(a.Stdout)
	var b strings.Builder
	if v.hasOpened() {
		fmt.Fprintf(&b, "%s, protocol %s\n", v.peer(), view.Safe(v.session.Protocol))
		for _, l := range v.lists {
			b.WriteString(l.text(columns, cut))
		}
		b.WriteString("\n")
	}
	if err := tree.Draw(&b, columns, painter(a.Stdout, a.Environ)); err != nil {
		return err
	}
	b.WriteString(demoLegend)
	if op, ok := v.called(); ok && v.tool != "" {
		word, _ := view.Outcome(op)
		size := " after "
		if op.Answered {
			size = ", " + view.Size(op.ResponseSize) + " in "
		}
		fmt.Fprintf(&b, "\n%s: %s%s%s\n", view.Safe(v.tool), word, size, view.Duration(op.Duration))
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
	name := strings.TrimSpace(view.Safe(v.session.Name + " " + v.session.Version))
	if name == "" {
		return "a server without a name"
	}
	return name
}

// nouns are what the entries of lists are called.
var nouns = map[player.List]string{
	player.Tools: "tool", player.Resources: "resource", player.Templates: "resource template", player.Prompts: "prompt",
}

// text returns a list's length and its names. On a terminal they take two lines.
func (l listed) text(columns int, cut bool) string {
	noun := nouns[l.List]
	if len(l.names) != 1 {
		noun += "s"
	}
	head := fmt.Sprintf("   %-23s", fmt.Sprintf("%d %s", len(l.names), noun))
	indent := strings.Repeat(" ", len(head))
	most := math.MaxInt
	if cut {
		most = 2 * (columns - len(indent) - len(", and 100 more"))
	}
	var shown []string
	length := 0
	for i, name := range l.names {
		name = view.Safe(name)
		if length += len([]rune(name)) + len(", "); length > most && i > 0 {
			shown = append(shown, fmt.Sprintf("and %d more", len(l.names)-i))
			break
		}
		shown = append(shown, name)
	}
	return strings.TrimRight(head+folded(strings.Join(shown, ", "), indent, columns), " ") + "\n"
}

// resultText returns the call's result: its text, or as JSON if there is anything else in it.
func (v *visit) resultText() string {
	text := v.result.Text
	if text == "" {
		text = string(v.result.Raw)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("   ")
		for _, part := range chunks([]rune(strings.TrimRight(line, "\r\n"))) {
			b.WriteString(view.Safe(part)) // which cuts a long text
		}
		b.WriteString("\n")
	}
	return b.String()
}

// chunks cuts a text into parts that view.Safe shows whole.
func chunks(text []rune) (parts []string) {
	const most = 400
	for ; len(text) > most; text = text[most:] {
		parts = append(parts, string(text[:most]))
	}
	return append(parts, string(text))
}

// afterTry says what the server did at the end, and what to do next.
func (a *app) afterTry(v *visit) string {
	text := ""
	if v.forced {
		text = fmt.Sprintf("The server did not end within %v of the end of its input; a signal ended it.\n", tryPatience)
	}
	if id, ok := a.storedID(); ok {
		text += "To draw it again:           spanpipe show " + id + "\n"
	} else {
		text += "Nothing was stored; to keep sessions, set SPANPIPE_TELEMETRY=local.\n"
	}
	return text + "To see your client use it:  put  spanpipe --  in front of its command there\n"
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

// triedJSON is what "spanpipe try --json" prints; docs/json.md describes it.
type triedJSON struct {
	Version    int            `json:"version"`
	Server     *record.Peer   `json:"server"`
	Protocol   string         `json:"protocol,omitempty"`
	Tools      []string       `json:"tools,omitzero"`
	Resources  []string       `json:"resources,omitzero"`
	Templates  []string       `json:"resource_templates,omitzero"`
	Prompts    []string       `json:"prompts,omitzero"`
	Call       *calledJSON    `json:"call,omitempty"`
	Operations []operatedJSON `json:"operations"`
	Problems   []problemJSON  `json:"problems"`
	End        endJSON        `json:"end"`
}

type calledJSON struct {
	operatedJSON
	Result json.RawMessage `json:"result,omitempty"`
}

type operatedJSON struct {
	Direction    record.Direction `json:"direction"`
	Method       string           `json:"method"`
	Name         string           `json:"name,omitempty"`
	Duration     float64          `json:"duration"`
	RequestSize  int64            `json:"request_size"`
	ResponseSize int64            `json:"response_size"`
	Outcome      string           `json:"outcome"`
	ErrorType    string           `json:"error_type,omitempty"`
	ErrorClass   record.Class     `json:"error_class,omitempty"`
	Code         string           `json:"code,omitempty"`
}

type problemJSON struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

type endJSON struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	Forced bool   `json:"forced"`
}

// json returns the visit for programs.
func (v *visit) json(wholeResult bool) triedJSON {
	out := triedJSON{
		Version: 1, Operations: []operatedJSON{}, Problems: []problemJSON{},
		End: endJSON{v.status.Code, v.status.SignalName(), v.forced},
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
	for _, op := range v.operations {
		out.Operations = append(out.Operations, operationJSON(op))
	}
	if op, ok := v.called(); ok && v.tool != "" {
		out.Call = &calledJSON{operatedJSON: operationJSON(op)}
		if wholeResult && v.result != nil {
			out.Call.Result = v.result.Raw
		}
	}
	for _, p := range v.problems {
		out.Problems = append(out.Problems, problemJSON{p.full(v.status), p.hint})
	}
	return out
}

func operationJSON(op *record.Operation) operatedJSON {
	word, _ := view.Outcome(op)
	return operatedJSON{
		op.Direction, op.Method, op.Target, op.Duration.Seconds(), op.RequestSize, op.ResponseSize, word, op.ErrorType, op.Class,
		op.Code,
	}
}
