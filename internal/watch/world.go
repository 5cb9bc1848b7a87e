package watch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// World is what is known of the sessions.
type World struct {
	Now       time.Time
	HangAfter time.Duration

	Sessions map[string]*Session // by the name of their directory
	Runs     []*Run              // the newest first
	Open     []*Call             // that have not ended, the oldest first
	Ended    []*Call             // the last ones, the newest last

	Tally   *Tally
	Tallied bool // the stored sessions are in it

	kept   map[string]*Session // from the world before, see Renewed
	byKey  map[string]*Run
	wanted map[Want]bool
	wants  []Want
}

// Session is what is known of one session.
type Session struct {
	store.Session
	Number int // in the listing
	InRun  *Run
	Strip  *Strip // nil until it has been asked for
	Noted  []record.Note

	Operations map[uint64]*Call // its operations, while it is watched
	Whole      bool             // those before have been read
	LeftOut    int              // operations that were not
	Spans      map[uint64]store.SpanIDs
	watched    int // how often

	streamed bool // its operations come as they end; those before come from its digest
	summed   bool // the figures are those of its digest
	counted  seen // numbers of operations that are in the figures
	totals   record.Totals
	hung     int
	moved    int64 // bytes of results
	context  contextTokens
	unpriced *record.Operation   // the last one with definitions, while what they cost has not been read
	recent   map[string][]recent // by tool: how its last calls went, the newest last
}

// recent is how a call went.
type recent struct {
	at     time.Time
	failed bool
	why    string
}

// Run is one start of a client, with the sessions of its servers.
type Run struct {
	Key      string
	Sessions []*Session // in the order of their starts
}

const (
	mostEnded  = 1000
	mostRecent = 5 // last calls of a tool that decide whether it is failing
)

// NewWorld returns a world without sessions. Calls hang that are open for longer than hangAfter.
func NewWorld(now time.Time, hangAfter time.Duration) *World {
	return &World{
		Now: now, HangAfter: hangAfter, Sessions: map[string]*Session{}, byKey: map[string]*Run{}, Tally: NewTally(),
		wanted: map[Want]bool{}, kept: map[string]*Session{},
	}
}

// Want asks for something once.
func (w *World) Want(kind WantKind, name string) {
	if one := (Want{kind, name}); !w.wanted[one] {
		w.wanted[one] = true
		w.wants = append(w.wants, one)
	}
}

// Drain returns what is lacking, each once.
func (w *World) Drain() []Want {
	wants := w.wants
	w.wants = nil
	return wants
}

// Forget forgets that something was asked for, so that it can be asked for again.
func (w *World) Forget(one Want) { delete(w.wanted, one) }

// Stored returns the sessions whose operations do not come as events: those that had ended when they were listed.
func (w *World) Stored() []store.Session {
	var all []store.Session
	for _, s := range w.Sessions {
		if !s.streamed {
			all = append(all, s.Session)
		}
	}
	return all
}

// Watch keeps the operations of a session until as many calls of unwatch, and asks for those before.
func (w *World) Watch(s *Session) {
	if s.Operations == nil {
		s.Operations = map[uint64]*Call{}
	}
	s.watched++
	w.Want(WantDetail, s.Name)
}

// Unwatch forgets the operations of a session unless they are watched for another reason.
func (w *World) Unwatch(s *Session) {
	if s.watched--; s.watched == 0 {
		s.Operations, s.Whole, s.LeftOut = nil, false, 0
		w.Forget(Want{WantDetail, s.Name})
	}
}

// Put adds sessions, or what has changed of them.
func (w *World) Put(all []store.Session, streamed bool) {
	for i := range all {
		s, known := w.Sessions[all[i].Name]
		if !known {
			if s = w.kept[all[i].Name]; s == nil {
				s = &Session{}
			}
			w.Sessions[all[i].Name] = s
		}
		s.Session = all[i]
		s.streamed = s.streamed || !known && (streamed || s.mayRun())
		if s.streamed && s.Strip == nil {
			s.Strip = &Strip{}
		}
		if s.Strip != nil {
			s.Strip.From = s.Began()
		}
		if !known || s.InRun.Key != runKey(s) { // its client is known only after its first request
			w.join(s)
		}
		if !known && s.State != store.Ended { // its figures stand nowhere else
			kind := WantHistory
			if s.streamed {
				kind = WantOperations
			}
			w.Want(kind, s.Name)
		}
		if !s.mayRun() {
			w.Open = slices.DeleteFunc(w.Open, func(c *Call) bool { return c.Session == s })
		}
	}
	slices.SortStableFunc(w.Runs, func(a, b *Run) int {
		return cmp.Or(b.Newest().Compare(a.Newest()), strings.Compare(a.Key, b.Key))
	})
}

// Drop forgets a session that was removed from the store. A view may still show it.
func (w *World) Drop(name string) {
	s, ok := w.Sessions[name]
	if !ok {
		return
	}
	delete(w.Sessions, name)
	w.leave(s)
	w.Open = slices.DeleteFunc(w.Open, func(c *Call) bool { return c.Session == s })
}

func (w *World) leave(s *Session) {
	if s.InRun == nil {
		return
	}
	s.InRun.Sessions = slices.DeleteFunc(s.InRun.Sessions, func(o *Session) bool { return o == s })
	if len(s.InRun.Sessions) == 0 {
		w.Runs = slices.DeleteFunc(w.Runs, func(r *Run) bool { return r == s.InRun })
		delete(w.byKey, s.InRun.Key)
	}
	s.InRun = nil
}

func (w *World) join(s *Session) {
	w.leave(s)
	key := runKey(s)
	if w.byKey[key] == nil {
		w.byKey[key] = &Run{Key: key}
		w.Runs = append(w.Runs, w.byKey[key])
	}
	s.InRun = w.byKey[key]
	s.InRun.Sessions = append(s.InRun.Sessions, s)
	slices.SortStableFunc(s.InRun.Sessions, func(a, b *Session) int {
		return cmp.Or(a.Launched.Compare(b.Launched), strings.Compare(a.Name, b.Name))
	})
}

// runKey identifies the run of a session. One that has none stands alone.
func runKey(s *Session) string { return cmp.Or(s.Run, s.Name) }

// Number gives the sessions that have none the next ones, in the order of their runs, and returns the names of all.
func (w *World) Number() []string {
	var names []string
	last := 0
	for _, s := range w.Sessions {
		last = max(last, s.Number)
	}
	for _, r := range w.Runs {
		for _, s := range r.Sessions {
			if s.Number == 0 {
				last++
				s.Number = last
			}
			if missing := s.Number - len(names); missing > 0 {
				names = append(names, make([]string, missing)...)
			}
			names[s.Number-1] = s.Name
		}
	}
	return names
}

// Take takes an operation as it opens, changes and ends.
func (w *World) Take(name string, op *record.Operation) {
	s, ok := w.Sessions[name]
	if !ok {
		return
	}
	w.Open = slices.DeleteFunc(w.Open, func(c *Call) bool { return c.Session == s && c.Op.Number == op.Number })
	c := &Call{Session: s, Op: *op}
	if s.Operations != nil {
		s.Operations[op.Number] = c
	}
	if op.Change != record.Ended {
		if !s.mayRun() { // it hung when its session was killed
			return
		}
		w.Open = append(w.Open, c)
		slices.SortStableFunc(w.Open, func(a, b *Call) int { return a.Op.Start.Compare(b.Op.Start) })
		return
	}
	w.price(c)
	w.end(c)
}

// price asks for what the definitions in a list or a handshake cost. That stands in the digest alone, which is written a moment after
// what tells of the operation: until the digest has come so far, each operation that ends asks again.
func (w *World) price(c *Call) {
	s := c.Session
	if m := c.Op.Method; m == semconv.Initialize || m == semconv.Discover || semconv.Paged(m) {
		s.unpriced = &c.Op
	}
	if want := (Want{WantOperations, s.Name}); s.streamed && s.unpriced != nil && !slices.Contains(w.wants, want) {
		w.Forget(want)
		w.Want(want.Kind, want.Session)
	}
}

// end counts an operation that has ended, unless it is in the figures already.
func (w *World) end(c *Call) {
	s := c.Session
	if !s.counted.add(c.Op.Number) {
		return
	}
	w.keep(c)
	if !s.streamed { // its figures are those of its digest
		return
	}
	s.Strip.Mark(&c.Op)
	s.add(&c.Op)
	w.Tally.Add(&s.Session, &c.Op)
	if c.Op.IsCall() {
		s.remember(&c.Op)
	}
}

// add counts an operation that has ended.
func (s *Session) add(op *record.Operation) {
	s.totals.Add(op)
	s.context.add(op)
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
func (w *World) keep(c *Call) {
	at, _ := slices.BinarySearchFunc(w.Ended, c.Op.End, func(c *Call, t time.Time) int { return c.Op.End.Compare(t) })
	w.Ended = slices.Insert(w.Ended, at, c)
	if len(w.Ended) > 2*mostEnded {
		w.Ended = append([]*Call(nil), w.Ended[len(w.Ended)-mostEnded:]...)
	}
}

// Mark adds an operation to the strip.
func (s *Strip) Mark(op *record.Operation) {
	if failed := view.OutcomeOf(op).Failed(); failed || op.IsCall() {
		s.add(op.Start, failed)
	}
	if op.Hung {
		s.hang(op.Start, op.End)
	}
}

// remember keeps how the last calls of each tool went.
func (s *Session) remember(op *record.Operation) {
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
func (s *Session) mayRun() bool { return s.State == store.Live || s.State == store.Unknown }

// Began returns when a session was launched.
func (s *Session) Began() time.Time { return s.Launched }

// Until returns when a session ended or was last seen, and now while it lives.
func (s *Session) Until(now time.Time) time.Time {
	if last := s.LastSeen(); !last.IsZero() {
		return Later(last, s.Launched)
	}
	if s.State == store.Unknown && !s.Written.IsZero() {
		return s.Written
	}
	return now
}

// Title returns the server's name, safe to show.
func (s *Session) Title() string { return cmp.Or(view.Steady(s.ServerName()), "unnamed") }

// ClientTitle returns the client's name and version, safe to show.
func (s *Session) ClientTitle() string {
	return strings.TrimSpace(view.Steady(s.Client.Name) + " " + view.Steady(s.Client.Version))
}

// Began returns when the first session of a run was launched.
func (r *Run) Began() time.Time { return r.Sessions[0].Launched }

// Newest returns when the run's last session was launched, which is the order of runs in every listing.
func (r *Run) Newest() time.Time { return r.Sessions[len(r.Sessions)-1].Launched }

// ClientTitle returns the name and version of a run's client, safe to show, which its first session may not have learned.
func (r *Run) ClientTitle() string {
	for _, s := range r.Sessions {
		if title := s.ClientTitle(); title != "" {
			return title
		}
	}
	return "client unknown"
}

// Peer returns a run's client, which its first session may not have learned.
func (r *Run) Peer() record.Peer {
	for _, s := range r.Sessions {
		if s.Client.Name != "" {
			return s.Client
		}
	}
	return record.Peer{}
}

// ClientName returns the name of a run's client, safe to show.
func (r *Run) ClientName() string { return cmp.Or(view.Steady(r.Peer().Name), "client unknown") }

// Until returns when the last session of a run ended, or until when it is known to have lived.
func (r *Run) Until(now time.Time) time.Time {
	var last time.Time
	for _, s := range r.Sessions {
		if t := s.Until(now); t.After(last) {
			last = t
		}
	}
	return last
}

// Live reports whether a session of the run is live.
func (r *Run) Live() bool {
	return slices.ContainsFunc(r.Sessions, func(s *Session) bool { return s.State == store.Live })
}
