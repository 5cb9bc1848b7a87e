package check

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Offered returns what a server offers in a recording: of each kind the last list that was read to its end, and the instructions. It
// is nil for a stored session, which has no texts.
func Offered(c *conversation.Conversation) *Definitions {
	if c.Recording == nil {
		return nil
	}
	d := &Definitions{}
	d.introduced(c)
	for i := range c.Records.Operations {
		if op := &c.Records.Operations[i]; op.Answered && op.List.Last {
			if kind, ok := lists[op.Method]; ok {
				d.replace(kind, nil)
			}
		}
	}
	for i := range c.Definitions {
		listed := &c.Definitions[i]
		if !slices.Contains(d.known, listed.Kind) {
			continue
		}
		if one, err := parseDefinition(listed.Kind, listed.Text); err == nil { // one without a name is a violation
			d.all = append(d.all, one)
		}
	}
	d.sort()
	return d
}

// lists are the lists of definitions, by their methods. What resources there are is the server's data, and changes.
var lists = map[string]record.DefinitionKind{
	semconv.ToolsList: record.ToolDefinition, semconv.PromptsList: record.PromptDefinition,
	semconv.ResourceTemplatesList: record.TemplateDefinition,
}

// introduced takes what the server says in the handshake. A list that it does not have is empty.
func (d *Definitions) introduced(c *conversation.Conversation) {
	_, result, ok := c.Handshake()
	var said struct {
		ServerInfo   struct{ Name string }      `json:"serverInfo"`
		Capabilities map[string]json.RawMessage `json:"capabilities"`
		Instructions string                     `json:"instructions"`
	}
	if !ok || json.Unmarshal(result, &said) != nil {
		return
	}
	d.Server, d.Instructions, d.instructed = said.ServerInfo.Name, said.Instructions, true
	for capability, kind := range map[string]record.DefinitionKind{
		"tools": record.ToolDefinition, "prompts": record.PromptDefinition, "resources": record.TemplateDefinition,
	} {
		if said.Capabilities[capability] == nil {
			d.replace(kind, nil)
		}
	}
}

// parseDefinition parses an element of a list. Numbers stay as they are written.
func parseDefinition(kind record.DefinitionKind, text []byte) (Definition, error) {
	d := Definition{Kind: kind}
	name := "name"
	if kind == record.TemplateDefinition {
		name = "uriTemplate"
	}
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		return d, err
	}
	if d.Name, _ = members[name].(string); d.Name == "" {
		return d, fmt.Errorf("a %s has no %s", strings.ReplaceAll(string(kind), "_", " "), name)
	}
	var err error
	d.Text, err = plain(members)
	return d, err
}

// Definitions are what a server offers. They are not changed once they are made.
type Definitions struct {
	Server       string // what it calls itself
	Instructions string

	all        []Definition
	known      []record.DefinitionKind // of which there is a whole list
	instructed bool                    // Instructions are known
}

// Definition is a tool, a prompt or a template of resources.
type Definition struct {
	Kind record.DefinitionKind
	Name string
	Text json.RawMessage // its members are sorted
}

// Count returns how many definitions there are, the instructions among them.
func (d *Definitions) Count() int {
	n := len(d.all)
	if d.Instructions != "" {
		n++
	}
	return n
}

// Known reports whether anything is known of what the server offers.
func (d *Definitions) Known() bool { return d.instructed || len(d.known) > 0 }

// replace sets the list of a kind.
func (d *Definitions) replace(kind record.DefinitionKind, all []Definition) {
	d.all = slices.DeleteFunc(d.all, func(one Definition) bool { return one.Kind == kind })
	d.all = append(d.all, all...)
	if !slices.Contains(d.known, kind) {
		d.known = append(d.known, kind)
	}
}

// sort sorts definitions by their kinds and names. What several with one name are like does not depend on the server's order either.
func (d *Definitions) sort() {
	slices.SortStableFunc(d.all, func(a, b Definition) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name), bytes.Compare(a.Text, b.Text))
	})
	slices.Sort(d.known)
}

// of returns the definitions of a kind.
func (d *Definitions) of(kind record.DefinitionKind) (all []Definition) {
	for _, one := range d.all {
		if one.Kind == kind {
			all = append(all, one)
		}
	}
	return all
}
