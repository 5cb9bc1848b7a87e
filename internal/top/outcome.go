package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// call is an operation of a session.
type call struct {
	session *session
	op      record.Operation
	note    int // its place among the session's notes, counted from 1, if it is a notification; 0 else
}

// outcome returns how the operation stands. Whether one that is open hangs is for its session to say: it knows what waits
// for a person, and what stays open by nature. One whose session was killed is left unanswered.
func (c *call) outcome() view.Outcome {
	if c.note > 0 {
		return view.Outcome{Ending: view.OK}
	}
	o := view.OutcomeOf(&c.op)
	if c.session != nil && c.session.State == store.Killed {
		o = view.Left(&c.op)
	}
	if o.Ending == view.TimedOut && c.session != nil {
		o.Late = view.Late(&c.op, c.session.notes)
	}
	return o
}

// statusOf returns the words of a filter that an operation is.
func statusOf(op *record.Operation, o view.Outcome) []string {
	words := []string{strings.ReplaceAll(string(o.Ending), "_", "-")}
	if o.Failed() {
		words = append(words, "failed")
	}
	if op.Hung {
		words = append(words, "hung")
	}
	if o.Ending == view.Hung {
		words = append(words, "open")
	}
	if o.Late > 0 {
		words = append(words, "late")
	}
	if o.Asked || o.Ending == view.Answered {
		words = append(words, "waited")
	}
	return words
}

// subject returns what a filter looks at.
func (c *call) subject(o view.Outcome, now time.Time) *subject {
	words := statusOf(&c.op, o)
	if c.note > 0 {
		words = nil // it has no outcome
	}
	return &subject{
		servers: []string{c.session.ServerName()}, clients: []string{c.session.Client.Name},
		tools: []string{c.op.Target, c.op.Resource}, methods: []string{c.op.Method}, words: words, took: c.took(now),
		size: max(c.op.RequestSize, c.op.ResponseSize),
	}
}

// took returns how long an operation took, or has been open.
func (c *call) took(now time.Time) time.Duration {
	if c.op.Change == record.Ended {
		return c.op.Duration
	}
	if c.session != nil && c.session.State != store.Live {
		now = c.session.until(now)
	}
	return max(now.Sub(c.op.Start), 0)
}

// name returns what a screen calls an operation: a call's tool, else its method.
func (c *call) name() string {
	switch {
	case c.op.Target != "":
		return view.Steady(c.op.Target)
	case c.op.Resource != "":
		return view.Steady(c.op.Method + " " + c.op.Resource)
	}
	return view.Steady(c.op.Method)
}

// spoken formats a duration for a sentence: 4 min 1 s, 12 s, 310 ms.
func spoken(d time.Duration) string {
	switch {
	case d < time.Second-500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute-500*time.Millisecond:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < time.Hour:
		d = d.Round(time.Second)
		return strings.TrimSuffix(fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second), " 0 s")
	}
	d = d.Round(time.Minute)
	return strings.TrimSuffix(fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute), " 0 min")
}

// children yields the operations that another one caused.
func (s *session) children(number uint64) func(func(*record.Operation) bool) {
	return func(yield func(*record.Operation) bool) {
		for _, c := range s.detail {
			if c.op.Parent == number && !yield(&c.op) {
				return
			}
		}
	}
}

// notifications returns the notifications of a session that have a place of their own, as calls that took no time.
func (s *session) notifications() []*call {
	var all []*call
	for i, note := range s.notes {
		if n, ok := note.(record.Notification); ok && view.Drawn(n) {
			all = append(all, &call{session: s, note: i + 1, op: record.Operation{
				Change: record.Ended, Method: n.Method, Direction: n.Direction, Parent: n.Operation, Resource: n.Resource,
				Start: n.Time, End: n.Time,
			}})
		}
	}
	return all
}

func (c *call) id() string { return fmt.Sprintf("%s/%d", c.session.Name, c.op.Number) }

// ends returns when an operation ended, and now if it has not.
func (c *call) ends(now time.Time) time.Time {
	switch {
	case c.op.Change == record.Ended:
		return later(c.op.End, c.op.Start)
	case c.session.State != store.Live:
		now = c.session.until(now)
	}
	return later(now, c.op.Start)
}
