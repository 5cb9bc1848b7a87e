package report

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

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
