package session

import (
	"slices"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// maxDefinitions bounds the bytes of a list of which fingerprints are made. What is beyond is not compared.
const maxDefinitions = 512 << 10

// definitionFields are the elements of the lists that describe what a server offers. The value of an element stands before
// those of its members (see framing), so a member always concerns the definition that was added last.
var definitionFields = slices.Concat(
	elements("result tools", record.ToolDefinition, "name", maxName),
	elements("result prompts", record.PromptDefinition, "name", maxName),
	elements("result resourceTemplates", record.TemplateDefinition, "uriTemplate", maxURI),
	elements("result resources", record.ResourceDefinition, "", 0), // a name of one can be that of a file: content
	[]field{{path("result instructions", framing.Tokens, 0), func(_ *Decoder, v *framing.Value, m *Raw) {
		if v.Type == framing.String {
			m.addDefinition(record.InstructionsDefinition, v)
			x := m.ensureExtra()
			x.Definitions[len(x.Definitions)-1].Description = v.Size - quotes
		}
	}}},
	[]field{
		definitionText("result tools", record.ToolDefinition, framing.Array),
		definitionText("result prompts", record.PromptDefinition, framing.Array),
		definitionText("result resourceTemplates", record.TemplateDefinition, framing.Array),
		definitionText("result instructions", record.InstructionsDefinition, framing.String),
	},
)

// definitionText is a list of definitions, or the instructions, for the stage that makes fingerprints of them.
func definitionText(keys string, kind record.DefinitionKind, is framing.ValueType) field {
	return field{path(keys, framing.Raw, maxDefinitions), func(_ *Decoder, v *framing.Value, m *Raw) {
		if v.Type == is {
			c := m.content()
			c.Definitions = append(c.Definitions, RawDefinitions{kind, copyPiece(v)})
		}
	}}
}

// aroundTool is how many tokens the keys and the punctuation of a tool's definition are, as a client passes it on.
const aroundTool = 9

// quotes are the bytes of a JSON string around its text.
const quotes = 2

// elements are the elements of a list, and their names if they have a member for it. A name that is too long is left out: its
// beginning would pass as another name. The scanner bounds the number of elements.
//
// Of a tool, clients pass on its name, its description and the schema of its arguments, and so these are what counts as tokens. The
// other members, of which the schema of results can be the largest, are not for the model.
func elements(list string, kind record.DefinitionKind, name string, most int) []field {
	whole, member := framing.Tokens, framing.Want(0)
	if kind == record.ToolDefinition {
		whole, member = 0, framing.Tokens
	}
	all := []field{
		{path(list, framing.Hash, 0), func(_ *Decoder, v *framing.Value, m *Raw) { m.setList(kind, v) }},
		{path(list+" *", whole, 0), func(_ *Decoder, v *framing.Value, m *Raw) { m.addDefinition(kind, v) }},
	}
	all = append(all, field{path(list+" * description", member, 0), func(_ *Decoder, v *framing.Value, m *Raw) {
		if def := m.definition(kind, v); def != nil && v.Type == framing.String {
			def.Description = v.Size - quotes
		}
	}})
	if name == "" {
		return all
	}
	if kind == record.ToolDefinition {
		all = append(all, model(list+" * inputSchema"))
	}
	return append(all, field{path(list+" * "+name, framing.Text|member, most), func(d *Decoder, v *framing.Value, m *Raw) {
		if v.Type != framing.String {
			return
		}
		if kind == record.ToolDefinition {
			d.counts.names++ // also if it is too long
		}
		if def := m.definition(kind, v); def != nil && !v.Truncated {
			def.Name = d.name(v.Text, false)
		}
	}})
}

// setList notes what a result lists. Of several lists in one result, which MCP does not have, it is that of tools.
func (m *Raw) setList(kind record.DefinitionKind, v *framing.Value) {
	if x := m.ensureExtra(); x.List != record.ToolDefinition {
		x.List, x.Listed, x.DefinitionSize, x.DefinitionTokens, x.DefinitionHash = kind, v.Count, v.Size, v.Tokens, v.Hash
		if kind == record.ToolDefinition {
			x.DefinitionTokens += int64(v.Count) * aroundTool
		}
	}
}

func (m *Raw) addDefinition(kind record.DefinitionKind, v *framing.Value) {
	tokens := v.Tokens
	if kind == record.ToolDefinition && v.Type == framing.Object {
		tokens += aroundTool
	}
	x := m.ensureExtra()
	x.Definitions = append(x.Definitions, Definition{record.Definition{Kind: kind, Size: v.Size, Tokens: tokens}, v.Index})
}

// definition returns the definition that a member of an element belongs to, or nil if the scanner had no room for the element.
func (m *Raw) definition(kind record.DefinitionKind, v *framing.Value) *Definition {
	all := m.ensureExtra().Definitions
	if len(all) == 0 {
		return nil
	}
	if last := &all[len(all)-1]; last.Kind == kind && last.Index == v.Index {
		return last
	}
	return nil
}
