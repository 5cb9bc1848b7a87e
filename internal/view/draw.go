package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Widths of the columns of a picture.
const (
	tookWidth  = 8
	leastNames = 24
	leastBar   = 12
	usualBar   = 40 // where there is no limit
	mostBar    = 100
	mostWords  = 26 // of an outcome, in a terminal that is not roomy
	roomy      = 100
)

// picture is a tree while it is drawn.
type picture struct {
	*Tree
	*Screen
	names, words int // widths
	axis         *Axis
	folds        []Gap // quiet ones that are still to come
	skip         bool  // the row before is about what is left out
	out          strings.Builder
}

// Draw writes the rows, each with its duration, a bar on an axis of time, and its outcome.
func (t *Tree) Draw(w io.Writer, s *Screen) error {
	p := &picture{Tree: t, Screen: s}
	p.measure()
	for i := range t.Rows {
		p.quietBefore(&t.Rows[i])
		p.row(&t.Rows[i])
	}
	p.quietAtEnd()
	_, err := io.WriteString(w, p.out.String())
	return err
}

// measure finds the widths of the columns. Where there is no room for all, names come before outcomes, and outcomes before
// what else there is to say.
func (p *picture) measure() {
	whole := 0 // outcomes with what else there is to say
	for i := range p.Rows {
		row := &p.Rows[i]
		p.names = max(p.names, Width(p.Text(row.Lead))+Width(p.Text(row.Name())))
		word, more, _ := p.outcome(row)
		p.words, whole = max(p.words, Width(word)), max(whole, Width(word)+Width(more))
	}
	columns := usualBar
	if p.Columns > 0 {
		left := p.Columns - tookWidth - len(" ") - 2*len("  ")
		p.names = min(p.names, max(leastNames, left-p.words-leastBar))
		left -= p.names
		p.words = max(p.words, min(whole, left-usualBar/2))
		columns = min(mostBar, max(leastBar, left-p.words))
	} else {
		p.words = whole
	}
	p.axis = p.Axis(columns)
	for _, f := range p.axis.Folds() {
		if !f.Busy {
			p.folds = append(p.folds, f)
		}
	}
}

// row writes a row.
func (p *picture) row(row *Row) {
	var b Bar
	took := "–"
	r := p.Records
	switch {
	case row.Operation != nil:
		b, took = r.bar(p.axis, row.Operation), Duration(r.Took(row.Operation))
	case row.Notification != nil:
		b = p.axis.sign(p.axis.Column(row.Notification.Time), Stroke{dot, Dim})
	case row.LeftOut > 0:
		p.line(row.Lead, row.Name(), "", nil, "", Dim)
		return
	default:
		b, took = r.sessionBar(p.axis), Duration(r.End().Sub(r.Begin()))
	}
	word, more, color := p.outcome(row)
	if Width(word)+Width(more) <= p.words {
		word += more
	}
	p.line(row.Lead, row.Name(), took, b, word, color)
}

// line writes a line of the picture.
func (p *picture) line(lead, name, took string, b Bar, word string, color Color) {
	lead, name = p.Text(lead), p.Text(name)
	if p.Columns > 0 {
		name = p.Text(Cut(name, p.names-Width(lead)))
		word = p.Text(Cut(word, max(p.words, p.Columns-p.names-p.axis.Columns-tookWidth-len(" ")-2*len("  "))))
	}
	painted := Pad(name, p.names-Width(lead))
	if took == "" {
		painted = p.paint(Dim, painted)
	}
	text := p.paint(Dim, lead) + painted + " " + PadLeft(p.Text(took), tookWidth) + "  "
	drawn := 0
	for i, s := range b {
		if s.Sign != 0 {
			drawn = i + 1
		}
	}
	text += p.bar(b)
	if word != "" {
		text += strings.Repeat(" ", p.axis.Columns-drawn+len("  ")) + p.paint(color, word)
	}
	p.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

// quietBefore writes a line about quiet time that ended before a row of the session's own, unless that is the time of
// what is left out.
func (p *picture) quietBefore(row *Row) {
	if row.Depth != 1 {
		return
	}
	if row.LeftOut > 0 {
		p.skip = true
		return
	}
	for at := row.time(); len(p.folds) > 0 && !at.Before(p.folds[0].To); p.folds = p.folds[1:] {
		if !p.skip {
			p.quiet("│  ", "")
		}
	}
	p.skip = false
}

func (p *picture) quietAtEnd() {
	word := ""
	if p.Records.State == Live {
		word = "now"
	}
	for ; len(p.folds) > 0; p.folds = p.folds[1:] {
		p.quiet("   ", word)
	}
}

func (p *picture) quiet(lead, word string) {
	f := p.folds[0]
	text := "  quiet for " + Duration(f.To.Sub(f.From))
	p.line(lead, text, "", p.axis.sign(f.At, Stroke{foldStroke, Dim}), word, Dim)
}

// time returns when what a row is about began.
func (r *Row) time() time.Time {
	switch {
	case r.Operation != nil:
		return r.Operation.Start
	case r.Notification != nil:
		return r.Notification.Time
	}
	return time.Time{}
}

// outcome returns the last column of a row, and what it has besides if there is room.
func (p *picture) outcome(row *Row) (word, more string, color Color) {
	color = Dim
	switch {
	case row.Operation != nil:
		o := p.Records.Outcome(row.Operation)
		word, more, color = p.word(o), extras(row.Operation), o.Color()
	case row.Notification != nil:
		word = "notification"
	case row.LeftOut == 0:
		word, color = p.Records.Ending()
	}
	return p.Text(word), p.Text(more), color
}

// word returns an outcome in words that fit. Where they are short, the mark at the end of the bar says the rest.
func (s *Screen) word(o Outcome) string {
	if word := o.String(); s.Columns == 0 || s.Columns >= roomy || Width(word) <= mostWords {
		return word
	}
	return o.Short()
}

// extras returns what else there is to say about an operation, in a word or two.
func extras(op *record.Operation) string {
	var text string
	if op.ToolCount > 0 && op.Method == semconv.ToolsList {
		text += ", " + Plural(op.ToolCount, "tool")
	}
	if op.TaskStatus != "" {
		text += ", task " + Safe(op.TaskStatus)
	}
	if op.RoundTrips > 1 && op.TaskStatus == "" {
		text += ", " + Plural(op.RoundTrips, "request")
	}
	if op.Progress > 0 {
		text += fmt.Sprintf(", progress %d×", op.Progress)
	}
	if op.Hung && !op.End.IsZero() {
		text += ", hung"
	}
	return text
}

// Ending returns how a session stands or how it ended.
func (r *Records) Ending() (string, Color) {
	switch {
	case r.State == Live:
		return "live", Cyan
	case r.Exit == nil:
		return string(r.State), Yellow
	case r.Exit.Cause == record.NotStarted:
		return "never started", Red
	case !r.Exit.Failed(): // after the client has acted, a signal or a code says little
		return "closed", Dim
	}
	return Exit(*r.Exit)
}
