package record

import (
	"strings"
	"time"
)

// Definition is what a server offers, or tells a model about itself, as one element of the list that names it.
type Definition struct {
	Kind   DefinitionKind `json:"kind"`
	Name   string         `json:"name,omitempty"`   // of a tool or prompt; the URI template of a template; empty for others
	Size   int64          `json:"size"`             // bytes on the wire
	Tokens int64          `json:"tokens,omitempty"` // estimated, see package framing/estimate; 0 if it was not estimated

	// Description is how long its description is, or the instructions: clients cut long ones. It is in characters as JavaScript
	// counts them (UTF-16 code units), since such clients are written in it; of what was too large to be read whole, in bytes of JSON,
	// which are at least as many.
	Description int64 `json:"description_length,omitempty"`

	// Fingerprint reports whether it has changed. It is not stored with the session, nor sent.
	Fingerprint Fingerprint `json:"fingerprint,omitzero"`
}

// Fingerprint is keyed hashes of a definition's parts: equal if and only if the parts are, whatever the order of members and
// the white space. It is the zero value of what was too large to be read whole. An absent part has none.
type Fingerprint struct {
	Name        string `json:"name,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Input       string `json:"input,omitempty"`
	Output      string `json:"output,omitempty"`
	Annotations string `json:"annotations,omitempty"`
	Icons       string `json:"icons,omitempty"`
	Meta        string `json:"meta,omitempty"`
	Text        string `json:"text,omitempty"`
	Other       string `json:"other,omitempty"`
}

// Of returns where the fingerprint of a part is.
func (f *Fingerprint) Of(part Part) *string {
	switch part {
	case NamePart:
		return &f.Name
	case TitlePart:
		return &f.Title
	case DescriptionPart:
		return &f.Description
	case InputPart:
		return &f.Input
	case OutputPart:
		return &f.Output
	case AnnotationsPart:
		return &f.Annotations
	case IconsPart:
		return &f.Icons
	case MetaPart:
		return &f.Meta
	case TextPart:
		return &f.Text
	}
	return &f.Other
}

// Differs returns the parts in which two fingerprints differ, in the order in which people are shown them.
func (f *Fingerprint) Differs(g *Fingerprint) (parts []Part) {
	for _, part := range Parts() {
		if *f.Of(part) != *g.Of(part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// Part is a part of a definition.
type Part string

// The parts of definitions. They are words for people as well.
const (
	NamePart        Part = "name" // of a resource template its URI template; nothing else identifies a definition
	TitlePart       Part = "title"
	DescriptionPart Part = "description"
	InputPart       Part = "input schema" // of a prompt its arguments
	OutputPart      Part = "output schema"
	AnnotationsPart Part = "annotations"
	IconsPart       Part = "icons"
	MetaPart        Part = "meta"
	TextPart        Part = "text"  // of instructions
	OtherPart       Part = "other" // all members besides
)

// Parts returns all parts.
func Parts() []Part {
	return []Part{
		NamePart, TitlePart, DescriptionPart, InputPart, OutputPart, AnnotationsPart, IconsPart, MetaPart, TextPart, OtherPart,
	}
}

// ListPage says which part of a list a response is.
type ListPage struct {
	Listing uint64 `json:"listing"`         // counts the runs through the session's lists; 0 if it is not known
	Page    int    `json:"page"`            // of the run, from 0
	Last    bool   `json:"last,omitempty"`  // no page follows
	Whole   bool   `json:"whole,omitempty"` // each of its elements is among the definitions, with its fingerprint
}

// DefinitionChangeKind is how a definition has changed.
type DefinitionChangeKind string

// The kinds of changes.
const (
	DefinitionAdded   DefinitionChangeKind = "added"
	DefinitionRemoved DefinitionChangeKind = "removed"
	DefinitionChanged DefinitionChangeKind = "changed"
	DefinitionRenamed DefinitionChangeKind = "renamed" // another name, and all else is equal
)

// DefinitionChange is a definition that is not what it was when the server was used before, or earlier in the session: in a
// server that was trusted for what it had said, it may be an attack. It names what has changed, never the text.
type DefinitionChange struct {
	Time    time.Time            `json:"time"`
	Change  DefinitionChangeKind `json:"change"`
	Kind    DefinitionKind       `json:"kind"`
	Name    string               `json:"name,omitempty"`
	OldName string               `json:"old_name,omitempty"` // of what was renamed
	Parts   []Part               `json:"parts,omitempty"`    // of what has changed: which parts
	Since   time.Time            `json:"since"`              // when it was first seen as it is now
	Pinned  bool                 `json:"pinned,omitempty"`   // it differs from what was accepted, and is reported until it is accepted
}

// PartsText returns the parts that have changed, for people.
func (c *DefinitionChange) PartsText() string {
	words := make([]string, len(c.Parts))
	for i, part := range c.Parts {
		words[i] = string(part)
	}
	return strings.Join(words, ", ")
}

// Harmless reports whether the change is of no concern: servers grow and shrink. One that was accepted must not.
func (c *DefinitionChange) Harmless() bool {
	return !c.Pinned && (c.Change == DefinitionAdded || c.Change == DefinitionRemoved)
}

// DefinitionKind is what is defined.
type DefinitionKind string

// The kinds of definitions.
const (
	ToolDefinition         DefinitionKind = "tool"
	PromptDefinition       DefinitionKind = "prompt"
	ResourceDefinition     DefinitionKind = "resource"
	TemplateDefinition     DefinitionKind = "resource_template"
	InstructionsDefinition DefinitionKind = "instructions" // how the server wants to be used, in the answer to the handshake
)

// ToolNames returns the names of the tools in a response to tools/list, as far as they may be shown.
func (op *Operation) ToolNames() []string {
	var names []string
	for i := range op.Definitions {
		if d := &op.Definitions[i]; d.Kind == ToolDefinition && d.Name != "" {
			names = append(names, d.Name)
		}
	}
	return names
}
