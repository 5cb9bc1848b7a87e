package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// MaxBaseline bounds a file of definitions, in bytes.
const MaxBaseline = 64 << 20

// baselineFile is a file of definitions: the same for the same definitions, in whatever order the server lists them. A list that is
// not known is absent.
type baselineFile struct {
	Kind         string            `json:"spanpipe"`
	Version      int               `json:"version"`
	Server       string            `json:"server,omitempty"`
	Instructions *string           `json:"instructions,omitempty"`
	Prompts      []json.RawMessage `json:"prompts,omitzero"`
	Templates    []json.RawMessage `json:"resource_templates,omitzero"`
	Tools        []json.RawMessage `json:"tools,omitzero"`
}

// The kind and the version of a file of definitions.
const (
	baselineKind    = "definitions"
	baselineVersion = 1
)

// list returns where the definitions of a kind are in the file.
func (f *baselineFile) list(kind record.DefinitionKind) *[]json.RawMessage {
	switch kind {
	case record.PromptDefinition:
		return &f.Prompts
	case record.TemplateDefinition:
		return &f.Templates
	default:
		return &f.Tools
	}
}

// listKinds are the kinds of definitions that are in lists.
func listKinds() []record.DefinitionKind {
	return []record.DefinitionKind{record.PromptDefinition, record.TemplateDefinition, record.ToolDefinition}
}

// ParseBaseline reads a file of definitions.
func ParseBaseline(text []byte) (*Definitions, error) {
	var f baselineFile
	if err := json.Unmarshal(text, &f); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte{'\n'}), err)
		}
		return nil, errors.New("it is not a file of definitions")
	}
	if f.Kind != baselineKind {
		return nil, errors.New("it is not a file of definitions")
	}
	if f.Version != baselineVersion {
		return nil, fmt.Errorf("version %d of the format is not known to this version of spanpipe", f.Version)
	}
	d := &Definitions{Server: f.Server}
	if f.Instructions != nil {
		d.Instructions, d.instructed = *f.Instructions, true
	}
	for _, kind := range listKinds() {
		list := *f.list(kind)
		if list == nil {
			continue
		}
		var all []Definition
		for _, text := range list {
			one, err := parseDefinition(kind, text)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		d.replace(kind, all)
	}
	d.sort()
	return d, nil
}

// Format returns the definitions as a file, which ParseBaseline reads.
func (d *Definitions) Format() ([]byte, error) {
	f := baselineFile{Kind: baselineKind, Version: baselineVersion, Server: d.Server}
	if d.instructed {
		f.Instructions = &d.Instructions
	}
	for _, kind := range listKinds() {
		if !slices.Contains(d.known, kind) {
			continue
		}
		list := []json.RawMessage{}
		for _, one := range d.of(kind) {
			list = append(list, one.Text)
		}
		*f.list(kind) = list
	}
	text, err := plain(f)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, err
	}
	return append(bytes.TrimSpace(out.Bytes()), '\n'), nil
}

// plain returns a value as JSON in which <, > and & are themselves, as people read it.
func plain(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// Merge returns the definitions with what is known only in an earlier file, such as the prompts, if they were not listed now.
func (d *Definitions) Merge(before *Definitions) *Definitions {
	out := &Definitions{
		Server: d.Server, Instructions: d.Instructions, instructed: d.instructed, all: slices.Clone(d.all), known: slices.Clone(d.known),
	}
	if before == nil {
		return out
	}
	if !d.instructed {
		out.Server, out.Instructions, out.instructed = before.Server, before.Instructions, before.instructed
	}
	for _, kind := range before.known {
		if !slices.Contains(d.known, kind) {
			out.replace(kind, before.of(kind))
		}
	}
	out.sort()
	return out
}
