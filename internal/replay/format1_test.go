package replay_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/internal/replay"
)

// TestFormat1: rules as one wrote them for version 0.1.0 mean what they meant. The file is never changed: users have such files.
func TestFormat1(t *testing.T) {
	text, err := os.ReadFile("testdata/format1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := replay.ParseRules(text, func(string, []string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Off) != 1 || len(r.Ignore) != 4 || len(r.Unordered) != 1 || len(r.Replace) != 1 {
		t.Errorf("%+v", r)
	}
}
