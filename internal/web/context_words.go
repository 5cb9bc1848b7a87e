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
		Server: one.name, Release: one.release, Tokens: one.tokens(), Listed: max(one.tools, len(one.listed)), History: one.history,
		Definitions: []api.ContextDefinition{},
	}
	if one.instructions.Size > 0 {
		row.Definitions = append(row.Definitions, c.definition(one, &one.instructions))
	}
	for i := range one.listed {
		d := &one.listed[i]
		if one.calls[d.Name] > 0 {
			row.Called++
		}
		if d.Description > largeText {
			row.Large++
		}
		row.Definitions = append(row.Definitions, c.definition(one, d))
	}
	changed := 0
	for i := range row.Definitions {
		if slices.ContainsFunc(row.Definitions[i].Remarks, func(r api.Remark) bool { return strings.HasPrefix(r.Text, changedMark) }) {
			changed++
		}
	}
	row.Change = c.change(one.history, changed)
	slices.SortStableFunc(row.Definitions, func(a, b api.ContextDefinition) int {
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(b.Size, a.Size), strings.Compare(a.Name, b.Name))
	})
	row.Definitions = row.Definitions[:min(len(row.Definitions), mostShown)]
	return row
}

// changedMark begins what is said of a definition that is not what it was.
const changedMark = "Δ "

// change says how the cost of a server's definitions has changed last, and how many of them have changed.
func (c *clientContext) change(history []api.HistoryPoint, changed int) *api.Remark {
	text, tone := "same", api.Quiet
	if n := len(history); n > 1 {
		text = fmt.Sprintf("%s %s", signed(history[n-1].Tokens-history[n-2].Tokens), c.day(history[n-1].At))
	}
	if changed > 0 {
		tone = api.Late
		if text == "same" {
			text = fmt.Sprintf("%d changed", changed)
		}
		text = changedMark + text
	}
	return &api.Remark{Text: text, Tone: tone}
}

// signed returns a difference of tokens: "+2.1k", "−310".
func signed(n int64) string {
	if n < 0 {
		return "−" + strings.TrimPrefix(view.Tokens(-n), "≈")
	}
	return "+" + strings.TrimPrefix(view.Tokens(n), "≈")
}

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
			if r := c.remark(one.known, k); r != nil {
				row.Remarks = append(row.Remarks, *r)
			}
		}
	}
	if c.cuts && d.Description > c.cutsAt {
		row.Remarks = append(row.Remarks, api.Remark{Text: "cut at 2 kB", Tone: api.Late})
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

// remark says what is to be known of a definition before it is looked at; nil if nothing is.
func (c *clientContext) remark(d *store.Defined, k *definitions.Known) *api.Remark {
	month := c.now.AddDate(0, 0, -historyDays)
	switch {
	case !k.Gone.IsZero():
		return &api.Remark{Text: "no longer offered", Tone: api.Gone}
	case k.Unaccepted():
		return &api.Remark{Text: changedMark + "changed", Tone: api.Late}
	case d.Differs(k):
		return &api.Remark{Text: changedMark + "new", Tone: api.Late}
	case k.Pinned():
		return nil
	case k.Since.After(k.First) && k.Since.After(month):
		return &api.Remark{Text: changedMark + "changed " + c.day(k.Since), Tone: api.Late}
	case k.First.After(d.Listed[k.Kind]) && k.First.After(month):
		return &api.Remark{Text: "new " + c.day(k.First), Tone: api.Quiet}
	}
	return nil
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
