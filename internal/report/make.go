package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Make makes a report of sessions, which are read in parallel.
func Make(sessions []Session, o Options) *Report {
	if o.Location == nil {
		o.Location = time.UTC
	}
	c := collect(sessions, &o)
	r := &Report{
		Version: Version, Since: o.Since.UTC(), Until: o.Until.UTC(), Before: o.Window.Before().UTC(), By: o.By,
		Stored: o.Stored, Sequences: c.sequences(), Unread: c.unread,
	}
	for _, at := range c.pairs {
		r.Sessions += at.sessions
	}
	for k, t := range c.last {
		if o.By.counts(kind(k)) {
			r.LastCall = latest(r.LastCall, t)
		}
	}
	targets := c.targets(o.By)
	r.addRows(c, &o)
	r.addErrors(targets)
	r.Hung, r.Slower = hung(targets), slower(targets)
	r.NeverCalled, r.Changed = c.unused(), changed(&o)
	r.Unusual = c.listUnusual()
	r.addContext(c)
	r.addCost(c, &o)
	return r
}

// addRows adds the total and the rows, which are made in parallel: to sort a million durations takes a while.
func (r *Report) addRows(c *collection, o *Options) {
	called := c.called()
	total := c.rowsBy(func(k key) (Name, bool) { return Name{}, o.By.counts(k.kind) })[Name{}]
	if total == nil {
		total = &group{}
	}
	rows := c.rowsBy(o.By.name)
	if o.By == ByServer || o.By == ByClient { // also those without calls
		for p := range c.pairs {
			if n := o.By.ofPair(p); rows[n] == nil {
				rows[n] = &group{name: n}
			}
		}
	}
	if o.By == ByDay {
		fillDays(rows, o)
	}
	groups := append([]*group{total}, slices.Collect(maps.Values(rows))...)
	made := make([]Row, len(groups))
	each(len(groups), func(_, i int) { made[i] = groups[i].row() })

	r.Total, r.Rows = made[0], []Row{}
	r.Total.Sessions, r.Total.Tools = r.Sessions, c.tools(called, func(pair) bool { return true })
	for _, row := range made[1:] {
		if o.By == ByServer || o.By == ByClient {
			of := func(p pair) bool { return o.By.ofPair(p) == row.Name }
			row.Sessions, row.Tools = c.sessionsOf(of), c.tools(called, of)
		}
		if row.Calls > 0 {
			r.Called++
		}
		if (row.Calls > 0 || row.Hung > 0 || row.Sessions > 0 || o.By == ByDay) && (row.Failed > 0 || !o.Failed) {
			r.Rows = append(r.Rows, row)
		}
	}
	slices.SortFunc(r.Rows, func(a, b Row) int {
		switch {
		case o.By == ByDay:
			return cmp.Compare(a.Day, b.Day)
		case o.Failed:
			return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Calls, a.Calls), a.compare(b.Name))
		}
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), a.compare(b.Name))
	})
}

// fillDays adds the days without calls between the first one with calls and the end of the window: a gap is a fact.
func fillDays(rows map[Name]*group, o *Options) {
	first := day(0)
	for _, g := range rows {
		if d := g.name.day; d > 0 && (first == 0 || d < first) {
			first = d
		}
	}
	if first == 0 {
		return
	}
	for d := first; d <= dayOf(o.Until.Add(-1).In(o.Location)); d = d.next() {
		n := Name{Day: d.String(), day: d}
		if rows[n] == nil && dayOf(d.time(o.Location)) == d { // where the date line moved, a day was left out
			rows[n] = &group{name: n}
		}
	}
}
