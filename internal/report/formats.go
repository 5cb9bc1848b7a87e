package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
)

// CSV writes the rows as comma-separated values (RFC 4180), with the names that they have in JSON. What there is none of is
// an empty cell.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	heads, columns := []string{string(r.By)}, r.By.columns()
	if r.By.targets() {
		heads = []string{"server", string(r.By)}
	}
	for _, c := range columns {
		heads = append(heads, c.name)
	}
	_ = out.Write(heads) // Flush keeps the error
	for i := range r.Rows {
		row := &r.Rows[i]
		cells := []string{harmless(cmp.Or(row.Client, row.Day, row.Server))}
		if r.By.targets() {
			cells = append(cells, harmless(row.Target()))
		}
		for _, c := range columns {
			cells = append(cells, c.plain(row))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
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

// Markdown writes all rows as GitHub's Markdown, below what they come to: a table of plain numbers, with the unit in the head.
func (r *Report) Markdown(w io.Writer, l *time.Location) error {
	var out strings.Builder
	for _, sentence := range r.heading(l) {
		out.WriteString(sentence + "\n")
	}
	cells := slices.DeleteFunc(r.By.columns(), func(c column) bool { return !slices.Contains(c.in, r.By) && c.room == 0 })
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
