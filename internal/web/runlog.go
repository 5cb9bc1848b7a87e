package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Bounds of what is kept of runs. An operation takes some 250 bytes.
const (
	mostRuns     = 2
	mostRows     = 100_000 // of a session; the last are kept
	mostTroubles = 2000    // operations that did not go well, of a session
	mostNotes    = 5000    // of a session
)

// runLogs keeps what was read of the runs that were looked at last, so that a page of a long one does not read it again.
type runLogs struct {
	mu  sync.Mutex
	all []*runLog // the last first
}

// of returns what is kept of a run.
func (l *runLogs) of(id string) *runLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.all, func(r *runLog) bool { return r.id == id })
	if at < 0 {
		at, l.all = 0, slices.Insert(l.all, 0, &runLog{id: id, sessions: map[string]*sessionLog{}, outcomes: map[api.Outcome]*api.Outcome{}})
	}
	one := l.all[at]
	l.all = slices.Insert(slices.Delete(l.all, at, at+1), 0, one)
	l.all = l.all[:min(len(l.all), mostRuns)]
	return one
}

// runLog is what was read of a run.
type runLog struct {
	id       string
	mu       sync.Mutex
	sessions map[string]*sessionLog
	order    []*sessionLog // in the order of their starts
	outcomes map[api.Outcome]*api.Outcome
	sorted   []*row // of all that has ended
}

// sessionLog is what was read of a session.
type sessionLog struct {
	store.Session
	run      *runLog
	tail     *store.Tail // nil: its digest was read, once
	rows     []*row
	fresh    int    // rows that have not been sorted in
	dropped  int    // rows that were too many
	ended    int    // operations that have been read
	drawn    uint64 // notifications
	orphans  []*row // whose parents are not known
	asked    []asked
	late     map[string][]*timedOut // by id
	troubles []record.Operation     // the last ones
	troubled int                    // how many there were
	notes    []record.Note
	problem  string // why it could not be read
}

// asked is a request that a person had to decide about, until it is known whose time that is.
type asked struct {
	row  *row
	time view.Interval
}

// timedOut is an operation whose answer may still come.
type timedOut struct {
	row  *row
	op   record.Operation // what view.Late looks at
	o    view.Outcome
	hung bool
}

// read reads what is new in the sessions of a run. The caller holds the lock.
func (l *runLog) read(ctx context.Context, sessions []store.Session) error {
	l.order = l.order[:0]
	for i := range sessions {
		one := l.sessions[sessions[i].Name]
		if one == nil {
			one = &sessionLog{run: l, late: map[string][]*timedOut{}}
			l.sessions[sessions[i].Name] = one
		}
		one.Session = sessions[i]
		if err := one.read(ctx); err != nil {
			delete(l.sessions, sessions[i].Name)
			l.sorted = nil
			return err
		}
		l.order = append(l.order, one)
	}
	slices.SortFunc(l.order, func(a, b *sessionLog) int {
		return cmp.Or(a.Launched.Compare(b.Launched), strings.Compare(a.Name, b.Name))
	})
	l.sort()
	return nil
}

func (l *runLog) sort() {
	fresh, all := 0, 0
	for _, s := range l.order {
		fresh, all = fresh+s.fresh, all+len(s.rows)
	}
	if fresh == 0 && all == len(l.sorted) {
		return
	}
	l.sorted = slices.Grow(l.sorted[:0], all)
	for _, s := range l.order {
		l.sorted, s.fresh = append(l.sorted, s.rows...), 0
	}
	slices.SortFunc(l.sorted, (*row).compare)
}

// shared returns one copy of equal outcomes.
func (l *runLog) shared(o api.Outcome) *api.Outcome {
	one := l.outcomes[o]
	if one == nil {
		one = &o
		l.outcomes[o] = one
	}
	return one
}

// read reads what is new in a session: of one whose detail has been removed, its digest.
func (s *sessionLog) read(ctx context.Context) error {
	if s.tail == nil { // its detail may have been removed since it was listed
		s.Measure()
	}
	switch {
	case s.tail == nil && s.expired() && len(s.rows) > 0:
		return nil // its digest does not change any more
	case s.tail == nil && s.expired():
		return s.readDigest(ctx)
	case s.tail == nil:
		s.forget()
		s.tail = store.NewTail()
	}
	if err := s.tail.Read(ctx, &s.Session, s); err != nil {
		return err
	}
	s.settle()
	return nil
}

// expired reports whether all that is left of a session is its digest. Of one that may run, files are still to come.
func (s *sessionLog) expired() bool {
	return !s.Detail && (s.State == store.Ended || s.State == store.Killed)
}

// title returns the server's name, safe to show.
func (s *sessionLog) title() string { return (&watch.Session{Session: s.Session}).Title() }

// forget begins again.
func (s *sessionLog) forget() {
	*s = sessionLog{Session: s.Session, run: s.run, late: map[string][]*timedOut{}}
}

func (s *sessionLog) readDigest(ctx context.Context) error {
	s.forget()
	err := s.Digest(func(op *record.Operation) bool {
		if op.Answered && op.Wait > 0 && op.RoundTrips <= 1 {
			op.FirstByte = op.Start.Add(op.Wait)
		}
		s.Ended(op, store.Ref{})
		return ctx.Err() == nil
	})
	if err != nil {
		s.problem = view.Safe(err.Error())
	}
	s.settle()
	return ctx.Err()
}

// Ended implements store.Taker.
func (s *sessionLog) Ended(op *record.Operation, parent store.Ref) {
	if op.Number == 0 {
		n := record.Notification{Time: op.Start, Direction: op.Direction, Method: op.Method, Resource: op.Resource}
		if view.Drawn(n) {
			s.drawn++
			r := noteRow(s.Name, &n, s.drawn)
			r.outcome = s.run.shared(api.Outcome{Ending: string(view.OK), Tone: api.Quiet}) // it has none
			s.keep(r, parent)
		}
		return
	}
	s.ended++
	o := view.OutcomeOf(op)
	r := rowOf(s.Name, op, op.End)
	r.outcome = s.run.shared(hungOnce(o, op.Hung))
	alone := func(func(*record.Operation) bool) {}
	if persons := view.Persons(op, alone, func(*record.Operation) time.Time { return r.end }); len(persons) > 0 {
		r.rare().persons = persons
	}
	s.keep(r, parent)
	if semconv.AsksPerson(op.Method) {
		s.asked = lastOf(append(s.asked, asked{r, view.Interval{From: r.start, To: r.end}}), mostNotes)
	}
	if o.Ending == view.TimedOut && op.RequestID != "" {
		if len(s.late) >= mostNotes {
			clear(s.late) // most answers that are late come soon
		}
		s.late[op.RequestID] = append(s.late[op.RequestID], &timedOut{r, record.Operation{
			Direction: op.Direction, ErrorType: op.ErrorType, RequestID: op.RequestID, End: op.End,
		}, o, op.Hung})
	}
	if r.outcome.Trouble {
		s.troubled++
		s.troubles = lastOf(append(s.troubles, *op), mostTroubles)
		s.troubles[len(s.troubles)-1].Definitions = nil // a digest's next operation has the place
	}
}

// keep keeps a row.
func (s *sessionLog) keep(r *row, parent store.Ref) {
	if r.ref = parent; parent != (store.Ref{}) {
		s.orphans = append(s.orphans, r)
	}
	s.rows, s.fresh = append(s.rows, r), s.fresh+1
	if len(s.rows) > mostRows+mostRows/8 {
		n := len(s.rows) - mostRows
		s.rows, s.dropped = slices.Delete(s.rows, 0, n), s.dropped+n
		s.orphans = lastOf(s.orphans, mostRows)
	}
}

// lastOf returns the last of a list. It lets some more come together, so that it does not move them each time.
func lastOf[T any](all []T, most int) []T {
	if len(all) > most+most/8 {
		return slices.Delete(all, 0, len(all)-most)
	}
	return all
}

// Noted implements store.Taker.
func (s *sessionLog) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Notification, record.LogLine:
		return
	case record.Violation:
		if n.Kind == record.LateResponse {
			s.answered(n)
		}
	}
	s.notes = lastOf(append(s.notes, n), mostNotes)
}

// answered takes an answer that came late.
func (s *sessionLog) answered(v record.Violation) {
	id := strings.Trim(v.Sent, `"`)
	for _, t := range s.late[id] {
		late := view.Late(&t.op, []record.Note{v})
		if late == 0 || t.o.Late > 0 {
			continue
		}
		t.o.Late = late
		t.row.outcome = s.run.shared(hungOnce(t.o, t.hung))
		t.row.rare().answer = t.row.end.Add(late)
	}
}

// settle finds the parents that are known by now, and whose time a person's was.
func (s *sessionLog) settle() {
	if s.tail != nil {
		s.orphans = slices.DeleteFunc(s.orphans, func(r *row) bool {
			r.parent = s.tail.Number(r.ref)
			return r.parent > 0
		})
	}
	if len(s.asked) == 0 {
		return
	}
	byNumber := map[uint64]*row{}
	for _, a := range s.asked {
		byNumber[a.row.parent] = nil
	}
	for _, r := range s.rows {
		if _, is := byNumber[r.number]; is && r.flags&api.FlagNote == 0 {
			byNumber[r.number] = r
		}
	}
	s.asked = slices.DeleteFunc(s.asked, func(a asked) bool {
		parent := byNumber[a.row.parent]
		if parent == nil || parent == a.row {
			return a.row.ref == store.Ref{}
		}
		if parent.waited() {
			parent.rare().persons = append(parent.more.persons, a.time)
		}
		return true
	})
}

// waited reports whether a row's time is less than from its start to its end: a person was waited for.
func (r *row) waited() bool { return r.end.Sub(r.start)-r.took >= time.Second }

// stillOpen yields the operations that have not ended.
func (s *sessionLog) stillOpen(yield func(*record.Operation) bool) {
	if s.tail != nil {
		s.tail.Open(yield)
	}
}

// open returns the rows of what has not ended.
func (s *sessionLog) open(now time.Time) []*row {
	var all []*row
	persons := map[uint64][]view.Interval{}
	for _, a := range s.asked {
		persons[a.row.parent] = append(persons[a.row.parent], a.time)
	}
	for op := range s.stillOpen {
		c := s.call(op)
		all = append(all, rowOfCall(c, s.stillOpen, now))
		if semconv.AsksPerson(op.Method) {
			persons[op.Parent] = append(persons[op.Parent], view.Interval{From: op.Start, To: c.Ends(now)})
		}
	}
	for _, r := range all {
		if waits := persons[r.number]; len(waits) > 0 {
			r.rare().persons = append(r.more.persons, waits...)
		}
	}
	slices.SortFunc(all, (*row).compare)
	return all
}

// call returns an operation of the session as the page's other parts take it.
func (s *sessionLog) call(op *record.Operation) *watch.Call {
	return &watch.Call{Session: &watch.Session{Session: s.Session, Noted: s.notes}, Op: *op}
}

// leftOut returns how many operations are in no row.
func (s *sessionLog) leftOut() int {
	n := s.dropped
	if s.State == store.Ended {
		n += max(s.Totals.Operations-s.ended, 0)
	}
	return n
}

// records returns what remarks are made of.
func (s *sessionLog) records(now time.Time) *view.Records {
	w := &watch.Session{Session: s.Session}
	r := &view.Records{
		Session: s.Record(), Exit: s.ExitRecord(), Operations: slices.Clone(s.troubles), Notes: s.notes,
		State: view.State(s.State), Last: w.Until(now),
	}
	for op := range s.stillOpen {
		r.Operations = append(r.Operations, *op)
	}
	slices.SortFunc(r.Operations, func(a, b record.Operation) int { return cmp.Compare(a.Number, b.Number) })
	return r
}

// problems says what of the session cannot be shown.
func (s *sessionLog) problems() []string {
	var all []string
	say := func(format string, values ...any) {
		all = append(all, fmt.Sprintf(format, values...))
	}
	if s.Problem != "" {
		say("%s.", view.Steady(s.Problem))
	}
	if s.problem != "" {
		say("%s.", s.problem)
	}
	if s.tail == nil && s.Totals.Operations > 0 {
		say("its detail has been removed (SPANPIPE_KEEP); times and outcomes are all that is left of it.")
	}
	if s.tail != nil && s.tail.Damaged() > 0 {
		say("%s could not be read.", view.Plural(s.tail.Damaged(), "damaged line"))
	}
	if n := len(s.troubles); n < s.troubled {
		say("what is said of it is about the last %s of %s that did not go well.", view.Number(n), view.Plural(s.troubled, "operation"))
	}
	if n := s.leftOut(); n > 0 {
		say("%s left out.", view.Plural(n, "operation"))
	}
	return all
}
