package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Call is an operation of a session.
type Call struct {
	Session *Session
	Op      record.Operation
	Note    int // its place among the session's notes, counted from 1, if it is a notification; 0 else
}

// Outcome returns how the operation stands. Whether one that is open hangs is for its session to say: it knows what waits
// for a person, and what stays open by nature. One whose session was killed is left unanswered.
func (c *Call) Outcome() view.Outcome {
	if c.Note > 0 {
		return view.Outcome{Ending: view.OK}
	}
	o := view.OutcomeOf(&c.Op)
	if c.Session != nil && c.Session.State == store.Killed {
		o = view.Left(&c.Op)
	}
	if o.Ending == view.TimedOut && c.Session != nil {
		o.Late = view.Late(&c.Op, c.Session.Noted)
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

// Subject returns what a filter looks at.
func (c *Call) Subject(o view.Outcome, now time.Time) *Subject {
	words := statusOf(&c.Op, o)
	if c.Note > 0 {
		words = nil // it has no outcome
	}
	return &Subject{
		Session: c.Session.Name, Servers: []string{c.Session.ServerName()}, Clients: []string{c.Session.Client.Name},
		Tools: []string{c.Op.Target, c.Op.Resource}, Methods: []string{c.Op.Method}, Words: words, Took: c.Took(now),
		Size: max(c.Op.RequestSize, c.Op.ResponseSize),
	}
}

// Took returns how long an operation took, or has been open.
func (c *Call) Took(now time.Time) time.Duration {
	if c.Op.Change == record.Ended {
		return c.Op.Duration
	}
	if c.Session != nil && c.Session.State != store.Live {
		now = c.Session.Until(now)
	}
	return max(now.Sub(c.Op.Start), 0)
}

// Name returns what a screen calls an operation: a call's tool, else its method.
func (c *Call) Name() string {
	switch {
	case c.Op.Target != "":
		return view.Steady(c.Op.Target)
	case c.Op.Resource != "":
		return view.Steady(c.Op.Method + " " + c.Op.Resource)
	}
	return view.Steady(c.Op.Method)
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

// Children yields the operations that another one caused.
func (s *Session) Children(number uint64) func(func(*record.Operation) bool) {
	return func(yield func(*record.Operation) bool) {
		for _, c := range s.Operations {
			if c.Op.Parent == number && !yield(&c.Op) {
				return
			}
		}
	}
}

// Notifications returns the notifications of a session that have a place of their own, as calls that took no time.
func (s *Session) Notifications() []*Call {
	var all []*Call
	for i, note := range s.Noted {
		if n, ok := note.(record.Notification); ok && view.Drawn(n) {
			all = append(all, s.Notification(n, i+1))
		}
	}
	return all
}

// Notification returns a notification of a session, which has a place among its notes, as a call that took no time.
func (s *Session) Notification(n record.Notification, place int) *Call {
	return &Call{Session: s, Note: place, Op: record.Operation{
		Change: record.Ended, Method: n.Method, Direction: n.Direction, Parent: n.Operation, Resource: n.Resource,
		Start: n.Time, End: n.Time,
	}}
}

// ID names an operation among those of all sessions.
func (c *Call) ID() string { return fmt.Sprintf("%s/%d", c.Session.Name, c.Op.Number) }

// Ends returns when an operation ended, and now if it has not.
func (c *Call) Ends(now time.Time) time.Time {
	switch {
	case c.Op.Change == record.Ended:
		return Later(c.Op.End, c.Op.Start)
	case c.Session.State != store.Live:
		now = c.Session.Until(now)
	}
	return Later(now, c.Op.Start)
}
