package top

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// world is what is known of the sessions.
type world struct {
	now       time.Time
	hangAfter time.Duration

	sessions map[string]*session // by the name of their directory
	runs     []*run              // the newest first
	open     []*call             // that have not ended, the oldest first
	ended    []*call             // the last ones, the newest last

	byKey   map[string]*run
	tally   *Tally
	tallied bool // the stored sessions are in it
	wanted  map[Want]bool
	wants   []Want
}

// session is what is known of one session.
type session struct {
	store.Session
	number   int // in the listing
	run      *run
	strip    *strip // nil until it has been asked for
	streamed bool   // its operations come as they end; those before come from its digest
	summed   bool   // the figures are those of its digest
	counted  seen   // numbers of operations that are in the figures
	totals   record.Totals
	hung     int
	moved    int64               // bytes of results
	recent   map[string][]recent // by tool: how its last calls went, the newest last
	detail   map[uint64]*call    // its operations, while a pane shows them
	whole    bool                // the detail has been read
	left     int                 // operations that it leaves out
	watched  int                 // panes that show it
	notes    []record.Note
	spans    map[uint64]store.SpanIDs
}

// recent is how a call went.
type recent struct {
	at     time.Time
	failed bool
	why    string
}

// run is one start of a client, with the sessions of its servers.
type run struct {
	key      string
	sessions []*session // in the order of their starts
}

const (
	mostEnded  = 1000
	mostRecent = 5 // last calls of a tool that decide whether it is failing
)

func newWorld(now time.Time, hangAfter time.Duration) *world {
	return &world{
		now: now, hangAfter: hangAfter, sessions: map[string]*session{}, byKey: map[string]*run{}, tally: NewTally(),
		wanted: map[Want]bool{},
	}
}

// want asks for something once.
func (w *world) want(kind WantKind, name string) {
	if one := (Want{kind, name}); !w.wanted[one] {
		w.wanted[one] = true
		w.wants = append(w.wants, one)
	}
}

// drain returns what is lacking, each once.
func (w *world) drain() []Want {
	wants := w.wants
	w.wants = nil
	return wants
}

// forget forgets that something was asked for, so that it can be asked for again.
func (w *world) forget(one Want) { delete(w.wanted, one) }

// stored returns the sessions whose operations do not come as events: those that had ended when they were listed.
func (w *world) stored() []store.Session {
	var all []store.Session
	for _, s := range w.sessions {
		if !s.streamed {
			all = append(all, s.Session)
		}
	}
	return all
}

// watch keeps the operations of a session until as many calls of unwatch, and asks for those before.
func (w *world) watch(s *session) {
	if s.detail == nil {
		s.detail = map[uint64]*call{}
	}
	s.watched++
	w.want(WantDetail, s.Name)
}

// unwatch forgets the operations of a session unless they are watched for another reason.
func (w *world) unwatch(s *session) {
	if s.watched--; s.watched == 0 {
		s.detail, s.whole, s.left = nil, false, 0
		w.forget(Want{WantDetail, s.Name})
	}
}

// put adds sessions, or what has changed of them.
func (w *world) put(all []store.Session, streamed bool) {
	for i := range all {
		s, known := w.sessions[all[i].Name]
		if !known {
			s = &session{}
			w.sessions[all[i].Name] = s
		}
		s.Session = all[i]
		s.streamed = s.streamed || !known && (streamed || s.mayRun())
		if s.streamed && s.strip == nil {
			s.strip = &strip{}
		}
		if s.strip != nil {
			s.strip.from = s.began()
		}
		if !known || s.run.key != runKey(s) { // its client is known only after its first request
			w.join(s)
		}
		if !known && s.State != store.Ended { // its figures stand nowhere else
			kind := WantHistory
			if s.streamed {
				kind = WantOperations
			}
			w.want(kind, s.Name)
		}
		if !s.mayRun() {
			w.open = slices.DeleteFunc(w.open, func(c *call) bool { return c.session == s })
		}
	}
	slices.SortStableFunc(w.runs, func(a, b *run) int {
		return cmp.Or(b.newest().Compare(a.newest()), strings.Compare(a.key, b.key))
	})
}

// drop forgets a session that was removed from the store. A pane may still show it.
func (w *world) drop(name string) {
	s, ok := w.sessions[name]
	if !ok {
		return
	}
	delete(w.sessions, name)
	w.leave(s)
	w.open = slices.DeleteFunc(w.open, func(c *call) bool { return c.session == s })
}

func (w *world) leave(s *session) {
	if s.run == nil {
		return
	}
	s.run.sessions = slices.DeleteFunc(s.run.sessions, func(o *session) bool { return o == s })
	if len(s.run.sessions) == 0 {
		w.runs = slices.DeleteFunc(w.runs, func(r *run) bool { return r == s.run })
		delete(w.byKey, s.run.key)
	}
	s.run = nil
}

func (w *world) join(s *session) {
	w.leave(s)
	key := runKey(s)
	if w.byKey[key] == nil {
		w.byKey[key] = &run{key: key}
		w.runs = append(w.runs, w.byKey[key])
	}
	s.run = w.byKey[key]
	s.run.sessions = append(s.run.sessions, s)
	slices.SortStableFunc(s.run.sessions, func(a, b *session) int {
		return cmp.Or(a.Launched.Compare(b.Launched), strings.Compare(a.Name, b.Name))
	})
}

// runKey identifies the run of a session. One that has none stands alone.
func runKey(s *session) string { return cmp.Or(s.Run, s.Name) }

// number gives the sessions that have none the next ones, in the order of their runs, and returns the names of all.
func (w *world) number() []string {
	var names []string
	last := 0
	for _, s := range w.sessions {
		last = max(last, s.number)
	}
	for _, r := range w.runs {
		for _, s := range r.sessions {
			if s.number == 0 {
				last++
				s.number = last
			}
			if missing := s.number - len(names); missing > 0 {
				names = append(names, make([]string, missing)...)
			}
			names[s.number-1] = s.Name
		}
	}
	return names
}

// take takes an operation as it opens, changes and ends.
func (w *world) take(name string, op *record.Operation) {
	s, ok := w.sessions[name]
	if !ok {
		return
	}
	w.open = slices.DeleteFunc(w.open, func(c *call) bool { return c.session == s && c.op.Number == op.Number })
	c := &call{session: s, op: *op}
	if s.detail != nil {
		s.detail[op.Number] = c
	}
	if op.Change != record.Ended {
		if !s.mayRun() { // it hung when its session was killed
			return
		}
		w.open = append(w.open, c)
		slices.SortStableFunc(w.open, func(a, b *call) int { return a.op.Start.Compare(b.op.Start) })
		return
	}
	w.end(c)
}

// end counts an operation that has ended, unless it is in the figures already.
func (w *world) end(c *call) {
	s := c.session
	if !s.counted.add(c.op.Number) {
		return
	}
	w.keep(c)
	if !s.streamed { // its figures are those of its digest
		return
	}
	s.strip.mark(&c.op)
	s.add(&c.op)
	w.tally.Add(&s.Session, &c.op)
	if c.op.IsCall() {
		s.remember(&c.op)
	}
}

// add counts an operation that has ended.
func (s *session) add(op *record.Operation) {
	s.totals.Add(op)
	if op.Hung {
		s.hung++
	}
	if op.Direction == record.ToServer {
		s.moved += op.ResponseSize
	} else {
		s.moved += op.RequestSize
	}
}

// keep puts an operation that has ended into the list, which is in the order of ends.
func (w *world) keep(c *call) {
	at, _ := slices.BinarySearchFunc(w.ended, c.op.End, func(c *call, t time.Time) int { return c.op.End.Compare(t) })
	w.ended = slices.Insert(w.ended, at, c)
	if len(w.ended) > 2*mostEnded {
		w.ended = append([]*call(nil), w.ended[len(w.ended)-mostEnded:]...)
	}
}

// mark adds an operation to the strip.
func (s *strip) mark(op *record.Operation) {
	if failed := view.OutcomeOf(op).Failed(); failed || op.IsCall() {
		s.add(op.Start, failed)
	}
	if op.Hung {
		s.hang(op.Start, op.End)
	}
}

// remember keeps how the last calls of each tool went.
func (s *session) remember(op *record.Operation) {
	if s.recent == nil {
		s.recent = map[string][]recent{}
	}
	const tools = 1000 // a client chooses the names
	if _, known := s.recent[op.Target]; !known && len(s.recent) >= tools {
		return
	}
	o := view.OutcomeOf(op)
	last := append(s.recent[op.Target], recent{op.End, o.Failed(), o.Short()})
	s.recent[op.Target] = last[max(0, len(last)-mostRecent):]
}

// mayRun reports whether a session has not ended, as far as is known.
func (s *session) mayRun() bool { return s.State == store.Live || s.State == store.Unknown }

// began returns when a session was launched.
func (s *session) began() time.Time { return s.Launched }

// until returns when a session ended or was last seen, and now while it lives.
func (s *session) until(now time.Time) time.Time {
	if last := s.LastSeen(); !last.IsZero() {
		return later(last, s.Launched)
	}
	if s.State == store.Unknown && !s.Written.IsZero() {
		return s.Written
	}
	return now
}

// server returns the server's name, safe to show.
func (s *session) server() string { return cmp.Or(view.Steady(s.ServerName()), "unnamed") }

// client returns the client's name and version, safe to show.
func (s *session) client() string {
	return strings.TrimSpace(view.Steady(s.Client.Name) + " " + view.Steady(s.Client.Version))
}

func (r *run) began() time.Time { return r.sessions[0].Launched }

// newest returns when the run's last session was launched, which is the order of runs in every listing.
func (r *run) newest() time.Time { return r.sessions[len(r.sessions)-1].Launched }

// client returns the name of a run's client, which its first session may not have learned.
func (r *run) client() string {
	for _, s := range r.sessions {
		if name := s.client(); name != "" {
			return name
		}
	}
	return "client unknown"
}

func (r *run) until(now time.Time) time.Time {
	var last time.Time
	for _, s := range r.sessions {
		if t := s.until(now); t.After(last) {
			last = t
		}
	}
	return last
}

// live reports whether a session of the run is live.
func (r *run) live() bool {
	return slices.ContainsFunc(r.sessions, func(s *session) bool { return s.State == store.Live })
}
