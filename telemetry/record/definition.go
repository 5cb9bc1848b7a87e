package record

// Definition is what a server offers, or tells a model about itself, as one element of the list that names it.
type Definition struct {
	Kind   DefinitionKind `json:"kind"`
	Name   string         `json:"name,omitempty"`   // of a tool or prompt; the URI template of a template; empty for others
	Size   int64          `json:"size"`             // bytes on the wire
	Tokens int64          `json:"tokens,omitempty"` // estimated, see package framing/estimate; 0 if it was not estimated

	// Description is the size of its description, or of the instructions: clients cut long ones.
	Description int64 `json:"description_size,omitempty"`
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
