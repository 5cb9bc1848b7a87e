package report

import (
	"cmp"
	"maps"
	"slices"
)

// cutters are the clients that cut descriptions and instructions, and behind how many characters (Claude Code 2.1.84), as
// record.Definition.Description counts them.
var cutters = map[string]int64{"claude-code": 2048}

// CutsAt returns behind how many characters a client cuts descriptions and instructions, and false if it is not known to cut.
func CutsAt(client string) (limit int64, cuts bool) {
	limit, cuts = cutters[client]
	return limit, cuts
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
	limit, cuts := CutsAt(p.client)
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
