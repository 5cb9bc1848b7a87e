package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/spanpipe/spanpipe/internal/replay"
	"github.com/spanpipe/spanpipe/internal/view"
)

// text returns what differs, for people.
func (r *rerun) text(screen *view.Screen) string {
	p := &replayPicture{Screen: screen}
	for i := range r.report.Entries {
		if e := &r.report.Entries[i]; len(e.Differences) > 0 {
			p.entry(e)
		}
	}
	p.out.WriteString(r.summary(screen))
	return screen.Text(p.out.String())
}

// replayPicture is what is written of a replay.
type replayPicture struct {
	*view.Screen
	out strings.Builder
}

// entry writes the differences of one operation.
func (p *replayPicture) entry(e *replay.Entry) {
	title := view.Safe(e.Name)
	switch e.Sort {
	case replay.Request:
		title += p.paint(view.Dim, fmt.Sprintf("  request %d", e.Number))
	case replay.ServerRequest:
		title += p.paint(view.Dim, "  request of the server's")
	case replay.Notifications:
		title += p.paint(view.Dim, "  notifications of the session")
	}
	p.out.WriteString(title + "\n")
	for i := range e.Differences {
		d := &e.Differences[i]
		where := d.Where()
		if e.Sort == replay.Exit || where == "" {
			where = "status"
		}
		line := "  " + view.Safe(where) + " " + d.Change.Words()
		if d.Note != "" {
			line += ": " + view.Safe(d.Note)
		}
		p.out.WriteString(line + "\n")
		p.sides(d)
	}
	p.out.WriteString("\n")
}

// sides writes what the two servers said: texts of several lines as a unified difference, and all else on a line each.
func (p *replayPicture) sides(d *replay.Difference) {
	was, wasText := plainText(d.Recorded)
	is, isText := plainText(d.Replayed)
	if d.Change == replay.Changed && wasText && isText && (strings.Contains(was, "\n") || strings.Contains(is, "\n")) {
		p.unified(was, is)
		return
	}
	was, is = d.Recorded, d.Replayed
	if d.Change == replay.Changed {
		was, is = around(was, is, p.most())
	}
	if d.Change != replay.Added && was != "" {
		p.side(view.Red, "- ", was)
	}
	if d.Change != replay.Removed && is != "" {
		p.side(view.Green, "+ ", is)
	}
}

// most is how much of a value is shown on a line.
func (p *replayPicture) most() int {
	const indent, least, unbounded = 6, 40, 400
	if p.Columns == 0 {
		return unbounded
	}
	return max(p.Columns-indent, least)
}

func (p *replayPicture) side(color view.Color, sign, text string) {
	p.out.WriteString("    " + p.paint(color, sign+view.CutEnd(view.SafeLine(text), p.most())) + "\n")
}

// unified writes the difference of two texts.
func (p *replayPicture) unified(was, is string) {
	ended := func(text string) string { return strings.TrimSuffix(text, "\n") + "\n" }
	if ended(was) == ended(is) {
		p.side(view.Red, "- ", fmt.Sprintf("(ends with %d line feeds)", len(was)-len(strings.TrimRight(was, "\n"))))
		p.side(view.Green, "+ ", fmt.Sprintf("(ends with %d line feeds)", len(is)-len(strings.TrimRight(is, "\n"))))
		return
	}
	lines := strings.Split(strings.TrimSuffix(udiff.Unified("recorded", "replayed", ended(was), ended(is)), "\n"), "\n")
	const names = 2 // the first lines
	for _, line := range lines[min(names, len(lines)):] {
		shown := view.CutEnd(view.SafeLine(strings.TrimRight(line, "\r")), mostOfLine)
		switch {
		case strings.HasPrefix(line, "-"):
			shown = p.paint(view.Red, shown)
		case strings.HasPrefix(line, "+"):
			shown = p.paint(view.Green, shown)
		case strings.HasPrefix(line, "@@"):
			shown = p.paint(view.Dim, shown)
		}
		p.out.WriteString(strings.TrimRight("    "+shown, " ") + "\n")
	}
}

func (p *replayPicture) paint(c view.Color, text string) string {
	if p.Paint == nil {
		return text
	}
	return p.Paint(c, text)
}

// plainText returns the characters of a JSON string.
func plainText(value string) (text string, ok bool) {
	return text, json.Unmarshal([]byte(value), &text) == nil
}

// around cuts two long texts to where they differ.
func around(a, b string, most int) (string, string) {
	first, second := []rune(a), []rune(b)
	if len(first) <= most && len(second) <= most {
		return a, b
	}
	same := 0
	for same < min(len(first), len(second)) && first[same] == second[same] {
		same++
	}
	from := max(0, same-most/3)
	cut := func(text []rune) string {
		shown := text[min(from, len(text)):]
		if from > 0 {
			return "…" + string(shown)
		}
		return string(shown)
	}
	return cut(first), cut(second)
}

// summary is the last line.
func (r *rerun) summary(screen *view.Screen) string {
	requests, ignored := 0, 0
	for i := range r.report.Entries {
		if r.report.Entries[i].Sort == replay.Request {
			requests++
		}
		if r.report.Entries[i].Ignored {
			ignored++
		}
	}
	paint := func(c view.Color, text string) string {
		if screen.Paint == nil {
			return text
		}
		return screen.Paint(c, text)
	}
	text := paint(view.Green, "The same") + ": " + view.Plural(requests, "request")
	if n := r.report.Differences(); n > 0 {
		text = paint(view.Red, view.Plural(n, "difference")) + fmt.Sprintf(" in %d of %d operations", r.report.Differing(), len(r.report.Entries))
	}
	if ignored > 0 {
		text += fmt.Sprintf("; %d ignored by the rules", ignored)
	}
	text += ".\n"
	switch {
	case r.report.Stopped != "":
		text += "Not all of it was played: " + r.report.Stopped + ".\n"
	case r.updated:
		text += view.Safe(r.file) + " now holds the fresh conversation.\n"
	}
	if r.kept != nil {
		text += view.Safe(r.file) + " was not updated: " + view.Safe(r.kept.Error()) + ".\n"
	}
	return text
}
