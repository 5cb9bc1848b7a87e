package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Definition is a tool that a server lists, with what it costs a model's context: an estimate of its tokens.
type Definition struct {
	Server          string `json:"server"`
	Tool            string `json:"tool"`
	Tokens          int64  `json:"tokens"`
	Size            int64  `json:"size"`
	DescriptionSize int64  `json:"description_size"`
	Calls           int    `json:"calls"` // in the window
}

// Cut is what a client does not pass on to its model as a whole.
type Cut struct {
	Client       string   `json:"client"`
	Server       string   `json:"server"`
	Tools        []string `json:"tools"`                  // whose descriptions it cuts
	Instructions bool     `json:"instructions,omitempty"` // whether it cuts the server's instructions
}

// Cost is what the tokens of a window come to, at the price that the user has set: each result and each session's definitions
// once.
type Cost struct {
	Price       float64 `json:"price"` // of a million tokens
	Currency    string  `json:"currency,omitempty"`
	Results     float64 `json:"results"`
	Definitions float64 `json:"definitions"`
}

// cutters are the clients that cut descriptions and instructions, and behind how many bytes (Claude Code 2.1.84).
var cutters = map[string]int64{"claude-code": 2048}

// context is what a connection puts into a model's context: the latest definition of each tool, and the instructions.
type context struct {
	tools        map[string]record.Definition
	seen         map[string]time.Time // when a tool was listed last
	instructions record.Definition
	instructed   time.Time
}

func newContext() context {
	return context{tools: map[string]record.Definition{}, seen: map[string]time.Time{}}
}

// add takes the definitions of a list, or of the answer to a handshake, at a time.
func (c *context) add(all []record.Definition, at time.Time) {
	for _, d := range all {
		switch {
		case d.Kind == record.InstructionsDefinition && at.After(c.instructed):
			c.instructions, c.instructed = d, at
		case d.Kind == record.ToolDefinition && d.Name != "" && !at.Before(c.seen[d.Name]):
			c.tools[d.Name], c.seen[d.Name] = d, at
		}
	}
}

// merge takes what another one has later.
func (c *context) merge(other *context) {
	for name, d := range other.tools {
		c.add([]record.Definition{d}, other.seen[name])
	}
	if !other.instructed.IsZero() {
		c.add([]record.Definition{other.instructions}, other.instructed)
	}
}

// addContext adds the definitions of all tools, the dearest first, and those that clients cut.
func (r *Report) addContext(c *collection) {
	calls := map[Name]int{}
	for k, f := range c.groups {
		if k.kind == toolCall && !k.before {
			calls[Name{Server: k.server, Tool: k.target}] += f.Calls
		}
	}
	newest := map[string]*context{}
	r.Cut = []Cut{}
	for p, at := range c.pairs {
		if newest[p.server] == nil {
			all := newContext()
			newest[p.server] = &all
		}
		newest[p.server].merge(&at.context)
		if one, any := cutBy(p, &at.context); any {
			r.Cut = append(r.Cut, one)
		}
	}
	r.Definitions = []Definition{}
	for server, all := range newest {
		for name, d := range all.tools {
			if d.Tokens > 0 {
				r.Definitions = append(r.Definitions, Definition{
					server, name, d.Tokens, d.Size, d.Description, calls[Name{Server: server, Tool: name}],
				})
			}
		}
	}
	slices.SortFunc(r.Definitions, func(a, b Definition) int {
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Tool, b.Tool))
	})
	slices.SortFunc(r.Cut, func(a, b Cut) int {
		return cmp.Or(cmp.Compare(len(b.Tools), len(a.Tools)), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Client, b.Client))
	})
}

// cutBy returns what the client of a pair cuts, if anything.
func cutBy(p pair, c *context) (one Cut, any bool) {
	limit, cuts := cutters[p.client]
	if !cuts {
		return one, false
	}
	one = Cut{Client: p.client, Server: p.server, Tools: []string{}, Instructions: c.instructions.Description > limit}
	for _, name := range slices.Sorted(maps.Keys(c.tools)) {
		if c.tools[name].Description > limit {
			one.Tools = append(one.Tools, name)
		}
	}
	return one, one.Instructions || len(one.Tools) > 0
}

// addCost adds what the tokens come to.
func (r *Report) addCost(c *collection, o *Options) {
	if o.Price <= 0 {
		return
	}
	var definitions int64
	for _, at := range c.pairs {
		definitions += int64(at.sessions) * (at.tokens + at.context.instructions.Tokens)
	}
	of := func(tokens int64) float64 { return float64(tokens) * o.Price / 1e6 }
	r.Cost = &Cost{Price: o.Price, Currency: o.Currency, Results: of(r.Total.ResponseTokens), Definitions: of(definitions)}
}

// money returns an amount, as exact as an estimate can be.
func (c *Cost) money(amount float64) string {
	text := fmt.Sprintf("%.2f", amount)
	if amount < 0.1 {
		text = fmt.Sprintf("%.2g", amount)
	}
	return strings.TrimSpace(text + " " + c.Currency)
}
