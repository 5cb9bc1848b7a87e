package report

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
)

const (
	between   = "  "
	leastName = 10 // columns of a name that is cut: the table of servers fits 80 with it
)

// table writes rows as a table that fits the terminal. A name is cut there, and columns that are no part of the narrow
// table come in where there is room.
func (r *Report) table(out *strings.Builder, rows []Row, s *view.Screen) {
	if len(rows) == 0 {
		return
	}
	names, width := make([]string, len(rows)), len(r.By)
	for i := range rows {
		names[i] = rows[i].shown()
		width = max(width, view.Width(names[i]))
	}
	cells := r.choose(rows, s.Columns-width)
	rest := 0
	for _, c := range cells {
		rest += len(between) + c.width
	}
	if s.Columns > 0 && width+rest > s.Columns {
		width = max(leastName, s.Columns-rest)
	}
	line := view.Pad(strings.ToUpper(string(r.By)), width)
	for _, c := range cells {
		line += between + view.PadLeft(c.title, c.width)
	}
	out.WriteString(line + "\n")
	for i := range rows {
		line := view.Pad(view.Cut(names[i], width), width)
		if s.Columns == 0 {
			line = view.Pad(names[i], width)
		}
		for _, c := range cells {
			text := view.PadLeft(c.texts[i], c.width)
			if c.bad != nil && c.bad(&rows[i]) {
				text = s.Paint(view.Red, text)
			}
			line += between + text
		}
		out.WriteString(line + "\n")
	}
}

// cells is a column with its texts.
type cells struct {
	column
	texts []string
	width int
}

// choose returns the columns for a number of columns of the terminal.
func (r *Report) choose(rows []Row, room int) []cells {
	var all []cells
	for _, c := range r.By.columns() {
		if c.title == "" {
			continue
		}
		one := cells{column: c, width: len(c.title)}
		for i := range rows {
			text := c.text(&rows[i])
			one.texts, one.width = append(one.texts, text), max(one.width, view.Width(text))
		}
		all = append(all, one)
	}
	chosen := map[string]bool{}
	for _, c := range all {
		if slices.Contains(c.in, r.By) && (c.title != "TREND" || r.Total.Before != nil) {
			chosen[c.title] = true
			room -= len(between) + c.width
		}
	}
	for _, c := range slices.SortedStableFunc(slices.Values(all), func(a, b cells) int { return a.room - b.room }) {
		if size := len(between) + c.width; c.room > 0 && !chosen[c.title] && size <= room {
			chosen[c.title] = true
			room -= size
		}
	}
	return slices.DeleteFunc(all, func(c cells) bool { return !chosen[c.title] })
}
