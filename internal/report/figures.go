package report

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// figures is what the calls of a group add up to.
type figures struct {
	Counts
	Sent, Received                int64
	RequestTokens, ResponseTokens int64

	durations []time.Duration // of calls that were answered or timed out
	results   []int64         // bytes of the responses of those that went well
	tokens    []int64         // the same in tokens, of those with any
	wrong     map[wrong]*Times
	stalls    map[record.Stall]int // of those that hung
	sessions  []int32              // in which they were, ascending within one collection
}

// Counts are calls by how they ended. Failed includes those that timed out, and those that the server left unanswered.
type Counts struct {
	Calls       int `json:"calls"`
	Failed      int `json:"failed"`
	TimedOut    int `json:"timed_out"`
	Cancelled   int `json:"cancelled"`
	BadRequests int `json:"bad_requests"`
	Unanswered  int `json:"unanswered"` // the session ended first
	Hung        int `json:"hung"`       // were reported as hanging, and those that still do
	HungNow     int `json:"hung_now"`
}

func (c *Counts) add(other *Counts) {
	c.Calls += other.Calls
	c.Failed += other.Failed
	c.TimedOut += other.TimedOut
	c.Cancelled += other.Cancelled
	c.BadRequests += other.BadRequests
	c.Unanswered += other.Unanswered
	c.Hung += other.Hung
	c.HungNow += other.HungNow
}

// rate returns the share of calls that failed.
func (c *Counts) rate() float64 { return float64(c.Failed) / float64(max(c.Calls, 1)) }

// wrong is what went wrong with a call.
type wrong struct {
	ending view.Ending
	word   string
	class  record.Class
	kind   string // error.type, or the code of a bad request
}

// Times is how often something happened.
type Times struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
}

func (t *Times) add(n int, last time.Time) { t.Count, t.Last = t.Count+n, latest(t.Last, last) }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// add adds a call that has ended.
func (f *figures) add(op *record.Operation) {
	f.Calls++
	f.Sent += op.RequestSize
	f.Received += op.ResponseSize
	f.RequestTokens += op.RequestTokens
	f.ResponseTokens += op.ResponseTokens
	if op.Hung {
		f.hung(op)
	}
	o := view.OutcomeOf(op)
	switch o.Ending {
	case view.OK:
		f.results = append(f.results, op.ResponseSize)
		if op.ResponseTokens > 0 {
			f.tokens = append(f.tokens, op.ResponseTokens)
		}
	case view.TimedOut:
		f.TimedOut++
	case view.Cancelled:
		f.Cancelled++
	case view.BadRequest:
		f.BadRequests++
	case view.Unanswered:
		f.Unanswered++
	}
	if op.Answered || o.Ending == view.TimedOut {
		f.durations = append(f.durations, op.Duration)
	}
	if o.Failed() {
		f.Failed++
	}
	if o.Failed() || o.Ending == view.BadRequest {
		f.went(op, o)
	}
}

// hung counts a call that hung, and why.
func (f *figures) hung(op *record.Operation) {
	f.Hung++
	if op.Stall == "" {
		return // stored by a version that gave no verdict
	}
	if f.stalls == nil {
		f.stalls = map[record.Stall]int{}
	}
	f.stalls[op.Stall]++
}

// went notes what went wrong.
func (f *figures) went(op *record.Operation, o view.Outcome) {
	w := wrong{ending: o.Ending, word: o.Detail, class: op.Class, kind: op.ErrorType}
	switch o.Ending {
	case view.TimedOut:
		w.word = "timed out"
	case view.BadRequest:
		w.word, w.kind = op.Code, op.Code
	}
	f.tally(w).add(1, op.Start)
}

func (f *figures) tally(w wrong) *Times {
	if f.wrong == nil {
		f.wrong = map[wrong]*Times{}
	}
	t := f.wrong[w]
	if t == nil {
		t = &Times{}
		f.wrong[w] = t
	}
	return t
}

// saw notes that calls were in a session.
func (f *figures) saw(session int32) {
	if n := len(f.sessions); n == 0 || f.sessions[n-1] != session {
		f.sessions = append(f.sessions, session)
	}
}

// merge adds other figures. It copies them, since several sums are made of one group.
func (f *figures) merge(other *figures) {
	f.Counts.add(&other.Counts)
	for stall, n := range other.stalls {
		if f.stalls == nil {
			f.stalls = map[record.Stall]int{}
		}
		f.stalls[stall] += n
	}
	f.Sent += other.Sent
	f.Received += other.Received
	f.RequestTokens += other.RequestTokens
	f.ResponseTokens += other.ResponseTokens
	f.durations = append(f.durations, other.durations...)
	f.results = append(f.results, other.results...)
	f.tokens = append(f.tokens, other.tokens...)
	f.sessions = append(f.sessions, other.sessions...)
	for w, t := range other.wrong {
		f.tally(w).add(t.Count, t.Last)
	}
}

// sum returns what groups add up to, ready for percentiles. It makes room at once: of a million calls, growing step by
// step would leave as much garbage again.
func sum(groups []*figures) *figures {
	f := &figures{}
	var durations, results int
	for _, g := range groups {
		durations, results = durations+len(g.durations), results+len(g.results)
	}
	f.durations, f.results = make([]time.Duration, 0, durations), make([]int64, 0, results)
	for _, g := range groups {
		f.merge(g)
	}
	slices.Sort(f.durations)
	slices.Sort(f.results)
	slices.Sort(f.tokens)
	slices.Sort(f.sessions)
	f.sessions = slices.Compact(f.sessions)
	return f
}

// percentile returns the smallest of sorted values that is not exceeded by so many of a hundred, and false if there is
// none.
func percentile[T any](sorted []T, p int) (value T, ok bool) {
	if len(sorted) == 0 {
		return value, false
	}
	return sorted[record.Rank(len(sorted), p)-1], true
}
