package web

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file reads from digests what sessions have put into a model's context, and remembers it of sessions that have ended.

// Bounds of what is remembered: peers choose the names in it, and how many there are.
const (
	mostBrought    = 2000    // targets of a session's calls, and likewise servers
	mostPages      = 8000    // definitions
	mostRemembered = 4000    // sessions
	mostWeight     = 1 << 19 // of all that is remembered
)

// brought is what a session has put into a context.
type brought struct {
	listed       []record.Definition // tools, as the newest list that was read to its end has them
	listedAt     time.Time           // zero if none was
	tools        int                 // how many are listed; Definitions of a list of thousands lack some
	toolTokens   int64
	instructions record.Definition
	results      map[target]*results // of calls that began in the time that was asked for
	calls        map[string]int      // likewise: of tools
	first, last  time.Time           // when its calls began
	own          int                 // definitions that it shares with no other session
}

// results are those of calls of a target.
type results struct {
	watch.Figures
	max, total int64 // tokens
	large      int   // over report's limit
}

// tokens returns what a session's definitions cost a context.
func (b *brought) tokens() int64 { return b.toolTokens + b.instructions.Tokens }

// weight is about how many numbers are remembered of a session.
func (b *brought) weight() int {
	n := 1 + len(b.calls) + b.own*10
	for _, r := range b.results {
		n += 1 + len(r.Counts)
	}
	return n
}

// contexts remembers what sessions that have ended have brought.
type contexts struct {
	mu     sync.Mutex
	all    map[string]*brought            // by the session's name
	lists  map[string][]record.Definition // the last by server: most sessions list the same
	weight int
	full   bool // there was no room for one
}

// read returns what sessions have brought, with the calls since a time.
func (c *contexts) read(ctx context.Context, sessions []store.Session, since time.Time) ([]*brought, error) {
	c.makeRoom(sessions)
	all := make([]*brought, len(sessions))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(sessions)) {
		wait.Go(func() { // ends when all is read, or the request is over
			for i := int(next.Add(1)) - 1; i < len(sessions) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				all[i] = c.one(ctx, &sessions[i], since)
			}
		})
	}
	wait.Wait()
	return all, ctx.Err()
}

// one returns what a session has brought. What is remembered has all its calls: of one that was running at the time, it is read
// again.
func (c *contexts) one(ctx context.Context, s *store.Session, since time.Time) *brought {
	if s.State != store.Ended && s.State != store.Killed {
		return c.readOne(ctx, s, since)
	}
	c.mu.Lock()
	known := c.all[s.Name]
	c.mu.Unlock()
	if known == nil {
		known = c.readOne(ctx, s, time.Time{})
		if ctx.Err() == nil {
			c.keep(s.Name, known)
		}
	}
	switch {
	case !known.first.Before(since):
		return known
	case !known.last.Before(since):
		return c.readOne(ctx, s, since)
	}
	idle := *known
	idle.results, idle.calls = nil, nil
	return &idle
}

// makeRoom forgets all but some sessions if there was no room for one.
func (c *contexts) makeRoom(but []store.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.full {
		return
	}
	kept := map[string]*brought{}
	for i := range but {
		if b := c.all[but[i].Name]; b != nil {
			kept[but[i].Name] = b
		}
	}
	c.all, c.lists, c.weight, c.full = kept, nil, 0, false
	for _, b := range kept {
		c.weight += b.weight()
	}
}

// keep remembers what a session has brought, while there is room. What is there stays: to replace it by what is read next would
// leave nothing of use to the next one who reads the same sessions.
func (c *contexts) keep(name string, b *brought) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]*brought{}
	}
	switch {
	case c.all[name] != nil: // another request was faster
	case len(c.all) >= mostRemembered || c.weight+b.weight() > mostWeight:
		c.full = true
	default:
		c.all[name] = b
		c.weight += b.weight()
	}
}

// share makes sessions of a server that list the same share that.
func (c *contexts) share(server string, b *brought) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.lists[server]; slices.Equal(last, b.listed) {
		b.listed = last
		return
	}
	if c.lists == nil || len(c.lists) >= mostBrought {
		c.lists = map[string][]record.Definition{}
	}
	c.lists[server], b.own = b.listed, len(b.listed)
}

// readOne reads the digest of a session. What cannot be read is left out: the view of the session says so.
func (c *contexts) readOne(ctx context.Context, s *store.Session, since time.Time) *brought {
	b := &brought{results: map[target]*results{}, calls: map[string]int{}}
	var pages []record.Definition
	n := 0
	_ = s.Digest(func(op *record.Operation) bool {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return false
		}
		if op.Direction != record.ToServer {
			return true
		}
		switch {
		case op.Method == semconv.ToolsList:
			pages = b.list(op, pages)
		case len(op.Definitions) > 0 && op.Definitions[0].Kind == record.InstructionsDefinition:
			b.instructions = op.Definitions[0]
		case op.IsCall():
			b.call(s.ServerName(), op, since)
		}
		return true
	})
	c.share(s.Service+"\x00"+s.ServerName(), b)
	return b
}

// list takes a page of a list of tools. Pages has those before it, of earlier lists too: the counts say how many belong to this one.
func (b *brought) list(op *record.Operation, pages []record.Definition) []record.Definition {
	for i := range op.Definitions {
		if d := op.Definitions[i]; d.Kind == record.ToolDefinition && d.Name != "" {
			pages = append(pages, d)
		}
	}
	pages = pages[max(len(pages)-mostPages, 0):]
	if op.ToolCount == 0 { // it is not the last page
		return pages
	}
	pages = pages[max(len(pages)-op.ToolCount, 0):]
	b.listed, b.listedAt, b.tools, b.toolTokens = newestOf(pages), op.Start, op.ToolCount, op.DefinitionTokens
	return pages
}

// newestOf returns definitions without those that a later one of the same name replaces.
func newestOf(all []record.Definition) []record.Definition {
	at := make(map[string]int, len(all))
	for i := range all {
		at[all[i].Name] = i
	}
	kept := make([]record.Definition, 0, len(at))
	for i := range all {
		if at[all[i].Name] == i {
			kept = append(kept, all[i])
		}
	}
	return kept
}

// call takes a call that began since a time.
func (b *brought) call(server string, op *record.Operation, since time.Time) {
	if b.first.IsZero() || op.Start.Before(b.first) {
		b.first = op.Start
	}
	b.last = watch.Later(b.last, op.Start)
	if op.Start.Before(since) {
		return
	}
	if op.Method == semconv.ToolsCall && (b.calls[op.Target] > 0 || len(b.calls) < mostBrought) {
		b.calls[op.Target]++
	}
	if !op.Answered || op.ResponseTokens <= 0 {
		return
	}
	to := targetOf(server, op)
	r := b.results[to]
	if r == nil {
		if len(b.results) >= mostBrought {
			return
		}
		r = &results{}
		b.results[to] = r
	}
	r.Add(op.ResponseTokens)
	r.total += op.ResponseTokens
	r.max = max(r.max, op.ResponseTokens)
	if op.ResponseTokens > largeResult {
		r.large++
	}
}

// merge adds the results of the same target in another session.
func (r *results) merge(other *results) {
	r.Merge(&other.Figures)
	r.total, r.max, r.large = r.total+other.total, max(r.max, other.max), r.large+other.large
}
