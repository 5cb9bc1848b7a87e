package cmd_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateAxe = flag.Bool("update-axe", false, "rewrite the tables of docs/ui-accessibility.md")

// axeDocument is where the tables of what axe has found stand.
const axeDocument = "../docs/ui-accessibility.md"

// axe checks pages for what keeps people out, by the rules of WCAG 2.2 AA, and keeps what it has found.
type axe struct {
	script string
	rows   []*axeRow
}

// axeRow is what was found in a state of the page, one result for each size and color scheme.
type axeRow struct {
	state   string
	results []axeResult
}

// axeResult counts rules.
type axeResult struct {
	Version    string
	Passed     int
	Undecided  []string // their names: a person has to look
	Violations []string // described
}

// axe returns what checks pages. At the end of the test it logs a table of the results. Their states must stand in the docs.
func (d *desk) axe() *axe {
	d.t.Helper()
	script, err := os.ReadFile(filepath.Join(d.peers.packages, "axe-core", "axe.min.js"))
	if err != nil {
		d.t.Fatal(err)
	}
	a := &axe{script: string(script)}
	d.t.Cleanup(func() { a.report(d.t) })
	return a
}

// axeRun runs it. It must not load styles, which the policy forbids it.
const axeRun = `axe.run(document, {preload: false, resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]}).then((r) => ({
	Version: r.testEngine.version, Passed: r.passes.length, Undecided: r.incomplete.map((v) => v.id), Violations: r.violations.map((v) =>
		v.id + ": " + v.help + v.nodes.slice(0, 5).map((n) => "\n  " + n.html.slice(0, 200) + "\n    " + n.failureSummary.replaceAll("\n", " ")).join("")),
}))`

// check checks the page as it is now, in one of its states.
func (a *axe) check(b *tab, state string) {
	b.t.Helper()
	if !eval[bool](b, `typeof axe === "object"`) {
		eval[any](b, a.script+"; null")
	}
	result := eval[axeResult](b, axeRun)
	for _, violation := range result.Violations {
		b.t.Errorf("axe: %s", violation)
	}
	if n := len(a.rows); n == 0 || a.rows[n-1].state != state {
		a.rows = append(a.rows, &axeRow{state: state})
	}
	last := a.rows[len(a.rows)-1]
	last.results = append(last.results, result)
}

// table returns the results in Markdown.
func (a *axe) table() string {
	var out strings.Builder
	out.WriteString("| state |")
	for _, size := range uiSizes {
		fmt.Fprintf(&out, " %d px, light | dark |", size.width)
	}
	out.WriteString(" violations | not decided |\n|---" + strings.Repeat("|--:", 2*len(uiSizes)+1) + "|---|\n")
	for _, row := range a.rows {
		fmt.Fprintf(&out, "| %s |", row.state)
		violations, undecided := 0, []string(nil)
		for _, r := range row.results {
			fmt.Fprintf(&out, " %d |", r.Passed)
			violations += len(r.Violations)
			undecided = append(undecided, r.Undecided...)
		}
		slices.Sort(undecided)
		fmt.Fprintf(&out, " %d | %s |\n", violations, strings.Join(slices.Compact(undecided), ", "))
	}
	return out.String()
}

// report logs the table. With -update-axe it replaces that of the test in the docs; else it checks that the docs have the version and
// the states.
func (a *axe) report(t *testing.T) {
	if len(a.rows) == 0 {
		return
	}
	table, version := a.table(), "axe-core "+a.rows[0].results[0].Version
	t.Logf("%s\n%s", version, table)
	text, err := os.ReadFile(axeDocument)
	if err != nil {
		t.Fatal(err)
	}
	if *updateAxe {
		block := regexp.MustCompile(`(?s)(<!-- ` + t.Name() + ` -->\n)[^<]*`)
		text = block.ReplaceAll(text, []byte("${1}\n"+table+"\n"))
		text = regexp.MustCompile(`axe-core [\d.]+\d`).ReplaceAll(text, []byte(version))
		if err := os.WriteFile(axeDocument, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range append([]string{version}, a.states()...) {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q; if that is meant: go test ./cmd_test -run TestPeersUI -update-axe", axeDocument, want)
		}
	}
}

// states returns how rows of the table begin.
func (a *axe) states() (all []string) {
	for _, row := range a.rows {
		all = append(all, "\n| "+row.state+" |")
	}
	return all
}
