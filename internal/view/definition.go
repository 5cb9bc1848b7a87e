package view

import (
	"fmt"
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
		return name + " is new"
	case record.DefinitionRemoved:
		return name + " is no longer offered"
	case record.DefinitionRenamed:
		return DefinitionName(c.Kind, c.OldName) + " is now called " + Safe(c.Name) + ", and is the same otherwise"
	}
	if c.Pinned {
		return name + " is not what you accepted: " + Safe(c.PartsText())
	}
	return name + " has changed: " + Safe(c.PartsText())
}

// shownTogether is how many definitions that have changed in the same way are named.
const shownTogether = 3

// definitionChanges returns remarks about changes. When a server was updated, many of its tools may have changed in the same
// way: those are one remark.
func definitionChanges(all []record.DefinitionChange) []Remark {
	groups := map[string][]record.DefinitionChange{}
	var order []string
	for _, c := range all {
		key := fmt.Sprint(c.Change, c.Pinned, c.PartsText())
		if c.Change == record.DefinitionRenamed {
			key += c.Name
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], c)
	}
	var remarks []Remark
	for _, key := range order {
		remarks = append(remarks, definitionRemark(groups[key]))
	}
	return remarks
}

// plural turns what is said of one definition into what is said of several.
var plural = strings.NewReplacer(" is not what", " are not what", " has changed", " have changed", " is new", " are new",
	" is no longer", " are no longer")

// definitionRemark returns the remark about changes of one kind, in the same parts.
func definitionRemark(same []record.DefinitionChange) Remark {
	first := same[0]
	text := DefinitionChange(first)
	if name := DefinitionName(first.Kind, first.Name); len(same) > 1 {
		names := []string{name}
		for _, c := range same[1:min(len(same), shownTogether)] {
			names = append(names, DefinitionName(c.Kind, c.Name))
		}
		joined := strings.Join(names, ", ")
		if more := len(same) - len(names); more > 0 {
			joined += fmt.Sprintf(" and %s more", Number(more))
		}
		text = joined + plural.Replace(strings.TrimPrefix(text, name))
	}
	if first.Harmless() {
		return Remark{first.Time, text + ".", Dim}
	}
	return Remark{first.Time, text + ". Look at it before you go on: spanpipe definitions.", Yellow}
}
