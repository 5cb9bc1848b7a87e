package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestStallOf: each verdict is a sentence with what shows it, about a call that hangs and about one that has ended.
func TestStallOf(t *testing.T) {
	watched := record.Evidence{Processes: 2, Over: 29 * time.Second}
	busy := watched
	busy.CPU = 28 * time.Second
	for _, test := range []struct {
		stall record.Stall
		seen  record.Evidence
		open  string
		ended string
	}{
		{record.ServerIdle, watched,
			"The server has read the request and does nothing. The fault is on the server's side: it used no CPU time in the " +
				"last 29.0s, wrote no part of an answer and asked the client for nothing.",
			"The server had read the request and did nothing. The fault is on the server's side: it used no CPU time in the " +
				"last 29.0s, wrote no part of an answer and asked the client for nothing."},
		{record.ServerBusy, busy,
			"The server is at work. The wait is on the server's side: it used 28.0s of CPU time in the last 29.0s.",
			"The server was at work. The wait is on the server's side: it used 28.0s of CPU time in the last 29.0s."},
		{record.ServerNotReading, record.Evidence{Unread: 182, Backlog: 2},
			"The server has not read the request. The fault is on the server's side: 182 B wait in its input, behind 2 earlier " +
				"requests that it has not read either.",
			"The server did not read the request. The fault is on the server's side: 182 B wait in its input, behind 2 earlier " +
				"requests that it has not read either."},
		{record.ClientNotReading, record.Evidence{Blocked: 30 * time.Second},
			"The client does not read what the server writes. The fault is on the client's side: nothing has got through to it for 30.0s.",
			"The client did not read what the server wrote. The fault is on the client's side: nothing has got through to it for 30.0s."},
		{record.AnswerIncomplete, record.Evidence{Partial: 4096, Quiet: 29 * time.Second},
			"The server has begun an answer and not ended it. The fault is on the server's side: 4.1 kB of it have come, the last of them " +
				"29.0s ago.",
			"The server had begun an answer and did not end it. The fault is on the server's side: 4.1 kB of it have come, the last of them " +
				"29.0s ago."},
		{record.ServerWaitingForClient, record.Evidence{Asked: "ping"},
			"The server has asked the client for something and waits for that. The fault is on the client's side: its request ping has not " +
				"been answered.",
			"The server waited for an answer of the client's. The fault is on the client's side: its request ping had not been answered."},
		{record.ServerStopped, record.Evidence{Processes: 3, Stopped: 1},
			"The server is stopped, by a signal or a debugger. The fault is on the server's side: 1 of its 3 processes cannot run.",
			"The server was stopped, by a signal or a debugger. The fault is on the server's side: 1 of its 3 processes could not run."},
		{record.WaitingForChild, record.Evidence{Processes: 3, Children: 1},
			"The server waits for a process that it has started. The wait is on the server's side: 1 of its 3 processes began after the " +
				"request and has not ended.",
			"The server waited for a process that it had started. The wait is on the server's side: 1 of its 3 processes began after the " +
				"request and had not ended."},
		{record.Starting, record.Evidence{Unread: 99},
			"The server is still starting, and has answered nothing so far. The wait is on the server's side: it has not read the request yet.",
			"The server was still starting, and had answered nothing. The wait is on the server's side: it has not read the request yet."},
		{record.BridgeRemote, record.Evidence{Bridge: "docker"},
			"The server runs elsewhere, behind docker, and has not answered. Why cannot be seen from here: docker has taken the request, and waits.",
			"The server ran elsewhere, behind docker, and did not answer. Why cannot be seen from here: docker has taken the request, and waits."},
		{record.ClientGaveUp, record.Evidence{},
			"Nothing shows that the server was at fault: the client stopped waiting.",
			"Nothing shows that the server was at fault: the client stopped waiting."},
		{record.UnknownStall, record.Evidence{}, "Where it is stuck cannot be seen.", "Where it was stuck could not be seen."},
		{"", record.Evidence{}, "", ""},
	} {
		op := record.Operation{Change: record.Hanging, Direction: record.ToServer}
		op.Prove(test.stall, test.seen)
		if got := view.StallOf(&op).String(); got != test.open {
			t.Errorf("%s, open:\n got %s\nwant %s", test.stall, got, test.open)
		}
		op.Change = record.Ended
		if got := view.StallOf(&op).String(); got != test.ended {
			t.Errorf("%s, ended:\n got %s\nwant %s", test.stall, got, test.ended)
		}
	}
}

// TestStallSeen: what is read later says when it was so, while that may have changed since.
func TestStallSeen(t *testing.T) {
	op := record.Operation{Change: record.Hanging, Direction: record.ToServer, Duration: 32 * time.Second, InputWait: 28 * time.Second}
	op.Prove(record.ServerStopped, record.Evidence{Processes: 1, Stopped: 1})
	for change, want := range map[record.Change]string{
		record.Hanging: "its only process cannot run (seen after 60.0s)", record.Ended: "its only process could not run",
	} {
		op.Change = change
		if got := view.StallSeen(&op).Proof; got != want {
			t.Errorf("%s:\n got %s\nwant %s", change, got, want)
		}
	}
	op.Prove(record.UnknownStall, record.Evidence{})
	op.Change = record.Hanging
	if got, want := view.StallSeen(&op), view.StallOf(&op); got != want {
		t.Errorf("nothing was seen:\n got %s\nwant %s", got, want)
	}
}

// TestStallOfEach: every verdict that telemetry documents has a sentence and a word, for a request of either side.
func TestStallOfEach(t *testing.T) {
	for _, w := range semconv.Stalls() {
		if w.Value == string(record.AnsweredLate) { // of a late answer, which has a sentence of its own
			continue
		}
		for _, dir := range []record.Direction{record.ToServer, record.ToClient} {
			op := record.Operation{Change: record.Hanging, Hung: true, Direction: dir}
			op.Prove(record.Stall(w.Value), record.Evidence{})
			if text := view.StallOf(&op).String(); !strings.HasSuffix(text, ".") {
				t.Errorf("%s %s: %q", dir, w.Value, text)
			}
			word := view.OutcomeOf(&op).String()
			if len(word) > len("hung: server not reading") || w.Value != string(record.UnknownStall) && word == "hung" {
				t.Errorf("%s %s: %q", dir, w.Value, word)
			}
		}
	}
}

// TestStallOutcome: a call that timed out, and one that hung until it was cancelled, say why if that is known; one that was
// cancelled before it hung does not.
func TestStallOutcome(t *testing.T) {
	for _, test := range []struct {
		errorType string
		stall     record.Stall
		hung      bool
		want      string
	}{
		{semconv.ErrTimeout, record.ServerIdle, false, "timed out: server idle"},
		{semconv.ErrTimeout, record.ClientGaveUp, false, "timed out"},
		{semconv.ErrTimeout, record.UnknownStall, true, "timed out"},
		{semconv.ErrCancelled, record.ServerIdle, false, "cancelled"},
		{semconv.ErrCancelled, record.ServerIdle, true, "cancelled: server idle"},
		{semconv.ErrCancelled, record.ClientGaveUp, true, "cancelled"},
	} {
		op := record.Operation{
			Change: record.Ended, Direction: record.ToServer, ErrorType: test.errorType, Stall: test.stall, Hung: test.hung,
		}
		if got := view.OutcomeOf(&op).String(); got != test.want {
			t.Errorf("%s, %s: %q, want %q", test.errorType, test.stall, got, test.want)
		}
	}
}
