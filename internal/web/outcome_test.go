package web_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestOutcomes: every ending has its words, its tone, and counts as it does elsewhere.
func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		of   view.Outcome
		want api.Outcome
	}{
		{view.Outcome{Ending: view.OK}, api.Outcome{Text: "ok", Tone: api.Quiet}},
		{view.Outcome{Ending: view.OK, Asked: true}, api.Outcome{Text: "ok, waited for you", Tone: api.Person}},
		{view.Outcome{Ending: view.OK, Tokens: 29_800}, api.Outcome{Text: "ok, ≈29.8k tokens", Tone: api.Late}},
		{view.Outcome{Ending: view.Answered}, api.Outcome{Text: "answered", Tone: api.Person}},
		{view.Outcome{Ending: view.Open}, api.Outcome{Text: "open", Tone: api.Ok}},
		{view.Outcome{Ending: view.Hung, Detail: "server idle"}, api.Outcome{Text: "hung: server idle", Tone: api.Bad, Trouble: true}},
		{view.Outcome{Ending: view.Failed, Detail: "rate limited"},
			api.Outcome{Text: "failed: rate limited", Tone: api.Bad, Failed: true, Trouble: true}},
		{view.Outcome{Ending: view.BadRequest, Detail: "-32602"}, api.Outcome{Text: "bad request: -32602", Tone: api.Late, Trouble: true}},
		{view.Outcome{Ending: view.Cancelled}, api.Outcome{Text: "cancelled", Tone: api.Gone, Trouble: true}},
		{view.Outcome{Ending: view.TimedOut}, api.Outcome{Text: "timed out", Tone: api.Bad, Failed: true, Trouble: true}},
		{view.Outcome{Ending: view.TimedOut, Late: 3 * time.Second},
			api.Outcome{Text: "late by 3.00s", Tone: api.Late, Failed: true, Trouble: true}},
		{view.Outcome{Ending: view.Unanswered, Detail: "the client left"},
			api.Outcome{Text: "unanswered: the client left", Tone: api.Gone, Trouble: true}},
		{view.Outcome{Ending: view.Unanswered, Detail: "the server ended"},
			api.Outcome{Text: "unanswered: the server ended", Tone: api.Bad, Failed: true, Trouble: true}},
		{view.Outcome{Ending: view.Over}, api.Outcome{Text: "ended with the session", Tone: api.Quiet}},
	} {
		test.want.Ending = string(test.of.Ending)
		if got := web.OutcomeOf(test.of); got != test.want {
			t.Errorf("%+v: %+v, want %+v", test.of, got, test.want)
		}
	}
}

// TestHungOnceIsTrouble: a call that was answered after it had hung needs a look.
func TestHungOnceIsTrouble(t *testing.T) {
	c := &watch.Call{Op: record.Operation{
		Change: record.Ended, Direction: record.ToServer, Method: semconv.ToolsCall, Answered: true, Hung: true,
	}}
	if got := web.OutcomeOfCall(c); !got.Trouble || got.Failed || got.Ending != "ok" {
		t.Errorf("%+v", got)
	}
}
