package view

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/clipperhouse/displaywidth"
)

// Screen is what something is drawn for.
type Screen struct {
	Columns int // of the terminal; 0 for a pipe or a file, where nothing is cut
	Paint   Paint
	ASCII   bool           // the locale has no UTF-8
	Zone    *time.Location // of the times that are shown
}

// longest is how much of a text is shown, in characters.
const longest = 500

// marksAtOnce is how many combining marks a character may have. No script needs more.
const marksAtOnce = 3

// Safe makes a text safe to show: at most 500 characters, on one line, without characters that control a terminal or
// reorder a line (CVE-2021-42574). These are shown as \u202e. What remains takes as many columns in every terminal: how
// wide a variant of an emoji is differs from one to the next, so variation selectors and skin tones are left out.
func Safe(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest-1]) + "…"
	}
	if plain(s) {
		return s
	}
	var out strings.Builder
	marks := marksAtOnce // a mark at the beginning would join what stands before the text
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Variation_Selector, r) || r >= 0x1f3fb && r <= 0x1f3ff:
			continue
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			out.WriteByte(' ')
		case unicode.IsMark(r):
			if marks++; marks <= marksAtOnce {
				out.WriteRune(r)
			} else {
				out.WriteString(escape(r))
			}
			continue
		case !unicode.IsPrint(r):
			out.WriteString(escape(r))
		default:
			out.WriteRune(r)
		}
		marks = 0
	}
	return out.String()
}

// plain reports whether a text has nothing but printable ASCII, as nearly all have.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func escape(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// asciiForms are the signs of pictures for a terminal without UTF-8, each of the same width.
var asciiForms = map[rune]rune{
	'━': '=', '─': '-', '┊': ':', '┿': '+', '·': '.', '×': 'x', '┤': '|', '╴': '!', '◇': 'o', '●': '*', '○': 'o', '░': '/',
	'▶': '>', '→': '>', '←': '<', '├': '|', '└': '`', '│': '|', '┬': '+', '┴': '+', '╌': '.', '╍': '.', '…': '~', '–': '-',
	'▌': '>', '█': '8', '▇': '7', '▆': '6', '▅': '5', '▄': '4', '▃': '3', '▂': '2', '▁': '_', 'µ': 'u', '⏎': '^', '↓': 'v',
	'↑': '^', 'Δ': '*', '≈': '~',
}

// ASCII returns the form of a character for a terminal without UTF-8, and false if it has none of one column.
func ASCII(r rune) (form rune, ok bool) {
	if r < utf8.RuneSelf {
		return r, true
	}
	form, ok = asciiForms[r]
	return form, ok
}

// Text returns a text as the screen can show it.
func (s *Screen) Text(text string) string {
	if !s.ASCII || plain(text) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if form, ok := ASCII(r); ok {
			out.WriteRune(form)
		} else {
			out.WriteString(escape(r))
		}
	}
	return out.String()
}

func (s *Screen) zone() *time.Location {
	if s.Zone == nil {
		return time.Local
	}
	return s.Zone
}

// paint colors a text, unless it is of spaces alone.
func (s *Screen) paint(c Color, text string) string {
	if s.Paint == nil || strings.TrimLeft(text, " ") == "" {
		return text
	}
	return s.Paint(c, text)
}

// Steady returns a name of a peer as a screen may show it that is drawn in place. A name whose width terminals do not agree on,
// since they put characters together differently, is shown as codes.
func Steady(s string) string {
	s = Safe(s)
	if plain(s) || ansi.StringWidth(s) == ansi.StringWidthWc(s) {
		return s
	}
	return (&Screen{ASCII: true}).Text(s)
}

// Width returns how many columns a terminal gives a safe text.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return displaywidth.String(s)
}

// Cut shortens a safe text to a number of columns. It leaves out the middle, since names that begin alike often differ at
// their ends.
func Cut(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	head, tail := columns/2, columns-1-columns/2
	var before, after string
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if head -= g.Width(); head < 0 {
			break
		}
		before += g.Value()
	}
	rest := Width(s)
	for g := displaywidth.StringGraphemes(s); g.Next(); rest -= g.Width() {
		if rest <= tail {
			after += g.Value()
		}
	}
	return before + "…" + after
}

// CutEnd cuts a safe text at its end: words begin with what matters most.
func CutEnd(s string, columns int) string {
	return displaywidth.TruncateString(s, max(columns, 0), "…")
}

// rightToLeft are scripts whose characters take the neutral ones and the digits behind them along.
var rightToLeft = []*unicode.RangeTable{
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic,
	unicode.Adlam, unicode.Hanifi_Rohingya, unicode.Mende_Kikakui, unicode.Yezidi,
}

// leftToRight is an invisible character that ends a run of text from right to left.
const leftToRight = "\u200e"

// Pad fills a safe text up to a number of columns. Where a text runs from right to left, a mark keeps a terminal that
// reorders lines from drawing the next column into it.
func Pad(s string, columns int) string {
	fill := strings.Repeat(" ", max(0, columns-Width(s)))
	if !plain(s) && strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, rightToLeft...) }) {
		return s + leftToRight + fill
	}
	return s + fill
}

// PadLeft puts a safe text at the right of a number of columns.
func PadLeft(s string, columns int) string {
	return strings.Repeat(" ", max(0, columns-Width(s))) + s
}

// Fold returns a text as lines of at most the given number of columns, where its words allow it; 0 is no limit. All but
// the first begin with the indent, and the first is assumed to stand behind it.
func Fold(text, indent string, columns int) string {
	var out strings.Builder
	at := Width(indent)
	for i, word := range strings.Fields(text) {
		length := Width(word)
		switch {
		case i == 0:
		case columns > 0 && at+1+length > columns:
			out.WriteString("\n" + indent)
			at = Width(indent)
		default:
			out.WriteString(" ")
			at++
		}
		out.WriteString(word)
		at += length
	}
	return out.String()
}
