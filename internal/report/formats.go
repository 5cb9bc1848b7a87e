package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
)

// CSV writes the rows as comma-separated values (RFC 4180), with the names that they have in JSON. What there is none of is
// an empty cell.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	fields := r.fields()
	var heads []string
	for _, f := range fields {
		heads = append(heads, f.name)
	}
	_ = out.Write(heads) // Flush keeps the error
	for i := range r.Rows {
		var cells []string
		for _, f := range fields {
			cells = append(cells, f.text(&r.Rows[i]))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// field is a column of a CSV file.
type field struct {
	name string
	in   []By // reports that have it; nil is all
	text func(r *Row) string
}

// fields returns the columns that a kind of report has.
func (r *Report) fields() []field {
	targets := []By{ByTool, ByPrompt, ByResource}
	all := slices.Concat([]field{
		{"server", append(targets, ByServer), func(r *Row) string { return harmless(r.Server) }},
		{string(r.By), targets, func(r *Row) string { return harmless(r.Target()) }},
		{"client", []By{ByClient}, func(r *Row) string { return harmless(r.Client) }},
		{"day", []By{ByDay}, func(r *Row) string { return r.Day }},
	}, countFields, sizeFields, pastFields)
	return slices.DeleteFunc(all, func(f field) bool { return f.in != nil && !slices.Contains(f.in, r.By) })
}

// Columns of numbers. Nothing changes these lists.
var (
	countFields = []field{
		{"sessions", nil, func(r *Row) string { return strconv.Itoa(r.Sessions) }},
		{"calls", nil, func(r *Row) string { return strconv.Itoa(r.Calls) }},
		{"failed", nil, func(r *Row) string { return strconv.Itoa(r.Failed) }},
		{"timed_out", nil, func(r *Row) string { return strconv.Itoa(r.TimedOut) }},
		{"cancelled", nil, func(r *Row) string { return strconv.Itoa(r.Cancelled) }},
		{"bad_requests", nil, func(r *Row) string { return strconv.Itoa(r.BadRequests) }},
		{"unanswered", nil, func(r *Row) string { return strconv.Itoa(r.Unanswered) }},
		{"hung", nil, func(r *Row) string { return strconv.Itoa(r.Hung) }},
		{"hung_now", nil, func(r *Row) string { return strconv.Itoa(r.HungNow) }},
		{"failure_rate", nil, func(r *Row) string { return plainFloat(r.FailureRate) }},
	}
	sizeFields = []field{
		{"p50", nil, func(r *Row) string { return plainFloat(r.P50) }},
		{"p95", nil, func(r *Row) string { return plainFloat(r.P95) }},
		{"p99", nil, func(r *Row) string { return plainFloat(r.P99) }},
		{"max", nil, func(r *Row) string { return plainFloat(r.Max) }},
		{"sent", nil, func(r *Row) string { return plainInt(&r.Sent) }},
		{"received", nil, func(r *Row) string { return plainInt(&r.Received) }},
		{"result_size", nil, func(r *Row) string { return plainInt(r.ResultSize) }},
	}
	pastFields = []field{
		{"calls_before", notDays, func(r *Row) string { return strconv.Itoa(r.past().Calls) }},
		{"failed_before", notDays, func(r *Row) string { return strconv.Itoa(r.past().Failed) }},
		{"p95_before", notDays, func(r *Row) string { return plainFloat(r.past().P95) }},
		{"trend", notDays, func(r *Row) string { return plainFloat(r.Trend) }},
		{"listed", peers, func(r *Row) string { return plainInt(r.listed(func(t *Tools) int64 { return int64(t.Listed) })) }},
		{"never_called", peers, func(r *Row) string { return plainInt(r.listed(func(t *Tools) int64 { return int64(t.Never) })) }},
		{"definition_size", peers, func(r *Row) string { return plainInt(r.listed(func(t *Tools) int64 { return t.DefinitionSize })) }},
	}
	notDays = []By{ByTool, ByPrompt, ByResource, ByServer, ByClient}
	peers   = []By{ByServer, ByClient}
)

// past returns what the row was before: nothing, if it is new.
func (r *Row) past() *Past {
	if r.Before == nil {
		return &Past{}
	}
	return r.Before
}

// listed returns a number about the tools that are listed; nil if none are.
func (r *Row) listed(f func(t *Tools) int64) *int64 {
	if r.Tools == nil {
		return nil
	}
	return new(f(r.Tools))
}

// plainFloat returns a number as JSON has it; nothing if there is none.
func plainFloat(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

func plainInt(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// harmless returns a name that no spreadsheet takes for a formula: with an apostrophe in front of what would begin one
// (https://owasp.org/www-community/attacks/CSV_Injection). Peers choose the names. Where the exact name matters, JSON has
// it.
func harmless(name string) string {
	name = view.Safe(name)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(name, " "))
	if strings.ContainsRune("=+-@'＝＋－＠", first) {
		return "'" + name
	}
	return name
}

// Markdown writes the whole report as GitHub's Markdown: a table of plain numbers, with the unit in the head.
func (r *Report) Markdown(w io.Writer, l *time.Location) error {
	var out strings.Builder
	for _, sentence := range r.heading(l) {
		out.WriteString(sentence + "\n")
	}
	cells := slices.DeleteFunc(columns(), func(c column) bool { return !slices.Contains(c.in, r.By) && c.room == 0 })
	out.WriteString("\n| " + string(r.By))
	for _, c := range cells {
		title := strings.ToLower(c.title)
		if c.unit != "" {
			title += " (" + c.unit + ")"
		}
		out.WriteString(" | " + title)
	}
	out.WriteString(" |\n|---" + strings.Repeat("|--:", len(cells)) + "|\n")
	for i := range r.Rows {
		out.WriteString("| " + code(r.Rows[i].shown()))
		for _, c := range cells {
			out.WriteString(" | " + c.plain(&r.Rows[i]))
		}
		out.WriteString(" |\n")
	}
	_, err := fmt.Fprint(w, out.String())
	return err
}

// code returns a name as code, where Markdown leaves everything as it is, links, mentions and HTML included. A row of a
// table ends even there at a pipe without a backslash.
func code(name string) string {
	fence := "`"
	for strings.Contains(name, fence) {
		fence += "`"
	}
	if strings.HasPrefix(name, "`") || strings.HasSuffix(name, "`") {
		name = " " + name + " "
	}
	return fence + strings.ReplaceAll(name, "|", `\|`) + fence
}
