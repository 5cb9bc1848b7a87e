package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// summary says what the view is about.
func (c *clientContext) summary() string {
	switch {
	case c.client == "":
		return "No session is stored of this time."
	case len(c.servers) == 0:
		return "No tools were listed to " + c.client + " in this time."
	}
	return c.client + ", " + view.Plural(len(c.servers), "server") + "."
}

// server returns the row of a server.
func (c *clientContext) server(one *listedServer) api.ContextServer {
	row := api.ContextServer{
		Server: one.name, Release: one.release, Tokens: one.tokens(), Listed: max(one.tools, len(one.listed)),
		Definitions: []api.ContextDefinition{},
	}
	all := one.listed
	if one.instructions.Size > 0 {
		all = append([]record.Definition{one.instructions}, all...)
	}
	changed := 0
	for i, h := range historiesOf(one.listings, all) {
		d := c.definition(one, &all[i])
		d.History = h[max(len(h)-mostPoints, 0):]
		row.Definitions = append(row.Definitions, d)
		if d.Calls > 0 {
			row.Called++
		}
		if d.Over != nil {
			row.Large++
		}
		if d.Changed {
			changed++
		}
	}
	row.History = historyOf(one.listings)
	row.Change = c.change(row.History, changed)
	slices.SortStableFunc(row.Definitions, func(a, b api.ContextDefinition) int {
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(b.Size, a.Size), strings.Compare(a.Name, b.Name))
	})
	row.Definitions = row.Definitions[:min(len(row.Definitions), mostShown)]
	return row
}

// changedMark begins what is said of a definition that is not what it was.
const changedMark = "Δ "

// day names a day of the last month: "today", "on Tue", "on 4 Nov".
func (c *clientContext) day(at time.Time) string {
	at = at.In(c.now.Location())
	switch {
	case at.YearDay() == c.now.YearDay() && at.Year() == c.now.Year():
		return "today"
	case c.now.Sub(at) < 6*24*time.Hour:
		return at.Format("on Mon")
	}
	return at.Format("on 2 Jan")
}

// moment names a time: "Tue 24 Nov 09:10".
func (c *clientContext) moment(at time.Time) string {
	at = at.In(c.now.Location())
	if at.Year() != c.now.Year() {
		return at.Format("Mon 2 Jan 2006 15:04")
	}
	return at.Format("Mon 2 Jan 15:04")
}

// definition returns the row of a definition.
func (c *clientContext) definition(one *listedServer, d *record.Definition) api.ContextDefinition {
	row := api.ContextDefinition{
		Name: view.Steady(view.DefinitionName(d.Kind, d.Name)), Kind: string(d.Kind), Tokens: d.Tokens, Size: d.Size,
		Key: definitionKey{d.Kind, one.server, d.Name}.String(),
	}
	if d.Kind == record.ToolDefinition {
		row.Calls = one.calls[d.Name]
	}
	if one.known != nil {
		if k := find(one.known, d.Kind, d.Name); k != nil {
			row.Change, row.Changed = c.remark(one.known, k)
		}
	}
	if d.Description > largeText {
		row.Over = &api.Remark{Text: "over", Tone: api.Quiet}
		if row.Cut = c.cuts && d.Description > c.cutsAt; row.Cut {
			row.Over = &api.Remark{Text: "cut", Tone: api.Late}
		}
	}
	return row
}

// find returns what is known of a definition; nil if nothing is.
func find(d *store.Defined, kind record.DefinitionKind, name string) *definitions.Known {
	i := slices.IndexFunc(d.Known, func(k definitions.Known) bool { return k.Kind == kind && k.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Known[i]
}

// remark says what is to be known of a definition before it is looked at, nil if nothing is, and whether it is not what it was.
func (c *clientContext) remark(d *store.Defined, k *definitions.Known) (remark *api.Remark, changed bool) {
	month := c.now.AddDate(0, 0, -historyDays)
	switch {
	case !k.Gone.IsZero():
		return &api.Remark{Text: "no longer offered", Tone: api.Gone}, false
	case k.Unaccepted():
		return &api.Remark{Text: changedMark + "changed", Tone: api.Late}, true
	case d.Differs(k):
		return &api.Remark{Text: changedMark + "new", Tone: api.Late}, true
	case k.Pinned():
		return nil, false
	case k.Since.After(k.First) && k.Since.After(month):
		return &api.Remark{Text: changedMark + "changed " + c.day(k.Since), Tone: api.Late}, true
	case k.First.After(d.Listed[k.Kind]) && k.First.After(month):
		return &api.Remark{Text: "new " + c.day(k.First), Tone: api.Quiet}, false
	}
	return nil, false
}

// cut says what the client is known to cut.
func (c *clientContext) cut(rows []api.ResultRow) []api.Remark {
	out := []api.Remark{}
	if !c.cuts {
		if c.client != "" {
			out = append(out, api.Remark{Text: "What " + c.client + " cuts is not known.", Tone: api.Quiet})
		}
		return out
	}
	for _, one := range c.servers {
		var names []string
		if one.instructions.Description > c.cutsAt {
			names = append(names, "its instructions")
		}
		var tools []string
		for i := range one.listed {
			if one.listed[i].Description > c.cutsAt {
				tools = append(tools, view.Steady(one.listed[i].Name))
			}
		}
		if len(tools) > 0 {
			slices.Sort(tools)
			names = append(names, "the descriptions of "+someOf(tools))
		}
		if len(names) > 0 {
			out = append(out, api.Remark{Text: one.name + ": " + c.client + " cuts " + strings.Join(names, " and ") + " at 2 kB.", Tone: api.Late})
		}
	}
	for i := range rows {
		if r := &rows[i]; r.Large > 0 {
			out = append(out, api.Remark{Tone: api.Late, Text: fmt.Sprintf("%s %s: %s took more than 25,000 tokens; %s passes on no more, unless its user changes that.",
				r.Server, r.Tool, view.Plural(r.Large, "result"), c.client)})
		}
	}
	if len(out) == 0 {
		out = append(out, api.Remark{Tone: api.Quiet, Text: "Nothing. " + c.client +
			" cuts descriptions and instructions at 2 kB, and results at 25,000 tokens unless its user changes that."})
	}
	return out
}

// someOf returns names in a row: at most five of them.
func someOf(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + " and " + view.Number(more) + " more"
	}
	return strings.Join(names, ", ")
}
