package web

import (
	"iter"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// toneOf returns what a terminal's color stands for.
func toneOf(c view.Color) api.Tone {
	switch c {
	case view.Red:
		return api.Bad
	case view.Yellow:
		return api.Late
	case view.Blue:
		return api.Person
	case view.Cyan, view.Green:
		return api.Ok
	case view.Dim, view.Bold:
	}
	return api.Quiet
}

// outcomeOf returns an outcome as the page shows it. Of an operation that may have hung before it ended, see hungOnce.
func outcomeOf(o view.Outcome) api.Outcome {
	out := api.Outcome{Ending: string(o.Ending), Text: o.String(), Tone: toneOf(o.Color()), Failed: o.Failed()}
	switch o.Ending {
	case view.OK:
		if o.Tokens > 0 {
			out.Tone = api.Late
		}
	case view.Answered, view.Open, view.Over:
	case view.Cancelled:
		out.Tone, out.Trouble = api.Gone, true
	case view.Unanswered:
		out.Trouble = true
		if out.Tone == api.Quiet {
			out.Tone = api.Gone
		}
	case view.Hung, view.Failed, view.BadRequest, view.TimedOut:
		out.Trouble = true
	}
	return out
}

// outcomeOfCall returns how a call stands.
func outcomeOfCall(c *watch.Call) api.Outcome { return hungOnce(c.Outcome(), c.Op.Hung) }

// waitsForYou is what an open operation does while a person has to answer.
const waitsForYou = "waits for you"

// outcomeNow returns how a call stands among the operations of its session that are open.
func outcomeNow(c *watch.Call, open iter.Seq[*record.Operation]) api.Outcome {
	out := outcomeOfCall(c)
	if _, waits := waitsForPerson(c, open); waits {
		out.Text, out.Tone = waitsForYou, api.Person
	}
	return out
}

// waitsForPerson reports whether an operation is open and waits for a person, and the request that asks for it, if it is another
// one of those that are open in its session.
func waitsForPerson(c *watch.Call, open iter.Seq[*record.Operation]) (asks string, waits bool) {
	switch {
	case c.Op.Change == record.Ended || c.Session.State == store.Killed:
		return "", false
	case c.Op.Change == record.InputRequired:
		return "", true
	case c.Op.Direction == record.ToClient:
		return "", c.Op.Method == semconv.ElicitationCreate
	}
	for o := range open {
		if o.Parent == c.Op.Number && o.Direction == record.ToClient && o.Method == semconv.ElicitationCreate {
			return o.Method, true
		}
	}
	return "", false
}

// openIn yields the operations of a session that are open.
func openIn(w *watch.World, s *watch.Session) iter.Seq[*record.Operation] {
	return func(yield func(*record.Operation) bool) {
		for _, c := range w.Open {
			if c.Session == s && !yield(&c.Op) {
				return
			}
		}
	}
}

// hungOnce returns the outcome of an operation that may have hung. One that has needs a look, however it ended.
func hungOnce(o view.Outcome, hung bool) api.Outcome {
	out := outcomeOf(o)
	out.Trouble = out.Trouble || hung
	return out
}
