package view_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestDefinitionRemarks: changes of the same kind in the same parts are one remark, and others have one each. Names are safe
// for a terminal.
func TestDefinitionRemarks(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	change := func(kind record.DefinitionChangeKind, name string, parts ...record.Part) record.Note {
		return record.DefinitionChange{Time: at, Change: kind, Kind: record.ToolDefinition, Name: name, Parts: parts}
	}
	renamed := record.DefinitionChange{Time: at, Change: record.DefinitionRenamed, Kind: record.PromptDefinition, Name: "trip", OldName: "journey"}
	pinned := record.DefinitionChange{
		Time: at, Change: record.DefinitionChanged, Kind: record.InstructionsDefinition, Parts: []record.Part{record.TextPart}, Pinned: true,
	}
	r := &view.Records{}
	r.Notes = []record.Note{
		change(record.DefinitionChanged, "a", record.TitlePart), change(record.DefinitionChanged, "b\x1b[2J", record.TitlePart),
		change(record.DefinitionChanged, "c", record.TitlePart), change(record.DefinitionChanged, "d", record.TitlePart),
		change(record.DefinitionChanged, "e", record.InputPart, record.OutputPart),
		change(record.DefinitionAdded, "f"), change(record.DefinitionAdded, "g"), change(record.DefinitionRemoved, "h"), renamed, pinned,
	}
	const look = ". Look at it before you go on: spanpipe definitions."
	want := map[string]view.Color{
		`a, b\u001b[2J, c and 1 more have changed: title` + look:              view.Yellow,
		"e has changed: input schema, output schema" + look:                   view.Yellow,
		"prompt journey is now called trip, and is the same otherwise" + look: view.Yellow,
		"instructions are not what you accepted: text" + look:                 view.Yellow,
		"f, g are new.":           view.Dim,
		"h is no longer offered.": view.Dim,
	}
	for _, one := range r.Remarks() {
		if color, ok := want[one.Text]; !ok || color != one.Color {
			t.Errorf("the remark %q in %s", one.Text, one.Color)
		}
		delete(want, one.Text)
	}
	for text := range want {
		t.Errorf("missing: %q", text)
	}
}
