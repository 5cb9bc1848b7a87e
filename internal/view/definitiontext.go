package view

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// DefinitionText returns the lines of a definition's text, safe to show.
func DefinitionText(text string) []string { return safeLines(readable(text)) }

// DefinitionDiff returns the lines of what differs between two texts of a definition, safe to show: the first two name the texts.
// There are none if the texts are equal.
func DefinitionDiff(before, after string) []string {
	text := udiff.Unified("before", "after", readable(before), readable(after))
	if text == "" {
		return nil
	}
	return safeLines(text)
}

func safeLines(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = SafeLine(lines[i])
	}
	return lines
}

// deepest bounds the indentation, which would take many times the size of a text that nests deep.
const deepest = 40

// readable returns a definition's text for people: JSON with a line for each member, and one for each line of a text in it.
func readable(definition string) string {
	var text string
	if json.Unmarshal([]byte(definition), &text) == nil { // instructions
		return text + "\n"
	}
	var out bytes.Buffer
	if json.Indent(&out, []byte(definition), "", "") != nil {
		return definition + "\n"
	}
	var lines strings.Builder
	depth := 0
	for line := range strings.Lines(out.String()) {
		if line[0] == '}' || line[0] == ']' {
			depth--
		}
		indent := strings.Repeat("  ", min(depth, deepest))
		breaks := strings.NewReplacer(`\\`, `\\`, `\n`, `\n`+"\n"+indent+"  ")
		lines.WriteString(indent + breaks.Replace(line))
		if end := strings.TrimSuffix(line, "\n"); strings.HasSuffix(end, "{") || strings.HasSuffix(end, "[") {
			depth++
		}
	}
	return lines.String() + "\n"
}
