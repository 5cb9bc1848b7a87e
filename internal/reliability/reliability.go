// Package reliability keeps docs/reliability.md the same as the tests behind it.
//
// Each row of a table on the page is a test: its name is the first column, its expected result the second. A section of the
// page stands between two marks and belongs to the tests of one package, which rewrite it when they run with -update.
//
// It must not import any package of this module: it helps to test all of them.
package reliability

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Row is one thing that can happen to a session. What is the test's name and the first column of the table, Outcome the
// second column.
type Row struct {
	What, Outcome string
	Test          func(t *testing.T)
}

// Section is a table with a title, which may be empty.
type Section struct {
	Title string
	Rows  []Row
}

// Run runs every row as a test.
func Run(t *testing.T, sections []Section) {
	t.Helper()
	for _, s := range sections {
		for _, r := range s.Rows {
			t.Run(r.What, r.Test)
		}
	}
}

// Page compares the rows with what stands between the page's marks of the given name, and fails if they differ. With
// update it rewrites the page instead.
func Page(t *testing.T, path, name string, sections []Section, update bool) {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- begin: %s (generated) -->\n", name), fmt.Sprintf("<!-- end: %s -->", name)
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no marks of %q", path, name)
	}
	want := head + begin + tables(sections) + "\n" + end + tail
	switch {
	case want == string(page):
	case !update:
		t.Fatalf("%s differs from the tests; run them with -update", path)
	default:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tables(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		if s.Title != "" {
			fmt.Fprintf(&b, "\n### %s\n", s.Title)
		}
		b.WriteString("\n| event | result |\n|---|---|\n")
		for _, r := range s.Rows {
			fmt.Fprintf(&b, "| %s | %s |\n", r.What, r.Outcome)
		}
	}
	return b.String()
}
