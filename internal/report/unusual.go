package report

import (
	"cmp"
	"slices"
	"strings"
)

// findings counts what stood out in a session. What happened in the window before is not told again.
func (c *collection) findings(s *Session) {
	if s.Findings == nil || !s.Launched.Before(c.window.Until) || !s.Live && !s.Ended.IsZero() && s.Ended.Before(c.window.Since) {
		return
	}
	for _, f := range s.Findings() {
		if !c.in(f.Time) {
			continue
		}
		u := Unusual{Server: s.Server, Kind: string(f.Kind), Tool: f.Tool, Prompt: f.Prompt, Resource: f.Resource, From: f.From}
		t := c.unusual[u]
		t.add(1, f.Time)
		c.unusual[u] = t
	}
}

// listUnusual returns what stood out, the latest first.
func (c *collection) listUnusual() []Unusual {
	all := make([]Unusual, 0, len(c.unusual))
	for u, t := range c.unusual {
		u.Times = Times{t.Count, t.Last.UTC()}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Unusual) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Server, b.Server), strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.target(), b.target()), strings.Compare(a.From, b.From))
	})
	return all
}
