package report

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Window is the time that a report is about. The one before it, of the same length, is what it is compared with.
type Window struct {
	Since, Until time.Time
}

// Before returns the start of the window before. There is no year before the first, which JSON could not express.
func (w Window) Before() time.Time {
	before := w.Since.Add(-w.Until.Sub(w.Since))
	if before.Year() < 1 {
		return time.Time{}
	}
	return before
}

// Options choose a report.
type Options struct {
	Window
	By       By
	Stored   time.Time      // from when on there are sessions; zero if there are none
	Failed   bool           // only rows with failures, those with the most first
	Location *time.Location // of days

	Price    float64 // of a million input tokens, as the user pays it; 0 if it is not known
	Currency string  // of the price; may be empty

	Changes map[string][]record.DefinitionChange // of definitions, by the server's name
}

// Session is a session to add up.
type Session struct {
	Name     string // names it in Report.Unread
	Server   string
	Client   string
	Launched time.Time
	Ended    time.Time // zero if that is not known, and while it runs
	Live     bool
	// Digest calls f with each operation that has ended, in the order of their ends, until f returns false. An operation
	// is valid until f returns.
	Digest func(f func(op *record.Operation) bool) error
	// Open returns the operations that were open for a while, whether or not they have ended. It is nil for a session
	// that has ended.
	Open func() []record.Operation
	// Findings returns what stood out in it. It may be nil.
	Findings func() []record.Finding
}

// key is a finest group. Calls of the window before need no days.
type key struct {
	before bool
	server string
	client string
	kind   kind
	target string // of a tool or prompt its name, of a resource its template or scheme
	day    day
}

// kind is what a call is for.
type kind uint8

const (
	noCall kind = iota
	toolCall
	resourceCall
	promptCall
)

// kindOf returns what an operation is for, if it is a call, and the target that it is counted under.
func kindOf(op *record.Operation) (k kind, target string) {
	switch {
	case !op.IsCall():
		return noCall, ""
	case op.Method == semconv.ResourcesRead:
		return resourceCall, op.Resource
	case op.Method == semconv.PromptsGet:
		return promptCall, op.Target
	}
	return toolCall, op.Target
}

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

// pair is a server and a client that were connected.
type pair struct{ server, client string }

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

// collect adds up all sessions, on as many cores as there are.
func collect(sessions []Session, o *Options) *collection {
	parts := make([]*collection, max(1, runtime.GOMAXPROCS(0)))
	for i := range parts {
		parts[i] = newCollection(o)
	}
	each(len(sessions), func(worker, n int) { parts[worker].add(int32(n), &sessions[n]) })
	for _, part := range parts[1:] {
		parts[0].merge(part)
	}
	return parts[0]
}

// each calls f for the numbers below n, on as many cores as there are, each with a number of its own.
func each(n int, f func(worker, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for worker := range min(runtime.GOMAXPROCS(0), n) {
		all.Go(func() { // ends when all is done
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(worker, i)
			}
		})
	}
	all.Wait()
}

// add adds a session, which has a number of its own.
func (c *collection) add(number int32, s *Session) {
	c.row = c.row[:0]
	open := s.open() // before the digest is read: what ends meanwhile counts once
	lists := listing{context: newContext()}
	end := s.Ended
	err := s.Digest(func(op *record.Operation) bool {
		delete(open, op.Number)
		if s.Ended.IsZero() && op.End.After(end) {
			end = op.End
		}
		switch k, target := kindOf(op); {
		case k != noCall:
			c.call(number, s, op, k, target)
		case op.Method == semconv.ToolsList && op.Direction == record.ToServer && op.Start.Before(c.window.Until):
			lists.add(op)
		case op.Direction == record.ToServer && op.Start.Before(c.window.Until):
			lists.context.add(op.Definitions, op.Start)
		}
		return true
	})
	if err != nil {
		c.unread = append(c.unread, Unread{s.Name, err})
	}
	for _, op := range open {
		if s.Ended.IsZero() {
			end = latest(end, op.Start)
		}
		if k, target := kindOf(op); k != noCall && op.Hung && c.in(op.Start) {
			f := c.group(s, op, k, target)
			f.saw(number)
			f.hung(op)
			if s.Live {
				f.HungNow++
			}
		}
	}
	c.follow(s.Server)
	c.findings(s)
	if s.Launched.Before(c.window.Until) && (s.Live || !latest(end, s.Launched).Before(c.window.Since)) {
		c.connected(s, &lists)
	}
}

// open returns the operations that may be open, by their numbers.
func (s *Session) open() map[uint64]*record.Operation {
	if s.Open == nil {
		return nil
	}
	open := map[uint64]*record.Operation{}
	for _, op := range s.Open() {
		open[op.Number] = &op
	}
	return open
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// in reports whether a time is in the window.
func (c *collection) in(t time.Time) bool {
	return !t.Before(c.window.Since) && t.Before(c.window.Until)
}

// call adds a call that has ended.
func (c *collection) call(number int32, s *Session, op *record.Operation, k kind, target string) {
	if !op.Start.Before(c.window.Until) {
		return // the clock was set back
	}
	if op.Start.Before(c.window.Since) {
		c.last.add(k, op.Start)
	}
	if op.Start.Before(c.window.Before()) {
		return
	}
	f := c.group(s, op, k, target)
	f.saw(number)
	f.add(op)
	if k == toolCall && target != "" && c.in(op.Start) {
		c.row = append(c.row, step{op.Number, target})
	}
}

// group returns the figures of a call's group.
func (c *collection) group(s *Session, op *record.Operation, k kind, target string) *figures {
	g := key{before: !c.in(op.Start), server: s.Server, client: s.Client, kind: k, target: target}
	if !g.before {
		g.day = dayOf(op.Start.In(c.location))
	}
	f := c.groups[g]
	if f == nil {
		f = &figures{}
		c.groups[g] = f
	}
	return f
}

// connected counts a session that ran in the window.
func (c *collection) connected(s *Session, lists *listing) {
	at := c.pairs[pair{s.Server, s.Client}]
	if at == nil {
		at = &connection{listed: map[string]bool{}, context: newContext()}
		c.pairs[pair{s.Server, s.Client}] = at
	}
	at.sessions++
	for _, name := range lists.tools {
		at.listed[name] = true
	}
	at.newer(lists.size, lists.tokens, lists.sized)
	at.context.merge(&lists.context)
}

// newer takes the size of a later list.
func (at *connection) newer(size, tokens int64, sized time.Time) {
	if sized.After(at.sized) {
		at.size, at.tokens, at.sized = size, tokens, sized
	}
}

// listing is what a session's lists of tools hold, all pages together.
type listing struct {
	tools   []string
	size    int64
	tokens  int64
	sized   time.Time
	context context
}

func (l *listing) add(op *record.Operation) {
	l.tools = append(l.tools, op.ToolNames()...)
	if op.DefinitionSize > 0 { // of this page and those before it
		l.size, l.tokens, l.sized = op.DefinitionSize, op.DefinitionTokens, op.Start
	}
	l.context.add(op.Definitions, op.Start)
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
