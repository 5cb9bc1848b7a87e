package check_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/internal/check"
)

// TestFormat1: budgets as one wrote them for version 0.1.0, with every rule of that version, and definitions as it wrote them can
// be read. The files are never changed: users have such files.
func TestFormat1(t *testing.T) {
	rules, err := os.ReadFile("testdata/format1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := check.Parse(rules); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
	definitions, err := os.ReadFile("testdata/format1.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := check.ParseBaseline(definitions)
	if err != nil {
		t.Fatal(err)
	}
	if d.Server != "weather" || d.Instructions == "" {
		t.Errorf("%+v", d)
	}
}
