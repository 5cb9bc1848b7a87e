package report

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// context is what a connection puts into a model's context: the latest definition of each tool, and the instructions.
type context struct {
	tools        map[string]record.Definition
	seen         map[string]time.Time // when a tool was listed last
	instructions record.Definition
	instructed   time.Time
}

func newContext() context {
	return context{tools: map[string]record.Definition{}, seen: map[string]time.Time{}}
}

// add takes the definitions of a list, or of the answer to a handshake, at a time.
func (c *context) add(all []record.Definition, at time.Time) {
	for _, d := range all {
		switch {
		case d.Kind == record.InstructionsDefinition && at.After(c.instructed):
			c.instructions, c.instructed = d, at
		case d.Kind == record.ToolDefinition && d.Name != "" && !at.Before(c.seen[d.Name]):
			c.tools[d.Name], c.seen[d.Name] = d, at
		}
	}
}

// merge takes what another one has later.
func (c *context) merge(other *context) {
	for name, d := range other.tools {
		c.add([]record.Definition{d}, other.seen[name])
	}
	if !other.instructed.IsZero() {
		c.add([]record.Definition{other.instructions}, other.instructed)
	}
}
