package view_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestOutcome has each ending: its words at every length, its mark, its color, and whether it counts as failed.
func TestOutcome(t *testing.T) {
	for _, tt := range []struct {
		op                      record.Operation
		words, short, long, end string
		color                   view.Color
		failed                  bool
	}{
		{record.Operation{Answered: true}, "ok", "ok", "ok", "", view.Dim, false},
		{record.Operation{Answered: true, InputWait: 11 * time.Second},
			"ok, waited for you", "waited for you", "ok, waited for you", "", view.Blue, false},
		{record.Operation{Answered: true, InputWait: 3 * time.Millisecond}, "ok", "ok", "ok", "", view.Dim, false},
		{record.Operation{Method: semconv.ElicitationCreate, Answered: true}, "answered", "answered", "answered", "", view.Blue, false},
		{record.Operation{Answered: true, ErrorType: semconv.ErrTool, Class: record.RateLimited},
			"failed: rate limited", "rate limited", "failed: rate limited", "×", view.Red, true},
		{record.Operation{Answered: true, ErrorType: semconv.ErrTool, Class: record.ToolError},
			"failed: tool error", "tool error", "failed: tool error", "×", view.Red, true},
		{record.Operation{Answered: true, ErrorType: "-32603", Code: "-32603", Class: record.Internal},
			"failed: internal", "internal", "failed: internal (-32603)", "×", view.Red, true},
		{record.Operation{Answered: true, ErrorType: "-7", Code: "-7", Class: record.ToolError},
			"failed: -7", "-7", "failed: -7", "×", view.Red, true},
		{record.Operation{ErrorType: semconv.ErrTask}, "failed: task failed", "task failed", "failed: task failed", "×", view.Red, true},
		{record.Operation{Answered: true, Code: "-32602", Class: record.InvalidParams},
			"bad request: -32602", "bad request", "bad request: -32602", "×", view.Yellow, false},
		{record.Operation{ErrorType: semconv.ErrCancelled, Class: record.Cancelled},
			"cancelled", "cancelled", "cancelled", "┤", view.Dim, false},
		{record.Operation{ErrorType: semconv.ErrTimeout, Class: record.Timeout},
			"timed out", "timed out", "timed out", "┤", view.Red, true},
		{record.Operation{ErrorType: semconv.ErrServerExit},
			"unanswered: the server ended", "unanswered", "unanswered: the server ended", "╴", view.Red, true},
		{record.Operation{ErrorType: semconv.ErrAbandoned},
			"unanswered: the client left", "unanswered", "unanswered: the client left", "╴", view.Dim, false},
		{record.Operation{ErrorType: semconv.ErrExpired},
			"unanswered: given up", "unanswered", "unanswered: given up", "╴", view.Red, true},
		{record.Operation{Change: record.Opened}, "open", "open", "open", "▶", view.Cyan, false},
		{record.Operation{Change: record.Hanging, Hung: true}, "hung", "hung", "hung", "▶", view.Red, false},
		{record.Operation{Change: record.Hanging, Hung: true, Undelivered: true, Direction: record.ToServer},
			"hung: server not reading", "server not reading", "hung: server not reading", "▶", view.Red, false},
		{record.Operation{Change: record.Hanging, Undelivered: true, Direction: record.ToClient},
			"hung: client not reading", "client not reading", "hung: client not reading", "▶", view.Red, false},
		{record.Operation{}, "ended with the session", "ended with the session", "ended with the session", "╴", view.Dim, false},
		{record.Operation{Code: "\x1b[31m"}, `bad request: \u001b[31m`, "bad request", `bad request: \u001b[31m`, "×", view.Yellow, false},
	} {
		o := view.OutcomeOf(&tt.op)
		if o.String() != tt.words || o.Short() != tt.short || o.Long() != tt.long {
			t.Errorf("got %q, %q, %q, want %q", o, o.Short(), o.Long(), tt.words)
		}
		if o.Mark() != tt.end || o.Color() != tt.color || o.Failed() != tt.failed {
			t.Errorf("%s: got %q, color %s, failed %v", o, o.Mark(), o.Color(), o.Failed())
		}
	}
}

// TestLate: an answer that came after its requester had stopped waiting.
func TestLate(t *testing.T) {
	o := view.OutcomeOf(&record.Operation{ErrorType: semconv.ErrTimeout})
	o.Late = 3400 * time.Millisecond
	if o.String() != "late by 3.40s" || o.Color() != view.Yellow || !o.Failed() {
		t.Errorf("got %q, color %s", o, o.Color())
	}
}

// TestLeft: an operation of a killed session is open for ever.
func TestLeft(t *testing.T) {
	o := view.Left(&record.Operation{Change: record.Hanging, Hung: true})
	if o.String() != "unanswered: spanpipe was killed" || o.Failed() {
		t.Errorf("got %q", o)
	}
	if o := view.Left(&record.Operation{Change: record.Ended, Answered: true}); o.Ending != view.OK {
		t.Errorf("one that had ended is %q", o)
	}
}

// TestLateInKilled: that spanpipe was killed later does not change what has ended.
func TestLateInKilled(t *testing.T) {
	op := record.Operation{
		Change: record.Ended, Number: 1, RequestID: "1", Direction: record.ToServer, Start: start, End: after(time.Second),
		ErrorType: semconv.ErrTimeout,
	}
	late := record.Violation{Kind: record.LateResponse, Direction: record.ToClient, Time: after(3 * time.Second), Sent: "1"}
	r := view.Records{State: view.Killed, Operations: []record.Operation{op}, Notes: []record.Note{late}}
	if o := r.Outcome(&op); o.Late != 2*time.Second {
		t.Errorf("got %q", o)
	}
}
