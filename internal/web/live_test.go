package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestStations checks how far a request has come, as its record and its verdict have it.
func TestStations(t *testing.T) {
	start := time.Date(2026, 11, 26, 14, 32, 20, 200_000_000, time.UTC)
	now := start.Add(4*time.Minute + time.Second)
	hangs := func(stall record.Stall, e record.Evidence) record.Operation {
		op := record.Operation{Change: record.Hanging, Hung: true, Start: start, Direction: record.ToServer}
		op.Prove(stall, e)
		return op
	}
	asked := hangs(record.ClientNotReading, record.Evidence{})
	asked.Direction = record.ToClient
	over := hangs(record.ServerIdle, record.Evidence{})
	over.Change, over.ErrorType, over.Duration = record.Ended, semconv.ErrCancelled, 12*time.Second
	for _, test := range []struct {
		op   record.Operation
		want string
	}{
		{record.Operation{Change: record.Ended, Answered: true, Start: start, FirstByte: start.Add(10 * time.Millisecond), End: start.Add(12 * time.Millisecond)},
			"reached 14:32:20.2, reached , reached +10ms, reached +12ms, reached "},
		{record.Operation{Change: record.Ended, Answered: true, Start: start, Wait: 10 * time.Millisecond, End: start.Add(12 * time.Millisecond)}, // of a digest
			"reached 14:32:20.2, reached , reached +10ms, reached +12ms, reached "},
		{record.Operation{Change: record.StillOpen, Start: start}, "reached 14:32:20.2, unknown –, ahead –, ahead –, ahead –"},
		{hangs(record.ServerIdle, record.Evidence{}), "reached 14:32:20.2, reached , stuck 4m01s, none, ahead –, ahead –"},
		{hangs(record.ServerNotReading, record.Evidence{Unread: 9}), "reached 14:32:20.2, stuck 4m01s, not read, ahead –, ahead –, ahead –"},
		{hangs(record.Starting, record.Evidence{Unread: 9}), "reached 14:32:20.2, stuck 4m01s, not read, ahead –, ahead –, ahead –"},
		{hangs(record.Starting, record.Evidence{}), "reached 14:32:20.2, reached , stuck 4m01s, none, ahead –, ahead –"},
		{hangs(record.AnswerIncomplete, record.Evidence{Partial: 9}), "reached 14:32:20.2, reached , reached , stuck 4m01s, not whole, ahead –"},
		{hangs(record.ClientNotReading, record.Evidence{}), "reached 14:32:20.2, reached , reached , reached , stuck 4m01s, not taken"},
		{asked, "reached 14:32:20.2, stuck 4m01s, not read, ahead –, ahead –, ahead –"},
		{hangs("", record.Evidence{}), "reached 14:32:20.2, unknown –, stuck 4m01s, none, ahead –, ahead –"},
		{over, "reached 14:32:20.2, reached , stuck 12.0s, none, ahead –, ahead –"},
	} {
		session := &watch.Session{}
		session.State = store.Live
		var got []string
		for _, s := range web.StationsOf(&watch.Call{Session: session, Op: test.op}, now) {
			got = append(got, s.State+" "+s.Text)
		}
		if text := strings.Join(got, ", "); text != test.want {
			t.Errorf("%s %s: %q, want %q", test.op.Change, test.op.Stall, text, test.want)
		}
	}
}

// TestLive checks what the live view has of a session: what waits for a person, what is usual, what has ended and stood out.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	one := web.Begin(t, dir, "r", "tickets", now.Add(-2*time.Minute))
	for i := range 12 {
		call := one.Open(record.Operation{Target: "create_ticket", Start: now.Add(time.Duration(i-60) * time.Second)})
		one.Answer(call, 300*time.Millisecond)
	}
	large := one.Open(record.Operation{Target: "list_tickets", Start: now.Add(-20 * time.Second)})
	large.ResponseTokens = 29_800
	one.Answer(large, time.Second)
	one.Note(record.Finding{
		Time: now.Add(-10 * time.Second), Kind: record.Loop, Tool: "create_ticket", Seen: 12, Usual: 3, Unit: "{call}",
	})
	asks := one.Open(record.Operation{Target: "create_ticket", Start: now.Add(-8 * time.Second)})
	asks = one.Still(asks, false)
	form := one.Open(record.Operation{
		Direction: record.ToClient, Method: semconv.ElicitationCreate, Parent: asks.Number, Start: now.Add(-7 * time.Second),
	})
	one.Still(form, false)
	one.Still(one.Open(record.Operation{Target: "create_ticket", Start: now.Add(-5 * time.Second)}), false)
	one.Flush(t.Context())
	defer one.Killed()
	s := serving(t, dir)
	var live api.Live
	mcptest.Eventually(t, "what is usual is known", func() bool {
		live = get[api.Live](t, s, "live")
		return len(live.Open) == 3 && live.Open[2].Side != ""
	})
	var got []string
	for _, o := range live.Open {
		got = append(got, fmt.Sprintf("%s %v %s", o.Name, o.Waiting, o.Side))
	}
	want := "create_ticket true waits for you: elicitation/create, elicitation/create true waits for you, create_ticket false usual: p95 300ms"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	rows := get[api.Operations](t, s, "runs/r/operations")
	got = nil
	for i, number := range rows.Number {
		if rows.End[i] < 0 {
			got = append(got, fmt.Sprint(number, " ", rows.Outcomes[rows.Outcome[i]].Text))
		}
	}
	want = fmt.Sprintf("%d waits for you, %d waits for you, %d open", asks.Number, form.Number, form.Number+1)
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	whole := get[api.Operation](t, s, fmt.Sprintf("sessions/%s/operations/%d", live.Sessions[0].Name, asks.Number))
	if whole.Outcome.Tone != api.Person || !strings.HasPrefix(whole.Badge, "waits for you ") {
		t.Errorf("%+v", whole)
	}
	var stood []string
	for _, a := range live.StoodOut {
		stood = append(stood, a.Subject+" "+a.Text)
	}
	want = "tickets create_ticket the same call, 12 repeats without progress; the longest run before had 3.\n" +
		"tickets list_tickets returned ≈29.8k tokens (±10 %)."
	if text := strings.Join(stood, "\n"); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	if len(live.Ended) != 13 || live.Ended[0].Name != "list_tickets" || *live.Ended[0].Size != 400 {
		t.Errorf("%+v", live.Ended)
	}
	if len(live.Sessions) != 1 || live.Sessions[0].Client != "claude-code" || live.Sessions[0].Open != 3 || live.Sessions[0].Run != "r" {
		t.Errorf("%+v", live.Sessions)
	}
	if live := get[api.Live](t, s, "live?filter=list_tickets"); len(live.Ended) != 1 || len(live.Open) != 0 {
		t.Errorf("%+v", live)
	}
}
