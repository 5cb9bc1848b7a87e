package past

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// About is what is known of a session that is merged, besides its operations.
type About struct {
	Name     string // by which it is known whether it was merged
	Client   string
	Version  string // of the server
	Day      Day    // when it began
	Findings []record.Finding
}

// Merge adds a session, and forgets what is too old or too much. A session that has been merged already is not merged
// again.
func (p *Past) Merge(s *Session, about About) {
	if p.Has(about.Name) {
		return
	}
	i, _ := slices.BinarySearch(p.Merged, about.Name)
	p.Merged = slices.Insert(p.Merged, i, about.Name)
	if n := len(p.Merged) - maxMerged; n > 0 {
		p.Merged = slices.Delete(p.Merged, 0, n)
	}
	if p.Sessions == 0 {
		p.Since, p.Halved = about.Day, about.Day
	}
	p.Since = min(p.Since, about.Day)
	for range maxHalvings {
		if about.Day-p.Halved < halfLife {
			break
		}
		p.halve()
		p.Halved += halfLife
	}
	if about.Day-p.Halved >= halfLife { // the clock was set
		p.Halved = about.Day
	}
	p.Sessions++
	if about.Version != "" && about.Version != p.Version {
		p.Version, p.Changed = about.Version, p.Sessions
	}
	if s.calls > 0 {
		p.Runs[s.run.most]++
	}
	p.Calls += s.calls
	p.mergeTargets(s, about.Day)
	p.mergePairs(s, about.Day)
	p.mergeClient(s, about)
	for name := range s.listed {
		if p.Listed[name] == nil {
			p.Listed[name] = &Listing{}
		}
		p.Listed[name].Sessions++
		p.Listed[name].Last = max(p.Listed[name].Last, about.Day)
	}
	p.mergeTold(about)
	p.forget(about.Day)
}

func (p *Past) mergeTargets(s *Session, day Day) {
	for key, t := range s.targets {
		to := p.Targets[key]
		if to == nil {
			to = &Target{First: p.Sessions, Since: day}
			p.Targets[key] = to
		}
		to.Sessions++
		to.Since, to.Last = min(to.Since, day), max(to.Last, day)
		to.Calls += t.calls
		to.Failed += t.failed
		if t.run.n > 0 {
			to.Runs[t.run.most]++
		}
		week := int(day) / 7
		to.Duration.add(week, &t.duration)
		to.Request.add(week, &t.request)
		to.Response.add(week, &t.response)
	}
}

func (p *Past) mergePairs(s *Session, day Day) {
	for pair, n := range s.pairs() {
		from := p.Targets[pair[0]]
		if from.Next == nil {
			from.Next = map[Key]*Follow{}
		}
		f := from.Next[pair[1]]
		if f == nil {
			f = &Follow{First: p.Sessions}
			from.Next[pair[1]] = f
		}
		f.Count += n
		f.Sessions++
		f.Last, f.Day = p.Sessions, max(f.Day, day)
	}
}

func (p *Past) mergeClient(s *Session, about About) {
	c := p.Clients[about.Client]
	if c == nil {
		c = &Client{}
		p.Clients[about.Client] = c
	}
	c.Sessions++
	c.Last = max(c.Last, about.Day)
	for _, n := range s.hours {
		c.Hours.Add(float64(n))
	}
}

func (p *Past) mergeTold(about About) {
	seen := map[string]bool{}
	for i := range about.Findings {
		name := Topic(&about.Findings[i])
		if seen[name] {
			continue
		}
		seen[name] = true
		if p.Told[name] == nil {
			p.Told[name] = &Told{}
		}
		p.Told[name].Sessions++
		p.Told[name].Last = about.Day
	}
}

// Topic names what a finding is about.
func Topic(f *record.Finding) string {
	return strings.Join([]string{string(f.Kind), string(f.Side), f.From, f.Target()}, "/")
}

// halve makes the present count for more than what was 60 days ago. What has happened at all stays known.
func (p *Past) halve() {
	half := func(counts ...*int) {
		for _, n := range counts {
			*n = (*n + 1) / 2
		}
	}
	half(&p.Calls)
	runs := func(r *Runs) {
		for i := range r {
			r[i] /= 2
		}
	}
	runs(&p.Runs)
	for _, t := range p.Targets {
		half(&t.Calls, &t.Sessions)
		t.Failed /= 2
		runs(&t.Runs)
		for _, m := range []*Measure{&t.Duration, &t.Request, &t.Response} {
			m.All.halve()
		}
		for _, f := range t.Next {
			half(&f.Count)
		}
	}
	for _, c := range p.Clients {
		c.Hours.halve()
	}
}

// forget removes what has not been seen for long, and of what is too much that which was seen least recently.
func (p *Past) forget(today Day) {
	old := today - MaxAge
	trim(p.Targets, maxTargets, func(t *Target) Day { return t.Last }, old)
	trim(p.Clients, maxClients, func(c *Client) Day { return c.Last }, old)
	trim(p.Listed, maxListed, func(l *Listing) Day { return l.Last }, old)
	trim(p.Told, maxTold, func(t *Told) Day { return t.Last }, old)
	pairs := 0
	for _, t := range p.Targets {
		maps.DeleteFunc(t.Next, func(to Key, f *Follow) bool { return f.Day < old || p.Targets[to] == nil })
		pairs += len(t.Next)
	}
	if pairs > maxPairs {
		p.forgetPairs(pairs - maxPairs)
	}
}

// forgetPairs removes a number of pairs.
func (p *Past) forgetPairs(n int) {
	type pair struct {
		of   map[Key]*Follow
		from Key
		to   Key
		last int
	}
	var all []pair
	for from, t := range p.Targets {
		for to, f := range t.Next {
			all = append(all, pair{t.Next, from, to, f.Last})
		}
	}
	slices.SortFunc(all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.last, b.last), a.from.compare(b.from), a.to.compare(b.to))
	})
	for _, one := range all[:min(n, len(all))] {
		delete(one.of, one.to)
	}
}

// trim removes what was seen before a day, and what is more than a number.
func trim[K comparable, V any](all map[K]*V, most int, last func(*V) Day, old Day) {
	maps.DeleteFunc(all, func(_ K, v *V) bool { return last(v) < old })
	if len(all) <= most {
		return
	}
	days := make([]Day, 0, len(all))
	for _, v := range all {
		days = append(days, last(v))
	}
	slices.Sort(days)
	limit := days[len(all)-most]
	maps.DeleteFunc(all, func(_ K, v *V) bool { return last(v) < limit })
	for k := range all { // of the same day, any
		if len(all) <= most {
			return
		}
		if last(all[k]) == limit {
			delete(all, k)
		}
	}
}
