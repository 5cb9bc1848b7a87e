package top_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/spanpipe/spanpipe/internal/top"
)

// Sizes of a picture's cells, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 12
)

// classes are the styles of pieces in a picture's style sheet.
var classes = map[top.Style]string{
	top.Dim: "d", top.Strong: "s", top.Work: "w", top.Bad: "b", top.Late: "l", top.Person: "p", top.Badge: "g",
}

// styleSheet has the colors of a picture, for pages in the dark and in the light.
const styleSheet = `text{font:14px "JetBrains Mono","DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e4ece8;white-space:pre}
.s{font-weight:bold}.d{fill:#93a29c}.w{fill:#56b8b3}.b{fill:#ff8070}.l{fill:#e3b053}.p{fill:#93b0ff}.g{fill:#0f1615}
.bg{fill:#0f1615}.pick{fill:#21332f}.badge{fill:#ff8070}
@media(prefers-color-scheme:light){text{fill:#16211e}.d{fill:#586661}.w{fill:#1a7074}.b{fill:#b3211a}.l{fill:#7f5000}
.p{fill:#3152ad}.g{fill:#f7f8f5}.bg{fill:#f7f8f5}.pick{fill:#dfe9e5}.badge{fill:#b3211a}}`

// picture draws a screen as SVG. Each piece has its place, so that columns stay straight in every font.
func picture(lines []top.Line, size top.Size, title string) string {
	var b strings.Builder
	width, height := 2*margin+cellWidth*float64(size.Width), 2*margin+cellHeight*size.Height
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" role=\"img\">\n<title>%s</title>\n<style>%s</style>\n",
		width, height, title, styleSheet)
	fmt.Fprintf(&b, "<rect class=\"bg\" width=\"%.0f\" height=\"%d\" rx=\"6\"/>\n", width, height)
	for i, l := range lines {
		y := margin + i*cellHeight
		if l.Selected {
			fmt.Fprintf(&b, "<rect class=\"pick\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", margin, y,
				cellWidth*float64(size.Width), cellHeight)
		}
		column := 0
		for _, p := range l.Pieces {
			n := ansi.StringWidth(p.Text)
			text := strings.TrimRight(p.Text, " ")
			left := len(text) - len(strings.TrimLeft(text, " "))
			if text = text[left:]; text != "" {
				x, long := margin+cellWidth*float64(column+left), cellWidth*float64(ansi.StringWidth(text))
				if p.Style == top.Badge {
					fmt.Fprintf(&b, "<rect class=\"badge\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", x, y, long, cellHeight)
				}
				fmt.Fprintf(&b, "<text class=\"%s\" x=\"%.1f\" y=\"%d\" textLength=\"%.1f\">%s</text>\n", classes[p.Style], x, y+14,
					long, escaped(text))
			}
			column += n
		}
	}
	b.WriteString("</svg>\n")
	return strings.ReplaceAll(b.String(), ` class=""`, "")
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

// TestPictures keeps the pictures of the documentation as the view is.
func TestPictures(t *testing.T) {
	s := fill(t)
	for _, p := range []struct {
		name, title string
		size        top.Size
		pressed     []string
	}{
		{"sessions", "spanpipe top: sessions", top.Size{Width: 100, Height: 24}, nil},
		{"run", "spanpipe top: the operations of a run", top.Size{Width: 140, Height: 32}, []string{"enter"}},
		{"tools", "spanpipe top: tools", top.Size{Width: 100, Height: 24}, []string{"2", "n"}},
		{"live", "spanpipe top: what happens now", top.Size{Width: 100, Height: 24}, []string{"3"}},
	} {
		m := look(t, s, top.Config{}, p.size)
		keys(t, m, p.pressed...)
		got := picture(m.Lines(), p.size, p.title)
		path := filepath.Join("..", "..", "docs", "images", "top-"+p.name+".svg")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != got {
			t.Errorf("%s is not what the view shows: go test ./internal/top -update", path)
		}
	}
}
