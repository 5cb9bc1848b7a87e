package web

import (
	"context"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Context replies to a request for what stands in a context.
func (s *Server) Context(r *http.Request) (any, error) { return s.contexts.context(r) }

// Definition replies to a request for one definition.
func (s *Server) Definition(r *http.Request) (any, error) { return s.contexts.definition(r) }

// StatusOf returns the status of the reply that an error becomes; 0 if it is none that a handler has chosen.
func StatusOf(err error) int {
	if f, ok := err.(*failure); ok { //nolint:errorlint // as reply has it
		return f.status
	}
	return 0
}

// DefinitionKey names a definition in requests.
func DefinitionKey(kind record.DefinitionKind, service, server, name string) string {
	return definitionKey{kind, serverKey{name: server, service: service}, name}.String()
}

// Listed returns the names of the tools that a session has listed in these pages.
func Listed(all []*record.Operation) (names []string) {
	b := &brought{}
	var pages []record.Definition
	for _, op := range all {
		pages = b.list(op, pages)
	}
	for i := range b.listed {
		names = append(names, b.listed[i].Name)
	}
	return names
}

// Remembered counts the sessions of which it is remembered what they have brought into a context.
func (s *Server) Remembered() int { return len(s.contexts.remembered.all) }

// Contexts is what is remembered of sessions.
type Contexts = contexts

// Bounds of what is remembered.
const (
	MostRemembered = mostRemembered
	MostWeight     = mostWeight
)

// Remember remembers a session that has listed something, and besides weighs something. It returns how much of the list it does not
// share.
func Remember(c *Contexts, name string, listed []record.Definition, besides int) (own int) {
	b := &brought{listed: listed}
	c.share("server", b)
	own = b.own
	b.own += besides / 10
	c.keep(name, b)
	return own
}

// ReadNone reads no sessions: what is remembered of others makes room if need be.
func ReadNone(c *Contexts) { _, _ = c.read(context.Background(), nil, time.Time{}) }

// Weighs returns how many sessions are remembered, how many lists, and what they weigh.
func Weighs(c *Contexts) (sessions, lists, weight int) { return len(c.all), len(c.lists), c.weight }

// Bounds of what is shown of a cost over time.
const (
	MostListings = mostListings
	MostPoints   = mostPoints
)

// TokensOf returns what a tool costs in lists of so many tools, of which only some are kept: where it changes.
func TokensOf(name string, lists [][]record.Definition, tools int) (tokens []int64) {
	var all []*brought
	for _, listed := range lists {
		all = append(all, &brought{listed: listed, tools: tools})
	}
	for _, p := range historiesOf(all, []record.Definition{{Kind: record.ToolDefinition, Name: name}})[0] {
		tokens = append(tokens, p.Tokens)
	}
	return tokens
}
