// Package conversation is what is known of one session with a server, wherever that comes from: of a recording everything, and of a
// stored session what was stored. What compares sessions, and what judges them, takes a Conversation and need not know which it is.
//
// A recording becomes records offline, through the same scanner and tracker as a live session, see telemetry.Recorded; the same
// recording makes the same records. What only a recording has, such as results and the texts of definitions, stands beside them.
//
// The package reads no files and starts nothing. Everything in a Conversation that a peer wrote is as it was sent: what shows it must
// make it safe.
package conversation

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Conversation is what is known of one session. It is for one goroutine, as its Records are.
type Conversation struct {
	Name      string // for people: a file, or a session
	Service   string // of a stored session: service.name
	Records   *view.Records
	Recording *recording.Recording // nil of a stored session

	// Definitions are what the server offered, and its instructions: of each kind the last list that was read to its end, or the last
	// if none was. They are in the order of the lists.
	Definitions []Definition

	// Stray are the lines on the server's stdout that are no messages, without their line feeds. Only of a recording: Records.Notes
	// have their violations in either case.
	Stray []string

	answers map[uint64]json.RawMessage
}

// Definition is something that a server offers. A recording has names of resources, too: their URIs.
type Definition struct {
	record.Definition

	// Text is the element of the list, or the JSON string of the instructions, as it was sent. Nil of a stored session.
	Text json.RawMessage
}

// Of returns what is known of a stored session.
func Of(name string, records *view.Records) *Conversation {
	c := &Conversation{Name: name, Records: records}
	c.define()
	return c
}

// Answer is the response to a request: one of the two.
type Answer struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// Answer returns the response that ended an operation. It is false if there was none, and always of a stored session.
func (c *Conversation) Answer(operation uint64) (a Answer, ok bool) {
	message, ok := c.answers[operation]
	if !ok || json.Unmarshal(message, &a) != nil {
		return Answer{}, false
	}
	return a, true
}

// Handshake returns the answer to the last handshake that was not refused, with its result. It is false if there was none.
func (c *Conversation) Handshake() (op *record.Operation, result json.RawMessage, ok bool) {
	for i := range slices.Backward(c.Records.Operations) {
		if op := &c.Records.Operations[i]; isHandshake(op) {
			a, _ := c.Answer(op.Number)
			return op, a.Result, true
		}
	}
	return nil, nil, false
}

func isHandshake(op *record.Operation) bool {
	return op.Direction == record.ToServer && (op.Method == semconv.Initialize || op.Method == semconv.Discover) &&
		op.Answered && op.Code == "" && op.ErrorType == ""
}

// Startup returns how long after its start the server had answered the first handshake. It is false if that is not known.
func (c *Conversation) Startup() (d time.Duration, ok bool) {
	begin := c.Records.Session.Started
	if begin.IsZero() {
		return 0, false
	}
	for i := range c.Records.Operations {
		if op := &c.Records.Operations[i]; isHandshake(op) && !op.End.IsZero() {
			return op.End.Sub(begin), true
		}
	}
	return 0, false
}

// list is the pages of one list.
type list struct {
	listing     uint64
	whole       bool // it was read to its end
	definitions []Definition
}

// define collects the definitions.
func (c *Conversation) define() {
	var methods []string
	read, best := map[string]*list{}, map[string]*list{} // by method: the last list, and the one to be kept
	for i := range c.Records.Operations {
		op := &c.Records.Operations[i]
		if len(op.Definitions) == 0 && op.List == (record.ListPage{}) {
			continue
		}
		page, one := c.page(op), read[op.Method]
		if one == nil || !one.continues(op, page) {
			one = &list{listing: op.List.Listing}
			read[op.Method] = one
		}
		one.definitions = append(one.definitions, page...)
		one.whole = op.List.Last || op.List == (record.ListPage{}) // which part of a list it is, is not stored
		if best[op.Method] == nil {
			methods = append(methods, op.Method)
		}
		if known := best[op.Method]; known == nil || one.whole || !known.whole {
			best[op.Method] = one
		}
	}
	for _, method := range methods {
		c.Definitions = append(c.Definitions, best[method].definitions...)
	}
}

// continues reports whether a page belongs to the list before it. Where that is not stored, a list begins anew with a name that it
// has already.
func (l *list) continues(op *record.Operation, page []Definition) bool {
	if op.List != (record.ListPage{}) {
		return op.List.Page > 0 && op.List.Listing == l.listing
	}
	return !slices.ContainsFunc(page, func(d Definition) bool {
		return slices.ContainsFunc(l.definitions, func(known Definition) bool { return known.Name == d.Name })
	})
}

// page returns the definitions in the answer of an operation, with their texts if these are known.
func (c *Conversation) page(op *record.Operation) []Definition {
	texts := c.texts(op)
	all := make([]Definition, max(len(op.Definitions), len(texts)))
	for i := range all {
		d := &all[i]
		if i < len(op.Definitions) {
			d.Definition = op.Definitions[i]
		}
		if i < len(texts) {
			d.Text = texts[i]
			d.complete(listed[op.Method])
		}
	}
	return all
}

// complete adds what a record of the definition may lack, because it is content, or one of thousands.
func (d *Definition) complete(of definedList) {
	d.Kind, d.Size = of.kind, int64(len(d.Text))
	var members map[string]json.RawMessage
	if of.name == "" || d.Name != "" || json.Unmarshal(d.Text, &members) != nil {
		return
	}
	_ = json.Unmarshal(members[of.name], &d.Name) // it stays empty if it is no text
}

// definedList is where in a result definitions are, and the member that names one.
type definedList struct {
	kind         record.DefinitionKind
	member, name string
}

var listed = map[string]definedList{
	semconv.ToolsList:             {record.ToolDefinition, "tools", "name"},
	semconv.PromptsList:           {record.PromptDefinition, "prompts", "name"},
	semconv.ResourcesList:         {record.ResourceDefinition, "resources", "uri"},
	semconv.ResourceTemplatesList: {record.TemplateDefinition, "resourceTemplates", "uriTemplate"},
	semconv.Initialize:            {record.InstructionsDefinition, "instructions", ""},
	semconv.Discover:              {record.InstructionsDefinition, "instructions", ""},
}

// texts returns the definitions in the answer of an operation as they were sent.
func (c *Conversation) texts(op *record.Operation) (all []json.RawMessage) {
	a, ok := c.Answer(op.Number)
	var members map[string]json.RawMessage
	if !ok || json.Unmarshal(a.Result, &members) != nil {
		return nil
	}
	text := bytes.TrimSpace(members[listed[op.Method].member])
	switch {
	case len(text) == 0:
		return nil
	case text[0] == '"' && listed[op.Method].name == "":
		return []json.RawMessage{text}
	}
	_ = json.Unmarshal(text, &all) // none, if it is no list
	return all
}

// Listed reports whether the client has asked for the definitions of a kind, and the server has answered.
func (c *Conversation) Listed(kind record.DefinitionKind) bool {
	return slices.ContainsFunc(c.Records.Operations, func(op record.Operation) bool {
		return op.Direction == record.ToServer && op.Answered && op.Code == "" && op.ErrorType == "" && listed[op.Method].kind == kind
	})
}

// IsStray reports whether a violation is a line on the server's stdout that is no message.
func IsStray(v *record.Violation) bool {
	if v.Direction != record.ToClient {
		return false
	}
	return v.Kind == record.Noise || v.Kind == record.ForeignFraming || v.Kind == record.InvalidJSON
}

// Cost returns what the definitions add to a model's context: an estimate in tokens, and bytes.
func (c *Conversation) Cost() (tokens, size int64) {
	for i := range c.Definitions {
		tokens += c.Definitions[i].Tokens
		size += c.Definitions[i].Size
	}
	return tokens, size
}
