package rules_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/rules"
)

// TestFormat1: metric rules as one wrote them for version 0.1.0 can be read. The file is never changed: users have such files.
func TestFormat1(t *testing.T) {
	text, err := os.ReadFile("testdata/format1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if set, problems := rules.Parse(text); len(problems) > 0 || len(set.Rules) != 4 {
		t.Errorf("%d rules, %v", len(set.Rules), problems)
	}
}
