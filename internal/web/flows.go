package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// This file finds what led to what: in which order the tools of all servers were called in a run.

const (
	sequenceGap   = 60 * time.Second // at most, between two calls of a sequence
	leastOften    = 3                // what happened twice may be chance, as in package report
	mostSequences = 8
	mostChains    = 100_000 // that are counted
	mostFlows     = 5       // that are drawn on a side
)

// usualSequences returns what was called in a row the most often, at least one of which the filter chooses. A tool that was
// called again and again counts only where most of the calls failed: it would be the most frequent of all, and shows nothing
// that the number of its calls does not.
func (f *figures) usualSequences() []api.Sequence {
	type chain [3]int32
	type count struct{ all, failed int }
	counts := map[chain]*count{}
	for _, run := range f.runs {
		for i := 2; i < len(run); i++ {
			a, b, c := run[i-2], run[i-1], run[i]
			if (a.flags|b.flags|c.flags)&chosenCall == 0 || a.gap(b) > sequenceGap || b.gap(c) > sequenceGap {
				continue
			}
			is := chain{a.target, b.target, c.target}
			n := counts[is]
			if n == nil {
				if len(counts) >= mostChains {
					continue
				}
				n = &count{}
				counts[is] = n
			}
			n.all++
			if a.is(failedCall) && b.is(failedCall) {
				n.failed++
			}
		}
	}
	all := []api.Sequence{}
	for is, n := range counts {
		bad := 2*n.failed > n.all
		if n.all < leastOften || !bad && is[0] == is[1] && is[1] == is[2] {
			continue
		}
		one := api.Sequence{Count: n.all, Tone: api.Quiet}
		if bad {
			one.Tone = api.Bad
		}
		for _, t := range is {
			one.Tools = append(one.Tools, f.label(t))
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b api.Sequence) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Tools, b.Tools))
	})
	return all[:min(len(all), mostSequences)]
}

// findTwice finds the names that several servers have.
func (f *figures) findTwice() {
	f.twice = map[string]bool{}
	for _, t := range f.targets.all {
		_, known := f.twice[t.name]
		f.twice[t.name] = known
	}
}

// label returns what a target is called where its server does not stand: with that, if another one has the same name.
func (f *figures) label(n int32) string {
	t := f.targets.all[n]
	name := view.Steady(t.name)
	if t.kind == kindResource {
		name = "resource " + name
	}
	if f.twice[t.name] {
		name = view.Steady(t.server) + " " + name
	}
	return strings.TrimSpace(name)
}

// neighbor is what was called before or after a target.
type neighbor struct {
	target int32 // or one of the ends of a run
	count  int
	failed int // of the earlier calls
	gaps   []time.Duration
}

const (
	startOfRun = -1
	endOfRun   = -2
)

// flows returns what was called before and after the calls of a row that the filter chooses.
func (f *figures) flows(t target) (before, after []api.Flow) {
	earlier, later := map[int32]*neighbor{}, map[int32]*neighbor{}
	add := func(all map[int32]*neighbor, at int32, one, other *call) {
		n := all[at]
		if n == nil {
			n = &neighbor{target: at}
			all[at] = n
		}
		n.count++
		if one == nil {
			return
		}
		n.gaps = append(n.gaps, one.gap(other))
		if one.is(failedCall) {
			n.failed++
		}
	}
	for _, run := range f.runs {
		for i, c := range run {
			if !c.is(chosenCall) || f.targets.all[c.target] != t {
				continue
			}
			switch {
			case i > 0:
				add(earlier, run[i-1].target, run[i-1], c)
			case !f.sessions[c.session].Launched.Before(f.since): // else there may have been others before
				add(earlier, startOfRun, nil, nil)
			}
			switch {
			case i < len(run)-1:
				add(later, run[i+1].target, c, run[i+1])
			case !f.live(c.session):
				add(later, endOfRun, nil, nil)
			}
		}
	}
	return f.shownFlows(earlier), f.shownFlows(later)
}

// live reports whether a session may go on.
func (f *figures) live(session int32) bool { return f.sessions[session].LastSeen().IsZero() }

// shownFlows returns the most frequent neighbors, and all others as one.
func (f *figures) shownFlows(of map[int32]*neighbor) []api.Flow {
	all := make([]*neighbor, 0, len(of))
	for _, n := range of {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *neighbor) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.target, b.target))
	})
	shown := len(all)
	if shown > mostFlows {
		shown = mostFlows - 1
	}
	out := make([]api.Flow, 0, mostFlows)
	for _, n := range all[:shown] {
		one := api.Flow{Count: n.count, Tone: api.Quiet}
		switch n.target {
		case startOfRun:
			one.Name = "start of a run"
		case endOfRun:
			one.Name = "end of a run"
		default:
			one.Name = f.label(n.target)
			one.Gap = new(median(n.gaps).Seconds())
		}
		if 2*n.failed > n.count {
			one.Tone = api.Bad
		}
		out = append(out, one)
	}
	if shown < len(all) {
		rest := api.Flow{Name: view.Plural(len(all)-shown, "other"), Tone: api.Quiet}
		for _, n := range all[shown:] {
			rest.Count += n.count
		}
		out = append(out, rest)
	}
	return out
}
