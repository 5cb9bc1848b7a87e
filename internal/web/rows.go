package web

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// row is what the waterfall draws of an operation or a notification. A run has tens of thousands.
type row struct {
	session string
	number  uint64
	name    string
	flags   int
	parent  uint64
	ref     store.Ref // of the parent, until its number is known

	start, first, end time.Time // zero: none, or not known
	took              time.Duration
	outcome           *api.Outcome
	more              *rowMore
}

// rowMore is what few rows have.
type rowMore struct {
	persons []view.Interval
	events  []time.Time
	answer  time.Time
}

// rowOf returns the row of an operation that has ended, or until when it has been open.
func rowOf(session string, op *record.Operation, until time.Time) *row {
	c := watch.Call{Op: *op}
	r := &row{
		session: session, number: op.Number, name: c.Name(), parent: op.Parent, start: op.Start, took: op.Duration,
	}
	if op.Answered {
		r.first = op.FirstByte
	}
	if op.IsCall() {
		r.flags |= api.FlagCall
	}
	if op.Direction == record.ToClient {
		r.flags |= api.FlagToClient
	}
	if op.Change == record.Ended {
		r.end = watch.Later(op.End, op.Start)
	} else {
		r.took = max(until.Sub(op.Start)-op.InputWait, 0)
	}
	if len(op.Events) > 0 {
		r.rare().events = make([]time.Time, len(op.Events))
		for i := range op.Events {
			r.more.events[i] = op.Events[i].Time
		}
	}
	return r
}

// noteRow returns the row of a notification, with its place among those of its session; 0 if that is not known.
func noteRow(session string, n *record.Notification, place uint64) *row {
	c := watch.Call{Op: record.Operation{Method: n.Method, Resource: n.Resource}}
	r := &row{session: session, number: place, name: c.Name(), flags: api.FlagNote, parent: n.Operation, start: n.Time, end: n.Time}
	if n.Direction == record.ToClient {
		r.flags |= api.FlagToClient
	}
	return r
}

// rowOfCall returns the row of a call as it stands now, among those of its session that are open. Its outcome is not shared with
// others.
func rowOfCall(c *watch.Call, open iter.Seq[*record.Operation], now time.Time) *row {
	name := c.Session.Name
	if c.Note > 0 {
		r := noteRow(name, &record.Notification{
			Method: c.Op.Method, Resource: c.Op.Resource, Direction: c.Op.Direction, Operation: c.Op.Parent, Time: c.Op.Start,
		}, 0)
		r.outcome = &api.Outcome{Ending: string(view.OK), Tone: api.Quiet} // it has none
		return r
	}
	r, o := rowOf(name, &c.Op, c.Ends(now)), outcomeNow(c, open)
	r.outcome = &o
	if late := c.Outcome().Late; late > 0 {
		r.rare().answer = r.end.Add(late)
	}
	until := func(op *record.Operation) time.Time { return (&watch.Call{Session: c.Session, Op: *op}).Ends(now) }
	if persons := view.Persons(&c.Op, c.Session.Children(c.Op.Number), until); len(persons) > 0 {
		r.rare().persons = persons
	}
	if c.Op.Change != record.Ended && c.Session.State == store.Killed {
		r.end = c.Ends(now)
	}
	return r
}

func (r *row) rare() *rowMore {
	if r.more == nil {
		r.more = &rowMore{}
	}
	return r.more
}

// compare orders rows by their starts. What was read at once has one time.
func (r *row) compare(o *row) int {
	return cmp.Or(r.start.Compare(o.start), strings.Compare(r.session, o.session),
		cmp.Compare(o.flags&api.FlagNote, r.flags&api.FlagNote), cmp.Compare(r.number, o.number))
}

// cursor names the place behind a row.
func (r *row) cursor() string {
	return fmt.Sprintf("%d.%d.%d.%s", r.start.UnixNano(), r.flags&api.FlagNote, r.number, r.session)
}

// parseCursor returns a row that stands where a cursor points to.
func parseCursor(text string) (*row, error) {
	var r row
	var at int64
	if _, err := fmt.Sscanf(text, "%d.%d.%d.%s", &at, &r.flags, &r.number, &r.session); err != nil {
		return nil, wrong(fmt.Sprintf("after=%q does not name a row", view.Safe(text)), "leave it out to begin with the first page")
	}
	r.flags &= api.FlagNote
	r.start = time.Unix(0, at)
	return &r, nil
}

// table gives texts places.
type table struct {
	all []string
	at  map[string]int
}

func (t *table) place(text string) int {
	at, known := t.at[text]
	if !known {
		if t.at == nil {
			t.at = map[string]int{}
		}
		at = len(t.all)
		t.at[text], t.all = at, append(t.all, text)
	}
	return at
}

// columns turns rows into columns.
type columns struct {
	out             *api.Operations
	sessions, names table
	outcomes        map[api.Outcome]int
	now             time.Time
}

// newColumns returns columns for so many rows of a run, whose times count from a base.
func newColumns(run string, base, now time.Time, n int) *columns {
	return &columns{outcomes: map[api.Outcome]int{}, now: now, out: &api.Operations{
		Reply: api.NewReply(now), Run: run, Base: base, Outcomes: []api.Outcome{},
		Session: make([]int, 0, n), Number: make([]uint64, 0, n), Name: make([]int, 0, n), Flags: make([]int, 0, n),
		Parent: make([]uint64, 0, n), Start: make([]float64, 0, n), End: make([]float64, 0, n), First: make([]float64, 0, n),
		Took: make([]float64, 0, n), Outcome: make([]int, 0, n),
	}}
}

// rounded returns a number with six digits behind the point: more would double what is sent.
func rounded(n float64) float64 { return math.Round(n*1e6) / 1e6 }

func seconds(d time.Duration) float64 { return rounded(d.Seconds()) }

// at returns a time in seconds since the base, and -1 for none.
func (c *columns) at(t time.Time) float64 {
	if t.IsZero() {
		return -1
	}
	return seconds(t.Sub(c.out.Base))
}

func (c *columns) add(r *row) {
	out, at := c.out, len(c.out.Number)
	outcome, known := c.outcomes[*r.outcome]
	if !known {
		outcome = len(out.Outcomes)
		c.outcomes[*r.outcome], out.Outcomes = outcome, append(out.Outcomes, *r.outcome)
	}
	out.Session = append(out.Session, c.sessions.place(r.session))
	out.Number = append(out.Number, r.number)
	out.Name = append(out.Name, c.names.place(r.name))
	out.Flags = append(out.Flags, r.flags)
	out.Parent = append(out.Parent, r.parent)
	out.Start = append(out.Start, c.at(r.start))
	out.End = append(out.End, c.at(r.end))
	out.First = append(out.First, c.at(r.first))
	out.Took = append(out.Took, seconds(r.took))
	out.Outcome = append(out.Outcome, outcome)
	if r.more != nil {
		c.addMore(at, r.more)
	}
}

func (c *columns) addMore(at int, m *rowMore) {
	out := c.out
	if len(m.persons) > 0 {
		if out.Persons == nil {
			out.Persons = map[int][]float64{}
		}
		for _, p := range m.persons {
			out.Persons[at] = append(out.Persons[at], c.at(p.From), c.at(p.To))
		}
	}
	if len(m.events) > 0 {
		if out.Events == nil {
			out.Events = map[int][]float64{}
		}
		for _, e := range m.events {
			out.Events[at] = append(out.Events[at], c.at(e))
		}
	}
	if !m.answer.IsZero() {
		if out.Answer == nil {
			out.Answer = map[int]float64{}
		}
		out.Answer[at] = c.at(m.answer)
	}
}

// done returns the columns with their tables.
func (c *columns) done() *api.Operations {
	c.out.Sessions, c.out.Names = append([]string{}, c.sessions.all...), append([]string{}, c.names.all...)
	return c.out
}

// rowsOf returns calls of a run as they stand now, for an event. Times count from when the run began. A notification has no
// number then: only a run that is read whole knows its place.
func rowsOf(w *watch.World, run *watch.Run, calls []*watch.Call) *api.Operations {
	c := newColumns(run.Key, run.Began(), w.Now, len(calls))
	for _, call := range calls {
		c.add(rowOfCall(call, openIn(w, call.Session), w.Now))
	}
	return c.done()
}
