package view

import (
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// DefinitionName returns what a definition is called: the name of a tool alone, and of others what they are as well.
func DefinitionName(kind record.DefinitionKind, name string) string {
	name = Safe(name)
	switch {
	case kind == record.ToolDefinition && name != "":
		return name
	case kind == record.InstructionsDefinition:
		return "instructions"
	}
	return strings.TrimSpace(strings.ReplaceAll(Safe(string(kind)), "_", " ") + " " + name)
}

// DefinitionChange says how a definition has changed: "search is defined differently than before: description".
func DefinitionChange(c record.DefinitionChange) string {
	name := DefinitionName(c.Kind, c.Name)
	switch c.Change {
	case record.DefinitionAdded:
		return name + " is new"
	case record.DefinitionRemoved:
		return name + " is no longer offered"
	case record.DefinitionRenamed:
		return DefinitionName(c.Kind, c.OldName) + " is now called " + Safe(c.Name) + ", and is the same otherwise"
	}
	than := "before"
	if c.Pinned {
		than = "what you accepted"
	}
	return name + " is defined differently than " + than + ": " + Safe(c.PartsText())
}

// definitionChange returns the remark about a change.
func definitionChange(c record.DefinitionChange) Remark {
	text := DefinitionChange(c) + "."
	if c.Harmless() {
		return Remark{c.Time, text, Dim}
	}
	return Remark{c.Time, text + " Look at it before you go on: spanpipe definitions.", Yellow}
}
