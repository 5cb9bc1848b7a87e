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

// DefinitionChange says how a definition has changed: "search has changed: description".
func DefinitionChange(c record.DefinitionChange) string {
	if c.Kind == record.InstructionsDefinition {
		return plural.Replace(definitionChange(c))
	}
	return definitionChange(c)
}

func definitionChange(c record.DefinitionChange) string {
	name := DefinitionName(c.Kind, c.Name)
	switch c.Change {
	case record.DefinitionAdded:
		if c.Pinned {
			return name + " is new since you accepted the others"
		}
		return name + " is new"
	case record.DefinitionRemoved:
		if c.Pinned {
			return name + ", which you accepted, is no longer offered"
		}
		return name + " is no longer offered"
	case record.DefinitionRenamed:
		return DefinitionName(c.Kind, c.OldName) + " is now called " + Safe(c.Name) + ", and is the same otherwise"
	}
	if c.Pinned {
		return name + " is not what you accepted: " + Safe(c.PartsText())
	}
	return name + " has changed: " + Safe(c.PartsText())
}

// plural turns what is said of one definition into what is said of several.
var plural = strings.NewReplacer(" is not what", " are not what", " has changed", " have changed", " is new", " are new",
	" is no longer", " are no longer")
