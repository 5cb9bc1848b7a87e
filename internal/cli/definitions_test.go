package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestDefinitionsFit: the table fits a terminal of 80 columns in every state, whatever the names are.
func TestDefinitionsFit(t *testing.T) {
	known := func(name string) definitions.Known {
		return definitions.Known{
			Kind: record.InstructionsDefinition, Name: name, First: lookedAt.Add(-time.Hour), Since: lookedAt, Size: 999_900, Tokens: 9_999,
			Last: record.Fingerprint{Description: "now"},
		}
	}
	accepted, differs, gone := known(strings.Repeat("accepted_", 9)), known("differs"), known("gone")
	accepted.Accepted, differs.Accepted = []record.Fingerprint{accepted.Last}, []record.Fingerprint{{Description: "then"}}
	gone.Gone = lookedAt
	changed := known("changed")
	changed.Kind = record.ToolDefinition // of which none is accepted
	one := store.Defined{ID: "4e02876b6f63e89a", State: definitions.State{
		Service: "a server with a long name", Known: []definitions.Known{changed, accepted, differs, gone},
	}}
	text := cli.DefinitionTable(&view.Screen{Columns: 80, Paint: view.Plain, Zone: time.UTC}, lookedAt, []store.Defined{one})
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); view.Width(line) > 80 {
			t.Errorf("%d columns: %s", view.Width(line), line)
		}
	}
	for _, state := range []string{"changed", "accepted", "DIFFERS", "gone"} {
		if !strings.Contains(text, "  "+state+"\n") {
			t.Errorf("no row is %s:\n%s", state, text)
		}
	}
}
