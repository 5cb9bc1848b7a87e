package web

import (
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
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

// hungOnce returns the outcome of an operation that may have hung. One that has needs a look, however it ended.
func hungOnce(o view.Outcome, hung bool) api.Outcome {
	out := outcomeOf(o)
	out.Trouble = out.Trouble || hung
	return out
}
