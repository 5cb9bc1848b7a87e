package report

import (
	"cmp"
	"slices"
)

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
