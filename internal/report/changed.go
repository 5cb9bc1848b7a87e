package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Changed is a definition of a server that is not what it was, and the last time that it changed in the window.
type Changed struct {
	Server string                      `json:"server"`
	Kind   record.DefinitionKind       `json:"kind"`
	Name   string                      `json:"name,omitempty"`
	Count  int                         `json:"count"`
	Last   time.Time                   `json:"last"`
	Change record.DefinitionChangeKind `json:"change"`
	Parts  []record.Part               `json:"parts,omitempty"`
}

// changed returns the definitions that have changed in the window, the latest first. What was only added or removed is left out.
func changed(o *Options) []Changed {
	all := []Changed{}
	for server, changes := range o.Changes {
		for _, c := range changes {
			if c.Harmless() || c.Since.Before(o.Since) || c.Since.After(o.Until) {
				continue
			}
			i := slices.IndexFunc(all, func(d Changed) bool { return d.Server == server && d.Kind == c.Kind && d.Name == c.Name })
			if i < 0 {
				i, all = len(all), append(all, Changed{Server: server, Kind: c.Kind, Name: c.Name})
			}
			all[i].Count++
			if one := &all[i]; one.Count == 1 || c.Since.After(one.Last) {
				one.Last, one.Change, one.Parts = c.Since.UTC(), c.Change, c.Parts
			}
		}
	}
	slices.SortFunc(all, func(a, b Changed) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// changes tells of the definitions that have changed.
func (t *teller) changes() {
	t.each("Changed", len(t.Changed), func(i int) (string, string) {
		c := &t.Changed[i]
		what := string(c.Change)
		if c.Change == record.DefinitionChanged {
			what = (&record.DefinitionChange{Parts: c.Parts}).PartsText()
		}
		return view.Number(c.Count), t.name(c.Server) + " " + t.name(view.DefinitionName(c.Kind, c.Name)) + ", " +
			Day(c.Last.In(t.zone), t.Until.In(t.zone)) + ": " + view.Safe(what)
	})
}
