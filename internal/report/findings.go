package report

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// targets returns the groups of the tools, prompts and resources that a report counts.
func (c *collection) targets(by By) map[Name]*group {
	return c.rowsBy(func(k key) (Name, bool) { return target(k), by.counts(k.kind) })
}

// hung returns the targets whose calls hung, the most first.
func hung(targets map[Name]*group) []Hung {
	all := []Hung{}
	for n, g := range targets {
		h := Hung{Name: n}
		for _, f := range g.now {
			h.Count += f.Hung
			h.Now += f.HungNow
			for stall, n := range f.stalls {
				if h.Stalls == nil {
					h.Stalls = map[record.Stall]int{}
				}
				h.Stalls[stall] += n
			}
		}
		if h.Count > 0 {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b Hung) int {
		return cmp.Or(cmp.Compare(b.Now, a.Now), cmp.Compare(b.Count, a.Count), a.compare(b.Name))
	})
	return all
}

// addErrors adds what went wrong, the most frequent first.
func (r *Report) addErrors(targets map[Name]*group) {
	r.Errors, r.BadRequests = []Error{}, []Error{}
	for n, g := range targets {
		all := &figures{}
		for _, f := range g.now {
			for w, t := range f.wrong {
				all.tally(w).add(t.Count, t.Last)
			}
		}
		for w, t := range all.wrong {
			e := Error{Name: n, Word: w.word, Class: string(w.class), Times: Times{t.Count, t.Last.UTC()}}
			if w.ending == view.BadRequest {
				e.Code = w.kind
				r.BadRequests = append(r.BadRequests, e)
			} else {
				e.ErrorType = w.kind
				r.Errors = append(r.Errors, e)
			}
		}
	}
	for _, list := range [][]Error{r.Errors, r.BadRequests} {
		slices.SortFunc(list, func(a, b Error) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), a.compare(b.Name), cmp.Compare(a.ErrorType, b.ErrorType),
				cmp.Compare(a.Class, b.Class), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Word, b.Word))
		})
	}
}

// When a target counts as slower. Of the same distribution, a 95th percentile of some dozens of calls may well be twice
// that of others. So the slowest twentieth does not decide alone: a tenth of all calls have to exceed what used to be
// exceeded by a twentieth, by a margin, and they have to be a few. Ten milliseconds are what no one would notice.
const (
	slowerCalls  = 30 // in each window
	slowerFactor = 1.5
	slowerBy     = 10 * time.Millisecond
	slowerMargin = 1.25
	slowerShare  = 0.1
	slowerLeast  = 5
)

// slower returns the targets that take longer than in the window before, those with the largest factor first.
func slower(targets map[Name]*group) []Slower {
	all := []Slower{}
	for n, g := range targets {
		if length(g.now) < slowerCalls || length(g.before) < slowerCalls {
			continue
		}
		now, before := sum(g.now).durations, sum(g.before).durations
		p95, _ := percentile(now, 95)
		past, _ := percentile(before, 95)
		if p95-past < slowerBy || float64(p95) < slowerFactor*float64(past) {
			continue
		}
		margin := time.Duration(slowerMargin * float64(past))
		more := len(now) - sort.Search(len(now), func(i int) bool { return now[i] > margin })
		if more >= slowerLeast && float64(more) >= slowerShare*float64(len(now)) {
			all = append(all, Slower{n, record.Seconds(p95), record.Seconds(past)})
		}
	}
	slices.SortFunc(all, func(a, b Slower) int {
		return cmp.Or(cmp.Compare(b.P95/b.P95Before, a.P95/a.P95Before), a.compare(b.Name))
	})
	return all
}

// length returns the number of durations.
func length(groups []*figures) (n int) {
	for _, f := range groups {
		n += len(f.durations)
	}
	return n
}

// called returns the names of the tools that were called in the window, by server and client.
func (c *collection) called() map[pair]map[string]bool {
	all := map[pair]map[string]bool{}
	for k := range c.groups {
		if k.kind != toolCall || k.before {
			continue
		}
		p := pair{k.server, k.client}
		if all[p] == nil {
			all[p] = map[string]bool{}
		}
		all[p][k.target] = true
	}
	return all
}

// unused returns the tools that were listed in sessions of the window and not called in it, by server; those with the most
// first.
func (c *collection) unused() []Unused {
	called, servers := c.called(), map[string]map[string]bool{}
	for p, at := range c.pairs {
		if servers[p.server] == nil {
			servers[p.server] = map[string]bool{}
		}
		maps.Copy(servers[p.server], at.listed)
	}
	all := []Unused{}
	for server, listed := range servers {
		for p := range called {
			if p.server == server {
				maps.DeleteFunc(listed, func(name string, _ bool) bool { return called[p][name] })
			}
		}
		if len(listed) > 0 {
			all = append(all, Unused{server, slices.Sorted(maps.Keys(listed))})
		}
	}
	slices.SortFunc(all, func(a, b Unused) int {
		return cmp.Or(cmp.Compare(len(b.Tools), len(a.Tools)), cmp.Compare(a.Server, b.Server))
	})
	return all
}

// sessionsOf returns how many sessions of pairs ran in the window.
func (c *collection) sessionsOf(of func(pair) bool) (n int) {
	for p, at := range c.pairs {
		if of(p) {
			n += at.sessions
		}
	}
	return n
}

// tools returns what is listed in sessions of pairs, each server once; nil if nothing is. It takes what called returns.
func (c *collection) tools(called map[pair]map[string]bool, of func(pair) bool) *Tools {
	type tool struct{ server, name string }
	listed, newest := map[tool]bool{}, map[string]*connection{}
	for p, at := range c.pairs {
		if !of(p) {
			continue
		}
		for name := range at.listed {
			listed[tool{p.server, name}] = true
		}
		if n := newest[p.server]; n == nil || at.sized.After(n.sized) {
			newest[p.server] = at
		}
	}
	if len(listed) == 0 {
		return nil
	}
	t := &Tools{Listed: len(listed)}
	for _, at := range newest {
		t.DefinitionSize += at.size
		t.DefinitionTokens += at.tokens
		t.InstructionTokens += at.context.instructions.Tokens
	}
	for p, names := range called {
		if of(p) {
			for name := range names {
				delete(listed, tool{p.server, name})
			}
		}
	}
	t.Never = len(listed)
	return t
}
