package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDecisions checks the form of the decision records: NNNN-title.md, each number once, with all sections.
// TestGenerated checks that the index lists them.
func TestDecisions(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root(t), "docs", "adr"))
	if err != nil {
		t.Fatal(err)
	}
	form, numbers := regexp.MustCompile(`^\d{4}-[a-z0-9.-]+\.md$`), map[string]string{}
	for _, e := range entries {
		name := e.Name()
		if name == "README.md" {
			continue
		}
		if !form.MatchString(name) {
			t.Errorf("%s is not named NNNN-title.md", name)
			continue
		}
		if other, taken := numbers[name[:4]]; taken {
			t.Errorf("%s and %s have the same number", other, name)
		}
		numbers[name[:4]] = name
		text, err := os.ReadFile(filepath.Join(root(t), "docs", "adr", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s does not start with a title", name)
		}
		for _, section := range []string{"Status", "Context", "Decision", "Consequences"} {
			if !regexp.MustCompile(`(?m)^(#+ |- |\**)?` + section).Match(text) {
				t.Errorf("%s has no section %s", name, section)
			}
		}
	}
	if len(numbers) < 9 {
		t.Errorf("found %d records, want at least 9", len(numbers))
	}
}
