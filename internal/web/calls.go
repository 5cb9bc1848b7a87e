package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// This file reads the calls of many sessions in one pass over their digests. Package report adds up those that a filter
// chooses. What it does not know, such as what led to what, is made of the calls, which are kept in a few dozen bytes each.

// Bounds of a pass. Peers choose names, and a store may be of any size.
const (
	mostCalls   = 500_000
	mostTargets = 20_000
)

// target is what calls are counted under: a tool, prompt or resource of a server, a server, or a client.
type target struct{ kind, server, name string }

// Kinds of targets. The first three are those of calls.
const (
	kindTool     = "tool"
	kindPrompt   = "prompt"
	kindResource = "resource"
	kindServer   = "server"
	kindClient   = "client"
)

// serverTitle returns the name of a server, safe to show.
func serverTitle(name string) string { return cmp.Or(view.Steady(name), "unnamed") }

// toolTitle returns the name of a tool, prompt or resource, safe to show.
func toolTitle(name string) string { return cmp.Or(view.Steady(name), "unnamed") }

// clientTitle returns the name of a client, safe to show.
func clientTitle(name string) string { return cmp.Or(view.Steady(name), "client unknown") }

// byOf returns the kind of report that has rows of a kind.
func byOf(kind string) report.By {
	switch kind {
	case kindServer:
		return report.ByServer
	case kindClient:
		return report.ByClient
	}
	return report.ByTarget
}

// targetOf returns what a call is for.
func targetOf(server string, op *record.Operation) target {
	switch op.Method {
	case semconv.ResourcesRead:
		return target{kindResource, server, op.Resource}
	case semconv.PromptsGet:
		return target{kindPrompt, server, op.Target}
	}
	return target{kindTool, server, op.Target}
}

// key returns the target as a part of an address: its parts with dots between.
func (t target) key() string {
	parts := []string{t.kind, t.server, t.name}
	for i := range parts {
		parts[i] = keyEscapes.Replace(parts[i])
	}
	return strings.Join(parts, ".")
}

var (
	keyEscapes   = strings.NewReplacer("~", "~~", ".", "~-", "/", "~_")
	keyUnescapes = strings.NewReplacer("~~", "~", "~-", ".", "~_", "/")
)

// parseKey reads a key.
func parseKey(key string) (t target, ok bool) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 {
		return t, false
	}
	t = target{parts[0], keyUnescapes.Replace(parts[1]), keyUnescapes.Replace(parts[2])}
	return t, slices.Contains([]string{kindTool, kindPrompt, kindResource, kindServer, kindClient}, t.kind)
}

// call is a call that has ended.
type call struct {
	start, end int64 // ns since 1970
	took       int64 // ns
	number     uint64
	session    int32 // places in tables of the pass
	target     int32
	word       int32 // what went wrong, if it failed
	flags      callFlags
}

type callFlags uint8

const (
	chosenCall callFlags = 1 << iota // by the filter
	failedCall
	timedCall // its duration counts
	askedCall // a person was waited for
	lateCall  // it was answered after it had timed out
)

func (c *call) is(f callFlags) bool { return c.flags&f != 0 }

// gap is the time from the end of a call to the start of a later one.
func (c *call) gap(later *call) time.Duration { return time.Duration(max(later.start-c.end, 0)) }

// choice is what a pass is about.
type choice struct {
	since  time.Time
	filter watch.Filter
	by     report.By
}

// pass collects calls.
type pass struct {
	choice
	until    time.Time
	ctx      context.Context
	sessions []store.Session
	calls    [][]call // by session: all of the window, chosen or not
	read     atomic.Int64
	leftOut  atomic.Int64
	terms    []watch.Filter // one each
	peers    watch.Filter   // the terms about servers and clients
	without  []atomic.Int64 // calls that only this term leaves out

	mu      sync.Mutex
	targets numbering[target]
	words   numbering[string]
}

// numbering gives values numbers.
type numbering[T comparable] struct {
	all []T
	at  map[T]int32
}

// number returns the number of a value, and -1 if there are too many.
func (t *numbering[T]) number(v T) int32 {
	n, known := t.at[v]
	if known {
		return n
	}
	if len(t.all) >= mostTargets {
		return -1
	}
	if t.at == nil {
		t.at = map[T]int32{}
	}
	n = int32(len(t.all))
	t.all = append(t.all, v)
	t.at[v] = n
	return n
}

func newPass(ctx context.Context, a choice, until time.Time, sessions []store.Session) *pass {
	p := &pass{choice: a, ctx: ctx, until: until, sessions: sessions, calls: make([][]call, len(sessions))}
	p.without = make([]atomic.Int64, len(a.filter.Terms))
	p.peers = a.filter.About("server", "client")
	p.words.number("") // of those that went well
	for i := range a.filter.Terms {
		p.terms = append(p.terms, watch.Filter{Terms: a.filter.Terms[i : i+1]})
	}
	return p
}

// report reads the sessions and adds up the calls that the filter chooses.
func (p *pass) report(changes map[string][]record.DefinitionChange) (*report.Report, error) {
	all := make([]report.Session, len(p.sessions))
	for i := range p.sessions {
		s := &p.sessions[i]
		all[i] = report.Session{
			Name: s.Name, Server: s.ServerName(), Client: s.Client.Name, Launched: s.Launched, Ended: s.Ended,
			Live: s.State == store.Live, Digest: p.digest(i),
		}
		if s.State != store.Ended {
			all[i].Open = p.open(s)
		}
	}
	r := report.Make(all, report.Options{
		Window: report.Window{Since: p.since, Until: p.until}, By: p.by, Location: p.until.Location(), Changes: changes,
	})
	for i := range p.calls {
		slices.SortStableFunc(p.calls[i], func(a, b call) int { return cmp.Compare(a.start, b.start) })
	}
	return r, p.ctx.Err()
}

// open returns the function that returns the calls of a session that may be open and that the filter chooses.
func (p *pass) open(s *store.Session) func() []record.Operation {
	return func() []record.Operation {
		if p.ctx.Err() != nil {
			return nil
		}
		c := watch.Call{Session: &watch.Session{Session: *s}}
		return slices.DeleteFunc(s.OpenOperations(), func(op record.Operation) bool {
			c.Op = op
			return !p.chooses(&c)
		})
	}
}

// digest returns the function that reads the operations of a session, takes its calls, and passes on those that the filter
// chooses.
func (p *pass) digest(i int) func(func(*record.Operation) bool) error {
	before := report.Window{Since: p.since, Until: p.until}.Before()
	return func(next func(*record.Operation) bool) error {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		s := &p.sessions[i]
		c := watch.Call{Session: &watch.Session{Session: *s}}
		ofPeers := p.peers.Matches(&watch.Subject{Servers: []string{s.ServerName()}, Clients: []string{s.Client.Name}})
		reader := callReader{pass: p, session: int32(i), server: s.ServerName(), targets: map[target]int32{}}
		n := 0
		return s.Digest(func(op *record.Operation) bool {
			if n++; n%1024 == 0 && p.ctx.Err() != nil {
				return false
			}
			switch {
			case !op.IsCall():
				return !ofPeers || next(op)
			case op.Start.Before(p.since) && !op.Start.Before(before):
				if c.Op = *op; p.chooses(&c) {
					return next(op)
				}
			case !op.Start.Before(p.since) && op.Start.Before(p.until):
				c.Op = *op
				if reader.take(&c) {
					return next(op)
				}
			}
			// An operation that has only a number is not counted; it has ended, if it was open.
			return s.State == store.Ended || next(&record.Operation{Number: op.Number})
		})
	}
}

// callReader takes the calls of a session.
type callReader struct {
	pass    *pass
	session int32
	server  string
	targets map[target]int32
	late    map[uint64]time.Duration // how much too late operations were answered; nil until that is wanted
}

// lateBy returns how much too late a call that had timed out was answered; 0 if it was not.
func (r *callReader) lateBy(s *store.Session, number uint64) time.Duration {
	if r.late == nil {
		r.late = map[uint64]time.Duration{}
		for _, v := range s.LateAnswers() {
			r.late[v.Operation] = v.Late
		}
	}
	return r.late[number]
}

// take takes a call of the window, and reports whether the filter chooses it.
func (r *callReader) take(c *watch.Call) (chosen bool) {
	p, op := r.pass, &c.Op
	of := targetOf(r.server, op)
	at, known := r.targets[of]
	if !known {
		p.mu.Lock()
		at = p.targets.number(of)
		p.mu.Unlock()
		r.targets[of] = at
	}
	if at < 0 || p.read.Add(1) > mostCalls {
		p.leftOut.Add(1)
		return false
	}
	o := c.Outcome()
	word := o.Short()
	if o.Ending == view.TimedOut {
		o.Late = r.lateBy(&c.Session.Session, op.Number)
	}
	one := call{
		start: op.Start.UnixNano(), end: op.End.UnixNano(), took: int64(op.Duration), number: op.Number, session: r.session, target: at,
	}
	if chosen = len(p.terms) == 0 || p.choosesTerms(c.Subject(o, p.until)); chosen {
		one.flags |= chosenCall
	}
	if op.Answered || o.Ending == view.TimedOut {
		one.flags |= timedCall
	}
	if o.Asked {
		one.flags |= askedCall
	}
	if o.Late > 0 {
		one.flags |= lateCall
	}
	if o.Failed() {
		one.flags |= failedCall
		p.mu.Lock()
		one.word = max(p.words.number(word), 0)
		p.mu.Unlock()
	}
	p.calls[r.session] = append(p.calls[r.session], one)
	return chosen
}

// chooses reports whether the filter chooses a call.
func (p *pass) chooses(c *watch.Call) bool {
	return p.filter.Empty() || p.filter.Matches(c.Subject(c.Outcome(), p.until))
}

// choosesTerms is the same, and counts what a single term leaves out.
func (p *pass) choosesTerms(s *watch.Subject) bool {
	failed := -1
	for i := range p.terms {
		switch {
		case p.terms[i].Matches(s):
		case failed >= 0:
			return false
		default:
			failed = i
		}
	}
	if failed >= 0 {
		p.without[failed].Add(1)
	}
	return failed < 0
}
