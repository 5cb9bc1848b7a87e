package web

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// mostValues is how many values a choice has: those of the most sessions.
const mostValues = 50

// facets returns what there is to choose among sessions.
func facets(w *watch.World, all []*watch.Session) []api.Facet {
	client := func(s *watch.Session) string { return s.Client.Name }
	return []api.Facet{outcomes(w, all), peers("client", all, client), peers("server", all, (*watch.Session).ServerName)}
}

// outcomes counts how sessions stand.
func outcomes(w *watch.World, all []*watch.Session) api.Facet {
	f := api.Facet{Name: "outcome", Values: []api.FacetValue{
		{Label: "live", Term: "live"}, {Label: "failed", Term: "failed"}, {Label: "hung", Term: "hung"},
		{Label: "changed", Term: "changed"}, {Label: "crashed", Term: "crashed"}, {Label: "killed", Term: "killed"},
		{Label: "never started", Term: "never-started"},
	}}
	for _, s := range all {
		words := s.Words(w)
		for i := range f.Values {
			if slices.Contains(words, f.Values[i].Term) {
				f.Values[i].Count++
			}
		}
	}
	f.Values = slices.DeleteFunc(f.Values, func(v api.FacetValue) bool { return v.Count == 0 })
	return f
}

// peers counts the sessions of each client or server.
func peers(name string, all []*watch.Session, of func(*watch.Session) string) api.Facet {
	f := api.Facet{Name: name, Values: []api.FacetValue{}}
	count := map[string]int{}
	for _, s := range all {
		if peer := of(s); peer != "" {
			count[peer]++
		}
	}
	for peer, n := range count {
		f.Values = append(f.Values, api.FacetValue{Label: view.Steady(peer), Term: name + ":" + pattern(peer), Count: n})
	}
	slices.SortFunc(f.Values, func(a, b api.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Label, b.Label), strings.Compare(a.Term, b.Term))
	})
	f.Values = f.Values[:min(len(f.Values), mostValues)]
	return f
}

// mostPattern bounds the part of a name that a term has.
const mostPattern = 60

// pattern returns a word of a filter that matches a name. Terms are separated by spaces, and are shown: a * stands for what
// cannot be in one.
func pattern(name string) string {
	var out strings.Builder
	for _, r := range name {
		if out.Len() >= mostPattern {
			out.WriteByte('*')
			break
		}
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar || strings.ContainsRune(view.Steady(string(r)), '\\') {
			r = '*'
		}
		out.WriteRune(r)
	}
	return out.String()
}
