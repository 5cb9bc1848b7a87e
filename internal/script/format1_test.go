package script_test

import (
	"os"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/script"
)

// TestFormat1: a script as one wrote it for version 0.1.0 means what it meant. The file is never changed: users have such files.
func TestFormat1(t *testing.T) {
	text, err := os.ReadFile("testdata/format1.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Calls) != 3 || s.Calls[0].Repeat != 3 || s.Calls[1].Method != "prompts/get" || s.Calls[2].Timeout != 5*time.Second {
		t.Errorf("%+v", s.Calls)
	}
}
