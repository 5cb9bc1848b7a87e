package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// printer writes a Diff for people.
type printer struct {
	*Diff
	screen *view.Screen
	all    bool
	out    strings.Builder
}

// Text writes what differs for people, safe for a terminal and in 80 columns if the screen has no more. All includes the operations that
// do not differ, and all that differs in one.
func (d *Diff) Text(w io.Writer, screen *view.Screen, all bool) error {
	p := &printer{Diff: d, screen: screen, all: all}
	p.side("A", &d.A)
	p.side("B", &d.B)
	switch {
	case d.Differs:
	case p.timed():
		p.line("\nNothing differs but how long operations take. With --slower, what is slower counts.")
	default:
		p.line("\nNothing differs.")
	}
	p.session()
	p.definitions()
	p.operations()
	p.violations()
	p.notes()
	_, err := io.WriteString(w, screen.Text(p.out.String()))
	return err
}

// timed reports whether an operation is slower or faster.
func (p *printer) timed() bool {
	return slices.ContainsFunc(p.Operations, func(g Group) bool { return slices.Contains(g.Differences, Time) })
}

func (p *printer) line(format string, values ...any) { fmt.Fprintf(&p.out, format+"\n", values...) }

// heading begins a section.
func (p *printer) heading(text string) { p.line("\n%s", p.paint(view.Bold, text)) }

func (p *printer) paint(c view.Color, text string) string {
	if p.screen.Paint == nil {
		return text
	}
	return p.screen.Paint(c, text)
}

// sentence writes a text in lines that fit.
func (p *printer) sentence(text, indent string) {
	p.line("%s", view.Fold(text, indent, p.screen.Columns))
}

func (p *printer) side(letter string, s *Side) {
	server := strings.TrimSpace(s.Server.Name + " " + s.Server.Version)
	if server == "" {
		server = "a server without a name"
	}
	text := fmt.Sprintf("%s  %s: %s, %s, %s", letter, view.Safe(s.Name), view.Safe(server), s.counts,
		s.Started.In(zone(p.screen)).Format("2 Jan 15:04"))
	p.sentence(text, "   ")
}

// session writes what differs in the session as a whole.
func (p *printer) session() {
	if len(p.Session) == 0 {
		return
	}
	p.heading("Server")
	for i := range p.Session {
		c := &p.Session[i]
		what := strings.ReplaceAll(c.What, "_", " ")
		if c.Path != "" {
			what += " " + view.Safe(c.Path)
		}
		p.member("  ", what, c.Before, c.After)
	}
}

// longText is from how many bytes on texts are shown as a diff, each line of its own.
const longText = 60

// member writes a value that differs: on one line if it fits, and else as a diff.
func (p *printer) member(indent, what string, before, after json.RawMessage) {
	head := indent + what
	switch {
	case before == nil:
		p.value(head+"  new: ", after, view.Green)
	case after == nil:
		p.value(head+"  gone: ", before, view.Red)
	case len(before) <= longText && len(after) <= longText:
		text := shown(before) + " → " + shown(after)
		if p.screen.Columns > 0 && view.Width(head)+2+view.Width(text) > p.screen.Columns {
			p.line("%s\n%s    %s\n%s  → %s", head, indent, shown(before), indent, shown(after))
			return
		}
		p.line("%s  %s", head, text)
	default:
		p.line("%s", head)
		p.diff(indent+"  ", view.DefinitionDiff(string(before), string(after)))
	}
}

// diff writes the lines of a unified diff without those that say which text and which lines they are of. A line that is too long for the
// screen is folded.
func (p *printer) diff(indent string, lines []string) {
	for i, line := range lines {
		switch {
		case i < 2 || i == 2 && strings.HasPrefix(line, "@@"):
			continue
		case strings.HasPrefix(line, "@@"):
			line = "…"
		}
		color := colorOf(line)
		if n := p.screen.Columns; n > 0 && view.Width(indent+line) > n {
			line = line[:1] + view.Fold(line[1:], indent+" ", n)
		}
		for part := range strings.SplitSeq(line, "\n") {
			p.line("%s%s", indent, p.paint(color, strings.TrimPrefix(part, indent)))
		}
	}
}

// value writes a value that only one of the sessions has, as far as it fits.
func (p *printer) value(head string, v json.RawMessage, c view.Color) {
	text := shown(v)
	if p.screen.Columns > 0 {
		text = view.CutEnd(text, max(p.screen.Columns-view.Width(head), longText/2))
	}
	p.line("%s%s", head, p.paint(c, text))
}

// shown returns a value as JSON, safe to show.
func shown(v json.RawMessage) string { return view.Safe(string(v)) }

// colorOf returns the color of a line of a diff.
func colorOf(line string) view.Color {
	switch line[:min(len(line), 1)] {
	case "-":
		return view.Red
	case "+":
		return view.Green
	}
	return view.Dim
}

// definitions writes what the servers offer otherwise, and what that costs.
func (p *printer) definitions() {
	if len(p.Definitions) == 0 {
		return
	}
	p.heading("Definitions")
	if before, after := p.Context.Before, p.Context.After; before != after {
		p.line("  context  %s", p.cost(before.Tokens, after.Tokens, before.Size, after.Size))
	}
	for i := range p.Definitions {
		p.definition(&p.Definitions[i])
	}
}

// cost writes what something takes before and after.
func (p *printer) cost(tokens, tokensAfter, size, sizeAfter int64) string {
	sizes := pairOf(view.Size, size, sizeAfter)
	if tokens == 0 && tokensAfter == 0 {
		return sizes
	}
	text := pairOf(view.Tokens, tokens, tokensAfter) + " tokens"
	if tokens > 0 && tokens != tokensAfter {
		text += fmt.Sprintf(" (%+d %%)", ((tokensAfter-tokens)*100+sign(tokensAfter-tokens)*tokens/2)/tokens)
	}
	return text + ", " + sizes
}

func sign(n int64) int64 {
	if n < 0 {
		return -1
	}
	return 1
}

// arrow returns two values, or one if they are shown alike.
func arrow(before, after string) string {
	if before == after {
		return before
	}
	return before + " → " + after
}

// pairOf returns two numbers in few digits, or in all where that would hide that they differ.
func pairOf(few func(int64) string, before, after int64) string {
	a, b := few(before), few(after)
	if a == b && before != after {
		mark, unit := "", ""
		if strings.HasPrefix(a, "≈") {
			mark = "≈"
		} else {
			unit = " B"
		}
		return mark + view.Number(int(before)) + " → " + mark + view.Number(int(after)) + unit
	}
	return arrow(a, b)
}

func (p *printer) definition(d *Definition) {
	name := view.DefinitionName(d.Kind, d.Name)
	if d.Kind == record.ToolDefinition && d.Name != "" {
		name = "tool " + name
	}
	switch d.Change {
	case record.DefinitionAdded:
		p.line("%s %s  %s", p.paint(view.Green, "+"), name, offered(d.After))
	case record.DefinitionRemoved:
		p.line("%s %s  %s", p.paint(view.Red, "-"), name, offered(d.Before))
	case record.DefinitionRenamed:
		p.line("%s %s  was called %s, and is the same otherwise", p.paint(view.Yellow, "~"), name, view.Safe(d.OldName))
	default:
		p.changed(name, d)
	}
}

// changed writes a definition that both servers have.
func (p *printer) changed(name string, d *Definition) {
	b, a := d.Before, d.After
	p.line("%s %s  %s", p.paint(view.Yellow, "~"), name, p.cost(b.Tokens, a.Tokens, b.Size, a.Size))
	for _, m := range d.Members {
		p.member("    ", cmpPath(m.Path), m.Before, m.After)
	}
	switch {
	case len(d.Members) > 0:
	case len(d.Parts) > 0:
		c := record.DefinitionChange{Parts: d.Parts}
		p.line("    differs: %s", c.PartsText())
	case b.Description != a.Description:
		p.line("    description  %d → %d characters", b.Description, a.Description)
	}
}

// cmpPath names the whole value, whose pointer is empty.
func cmpPath(path string) string {
	if path == "" {
		return "text"
	}
	return view.Safe(path)
}

func offered(o *Offered) string {
	if o.Tokens == 0 {
		return view.Size(o.Size)
	}
	return view.Tokens(o.Tokens) + " tokens, " + view.Size(o.Size)
}

// violations writes what the protocol does not allow.
func (p *printer) violations() {
	if len(p.Violations) == 0 {
		return
	}
	p.heading("Violations of the protocol")
	for i := range p.Violations {
		v := &p.Violations[i]
		text := strings.ReplaceAll(string(v.Kind), "_", " ")
		if v.Kind == record.Noise {
			text = "text that is no message"
		}
		if v.Reason != "" {
			text += ": " + view.Safe(v.Reason)
		}
		if v.Method != "" {
			text += ", " + view.Safe(v.Method)
		}
		from := "server"
		if v.Direction == record.ToServer {
			from = "client"
		}
		p.line("  %s: %s  %d → %d", from, text, v.Before, v.After)
		if v.Example != "" {
			p.value("    ", textJSON(v.Example), view.Dim)
		}
	}
}

// notes writes what was not judged, and what a reader needs to know of the figures.
func (p *printer) notes() {
	var notes []string
	if p.A.Startup > 0 && p.B.Startup > 0 {
		notes = append(notes, fmt.Sprintf("Startup until the handshake was answered: %s. One start each is too few to judge.",
			arrow(seconds(p.A.Startup), seconds(p.B.Startup))))
	}
	few, same := 0, 0
	for i := range p.Operations {
		g := &p.Operations[i]
		if g.Duration.Verdict == TooFew {
			few++
		}
		if g.Change == "" {
			same++
		}
	}
	if few > 0 {
		notes = append(notes, fmt.Sprintf("Durations of %s: too few calls to judge, which takes %d answered in each.",
			view.Plural(few, "operation"), leastCalls))
	}
	if same > 0 && p.Differs && !p.all {
		notes = append(notes, fmt.Sprintf("%s without a difference: --all", view.Plural(same, "operation")))
	}
	if slices.Contains([]Kind{p.A.Kind, p.B.Kind}, Session) {
		notes = append(notes, "Of stored sessions the shape of results is not known, nor the text of definitions unless that is captured.")
	}
	if !p.Differs && p.A.Kind == Recording && p.B.Kind == Recording {
		notes = append(notes, "Results are compared by size and shape, not by what is in them: spanpipe replay does that.")
	}
	if p.Differs && (p.Context.Before.Tokens > 0 || p.Context.After.Tokens > 0) {
		notes = append(notes, view.TokensNote)
	}
	if len(notes) > 0 {
		p.line("")
	}
	for _, note := range notes {
		p.sentence(note, "")
	}
}
