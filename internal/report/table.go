package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
)

// column is a column of the table, besides the first.
type column struct {
	title string
	unit  string // of plain numbers
	in    []By   // reports that always have it
	room  int    // others have it where there is room; the smallest first; 0 is never
	text  func(r *Row) string
	plain func(r *Row) string
	bad   func(r *Row) bool // shown in red
}

// columns are all columns in their order.
func columns() []column {
	targets, others := []By{ByTool, ByPrompt, ByResource}, []By{ByServer, ByClient, ByDay}
	all := Bys()
	return []column{
		counted("SESSIONS", others, 7, func(r *Row) int { return r.Sessions }),
		counted("CALLS", all, 0, func(r *Row) int { return r.Calls }),
		{title: "TREND", unit: "share", in: targets, text: trend, plain: func(r *Row) string { return plainFloat(r.Trend) }},
		{
			title: "FAILED", unit: "share", in: all,
			text:  func(r *Row) string { return view.Share(r.Failed, r.Calls) },
			plain: func(r *Row) string { return plainFloat(r.FailureRate) },
			bad:   func(r *Row) bool { return r.Failed > 0 },
		},
		counted("TIMED OUT", nil, 3, func(r *Row) int { return r.TimedOut }),
		counted("CANCELLED", nil, 6, func(r *Row) int { return r.Cancelled }),
		{
			title: "HUNG", in: others, room: 1,
			text:  func(r *Row) string { return view.Number(r.Hung) },
			plain: func(r *Row) string { return strconv.Itoa(r.Hung) },
			bad:   func(r *Row) bool { return r.HungNow > 0 },
		},
		timed("P50", all, 0, func(r *Row) *float64 { return r.P50 }),
		timed("P95", all, 0, func(r *Row) *float64 { return r.P95 }),
		timed("P99", all, 0, func(r *Row) *float64 { return r.P99 }),
		timed("MAX", nil, 2, func(r *Row) *float64 { return r.Max }),
		sized("RESULT", []By{ByTool, ByPrompt, ByResource, ByDay}, 0, func(r *Row) *int64 { return r.ResultSize }),
		sized("LIST", peers, 0, func(r *Row) *int64 { return r.listed(func(t *Tools) int64 { return t.DefinitionSize }) }),
		{
			title: "NEVER", in: peers, text: neverCalled,
			plain: func(r *Row) string { return plainInt(r.listed(func(t *Tools) int64 { return int64(t.Never) })) },
		},
		sized("SENT", nil, 5, func(r *Row) *int64 { return &r.Sent }),
		sized("RECEIVED", nil, 4, func(r *Row) *int64 { return &r.Received }),
	}
}

func neverCalled(r *Row) string {
	if r.Tools == nil {
		return none
	}
	return view.Number(r.Tools.Never)
}

func counted(title string, in []By, room int, f func(*Row) int) column {
	return column{
		title: title, in: in, room: room,
		text:  func(r *Row) string { return view.Number(f(r)) },
		plain: func(r *Row) string { return strconv.Itoa(f(r)) },
	}
}

func timed(title string, in []By, room int, f func(*Row) *float64) column {
	return column{
		title: title, unit: "s", in: in, room: room,
		text:  func(r *Row) string { return durationOf(f(r)) },
		plain: func(r *Row) string { return plainFloat(f(r)) },
	}
}

func sized(title string, in []By, room int, f func(*Row) *int64) column {
	return column{
		title: title, unit: "B", in: in, room: room,
		text:  func(r *Row) string { return sizeOf(f(r)) },
		plain: func(r *Row) string { return plainInt(f(r)) },
	}
}

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
	for _, c := range columns() {
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
