package replay_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/replay"
)

// TestJUnitMessage: what a list of failed tests shows of one is what has become of the place.
func TestJUnitMessage(t *testing.T) {
	for change, want := range map[replay.Change]string{
		replay.Changed: "answer differs", replay.Added: "answer is new", replay.Removed: "answer is missing",
	} {
		r := &replay.Report{Entries: []replay.Entry{{
			Sort: replay.Request, Number: 3, Name: "ping", Differences: []replay.Difference{{Part: "answer", Change: change}},
		}}}
		var out strings.Builder
		if err := r.WriteJUnit(&out, "a.jsonl"); err != nil || !strings.Contains(out.String(), `message="`+want+`"`) {
			t.Errorf("%v: %v, want %q in\n%s", change, err, want, out.String())
		}
	}
}
