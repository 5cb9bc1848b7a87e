package top

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/spanpipe/spanpipe/internal/view"
)

// Style is what a piece of text means. A palette gives it a color.
type Style uint8

// The styles.
const (
	Plain  Style = iota
	Dim          // labels, and what is ok
	Strong       // a run's line, the view one is in
	Work         // bars, and live sessions
	Bad          // failed, hung
	Late         // late, a bad request
	Person       // a person's time
	Badge        // a count of calls that hang now
)

// Line is a line of a screen.
type Line struct {
	Pieces   []Piece
	Selected bool // the row that keys act on
}

// Piece is text of one style.
type Piece struct {
	Style Style
	Text  string
}

// String returns the text of a line, without spaces at its end.
func (l Line) String() string {
	var b strings.Builder
	for _, p := range l.Pieces {
		b.WriteString(p.Text)
	}
	return strings.TrimRight(b.String(), " ")
}

// width returns how many columns a line takes.
func (l Line) width() int {
	n := 0
	for _, p := range l.Pieces {
		n += width(p.Text)
	}
	return n
}

// add appends text.
func (l *Line) add(s Style, text string) *Line {
	if text != "" {
		l.Pieces = append(l.Pieces, Piece{s, text})
	}
	return l
}

// left appends text in a column of n, cut if it is longer.
func (l *Line) left(s Style, text string, n int) *Line {
	return l.add(s, view.Pad(view.Cut(text, n), n))
}

// right appends text at the right of a column of n.
func (l *Line) right(s Style, text string, n int) *Line {
	text = view.Cut(text, n)
	return l.space(n-width(text)).add(s, text)
}

// space appends n spaces.
func (l *Line) space(n int) *Line { return l.add(Plain, strings.Repeat(" ", max(n, 0))) }

// to fills a line with spaces up to a column.
func (l *Line) to(column int) *Line { return l.space(column - l.width()) }

// fit makes a line exactly n columns wide.
func (l *Line) fit(n int) {
	room := n
	for i, p := range l.Pieces {
		w := width(p.Text)
		if w > room {
			l.Pieces[i].Text = ansi.Truncate(p.Text, room, "")
			l.Pieces = l.Pieces[:i+1]
			l.space(room - width(l.Pieces[i].Text)) // half of a wide character
			return
		}
		room -= w
	}
	l.space(room)
}

// text returns a line of one piece.
func text(s Style, format string, args ...any) Line {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return *(&Line{}).add(s, format)
}

// rule returns a line across the screen.
func rule(n int) Line { return text(Dim, strings.Repeat("─", n)) }

// width returns how many columns text takes.
func width(s string) int { return view.Width(s) }

// wrapped breaks a sentence into lines of at most n columns.
func wrapped(s string, n int) []string {
	return strings.Split(ansi.Wrap(s, max(n, 1), ""), "\n")
}

// isPlain reports whether text is printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ASCII returns a line without any character beyond ASCII, of the same width.
func (l Line) ASCII() Line {
	out := Line{Selected: l.Selected}
	for _, p := range l.Pieces {
		if isPlain(p.Text) {
			out.Pieces = append(out.Pieces, p)
			continue
		}
		var b, other strings.Builder
		for _, r := range p.Text + "\x00" { // the end
			form, known := view.ASCII(r)
			if !known {
				other.WriteRune(r)
				continue
			}
			b.WriteString(strings.Repeat("?", width(other.String())))
			other.Reset()
			if r > 0 {
				b.WriteRune(form)
			}
		}
		out.Pieces = append(out.Pieces, Piece{p.Style, b.String()})
	}
	return out
}

// join unites neighboring pieces of one style.
func (l *Line) join() {
	out := l.Pieces[:0]
	for _, p := range l.Pieces {
		if n := len(out); n > 0 && out[n-1].Style == p.Style {
			out[n-1].Text += p.Text
		} else {
			out = append(out, p)
		}
	}
	l.Pieces = out
}
