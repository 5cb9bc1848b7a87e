package report

import "time"

// collection is what a number of sessions adds up to.
type collection struct {
	window   Window
	location *time.Location // of days
	groups   map[key]*figures
	pairs    map[pair]*connection
	chains   map[chain]int
	last     lastCalls
	unread   []Unread
	unusual  map[Unusual]Times // without times
	row      []step            // of the session that is being added
}

// lastCalls are the starts of the latest calls before the window, by kind.
type lastCalls [promptCall + 1]time.Time

func (l *lastCalls) add(k kind, t time.Time) { l[k] = latest(l[k], t) }

// connection is what is known of the sessions of a pair in the window.
type connection struct {
	sessions int
	listed   map[string]bool // names of tools
	size     int64           // of the definitions, as the latest list has them
	tokens   int64           // likewise
	sized    time.Time       // when that was
	context  context
}

func newCollection(o *Options) *collection {
	return &collection{
		window: o.Window, location: o.Location, groups: map[key]*figures{}, pairs: map[pair]*connection{},
		chains: map[chain]int{}, unusual: map[Unusual]Times{},
	}
}

// in reports whether a time is in the window.
func (c *collection) in(t time.Time) bool {
	return !t.Before(c.window.Since) && t.Before(c.window.Until)
}

// newer takes the size of a later list.
func (at *connection) newer(size, tokens int64, sized time.Time) {
	if sized.After(at.sized) {
		at.size, at.tokens, at.sized = size, tokens, sized
	}
}

// merge adds what another collection of the same window holds, which is not used any longer.
func (c *collection) merge(other *collection) {
	for g, f := range other.groups {
		if mine := c.groups[g]; mine != nil {
			mine.merge(f)
		} else {
			c.groups[g] = f
		}
	}
	for p, theirs := range other.pairs {
		mine := c.pairs[p]
		if mine == nil {
			c.pairs[p] = theirs
			continue
		}
		mine.sessions += theirs.sessions
		for name := range theirs.listed {
			mine.listed[name] = true
		}
		mine.newer(theirs.size, theirs.tokens, theirs.sized)
		mine.context.merge(&theirs.context)
	}
	for s, n := range other.chains {
		c.chains[s] += n
	}
	for k, t := range other.last {
		c.last.add(kind(k), t)
	}
	c.unread = append(c.unread, other.unread...)
	for u, t := range other.unusual {
		mine := c.unusual[u]
		c.unusual[u] = Times{mine.Count + t.Count, latest(mine.Last, t.Last)}
	}
}
