package recording_test

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// TestGuide reads the example of docs/recordings.md, and writes it as it stands there.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/recordings.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- example -->\n```json\n(.*?)```").FindSubmatch(page)
	if found == nil {
		t.Fatal("there is no example")
	}
	r, err := recording.Read(bytes.NewReader(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	if got := write(t, r.Header, r.Events); !bytes.Equal(got, found[1]) {
		t.Errorf("the example is\n%s\nwhich is written as\n%s", found[1], got)
	}
	if len(r.Lines()) != 4 || r.Lost() != 70000 || r.Exit() == nil {
		t.Errorf("lines %q, lost %d, exit %v", r.Lines(), r.Lost(), r.Exit())
	}
}
