package web

import (
	"strings"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// mostContent is how many bytes of a piece of content are shown.
const mostContent = 256 << 10

// content returns what was captured, or how to capture it.
func (w *whole) content() api.Content {
	op, out := &w.call.Op, api.Content{}
	add := func(label, text string) {
		if text != "" {
			out.Parts = append(out.Parts, partOf(label, text))
		}
	}
	c := &op.Content
	add("uri", c.URI)
	add("arguments", c.Arguments)
	for _, v := range c.Variables {
		add("argument "+view.Steady(v.Name), v.Value)
	}
	add("messages", c.Messages)
	add("result", c.Result)
	add("error", c.Error)
	if len(out.Parts) > 0 {
		out.Note = "Captured and redacted."
		if w.expires > 0 && !op.End.IsZero() {
			out.Expires = op.End.Add(w.expires)
		}
		return out
	}
	if op.Change != record.Ended && w.log.Content {
		out.Note = "What is captured of a call is stored when it ends."
		return out
	}
	out.Setting = "SPANPIPE_CAPTURE=" + view.Captures(op)
	switch {
	case op.Change != record.Ended:
		out.Note = "What is captured of a call is stored when it ends. This session has captured nothing so far."
	case w.log.tail == nil:
		out.Note = "Its detail has been removed, and content with it."
	case w.log.Content:
		out.Note = "Not captured, or it had none of what this session captures."
	default:
		out.Note = "Not captured, or it has expired: this session holds names, sizes, times and codes."
	}
	out.Note += " To keep it from the next session on, redacted, set:"
	return out
}

// partOf returns a piece of content as a text that is safe to show.
func partOf(label, text string) api.Part {
	p := api.Part{Label: label, Size: len(text)}
	if len(text) > 8*mostContent { // to indent what is not shown takes long
		p.Cut, text = true, text[:8*mostContent]
	}
	text = visible(view.Indented(text))
	if len(text) > mostContent {
		at := mostContent
		for at > 0 && !utf8.RuneStart(text[at]) {
			at--
		}
		p.Cut, text = true, text[:at]
	}
	p.Text = text
	return p
}

// visible makes a text safe to show, with its lines as they are. What controls a terminal or reorders a line is shown as a code.
func visible(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		whole := strings.TrimRight(line, "\r\n")
		out.WriteString(view.SafeLine(strings.ReplaceAll(whole, "\t", "    ")))
		if len(whole) < len(line) {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
