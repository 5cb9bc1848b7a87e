package top_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestChangedDefinition: a definition that has changed needs a look; one that was added does
// not, and a name does not reach the terminal as it is.
func TestChangedDefinition(t *testing.T) {
	m := model(live("a", "github", "r", start))
	change := record.DefinitionChange{
		Time: now, Change: record.DefinitionChanged, Kind: record.ToolDefinition, Name: "create_pull_request\x1b[2J",
		Parts: []record.Part{record.DescriptionPart}, Since: now,
	}
	m.Take(watch.Noted{Session: "a", Note: change})
	change.Change, change.Name = record.DefinitionAdded, "list_issues"
	m.Take(watch.Noted{Session: "a", Note: change})
	keys(t, m, "!")
	text := screen(t, m, small)
	if !strings.Contains(text, "Changed") || !strings.Contains(text, "create_pull_request") || !strings.Contains(text, "description") ||
		strings.Contains(text, "list_issues") || strings.Contains(text, "\x1b") {
		t.Errorf("the alerts are\n%s", text)
	}
}
