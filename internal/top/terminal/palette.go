package terminal

import (
	"strings"

	"github.com/spanpipe/spanpipe/internal/top"
)

// palette turns styles into escape sequences. It uses the terminal's own sixteen colors, which people have made
// readable on their background, and none where there should be no color.
type palette struct {
	color  bool
	picked string // the sequence of the selected row's background; empty for none
}

// sequences are the attributes of styles, with color and without.
var sequences = map[top.Style][2]string{
	top.Dim: {"2", "2"}, top.Strong: {"1", "1"}, top.Work: {"36", ""}, top.Bad: {"31", ""}, top.Late: {"33", ""},
	top.Person: {"34", ""}, top.Badge: {"30;41", "7"},
}

// render returns a screen for the terminal.
func (p palette) render(lines []top.Line) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, piece := range l.Pieces {
			s := p.sequence(piece.Style, l.Selected)
			if s == "" {
				b.WriteString(piece.Text)
				continue
			}
			b.WriteString("\x1b[" + s + "m" + piece.Text + "\x1b[m")
		}
	}
	return b.String()
}

func (p palette) sequence(s top.Style, selected bool) string {
	pair := sequences[s]
	own := pair[1]
	if p.color {
		own = pair[0]
	}
	if !selected {
		return own
	}
	background := p.picked
	if background == "" {
		background = "1" // bold, beside the mark
		if !p.color {
			background = "7"
		}
	}
	if own == "2" && background == "1" { // one cancels the other in some terminals
		own = ""
	}
	return strings.Trim(own+";"+background, ";")
}
