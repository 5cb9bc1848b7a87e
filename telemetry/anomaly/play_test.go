package anomaly_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// found is a finding with the call, counted from 1 in the order of beginnings, and the time at which it was made.
type found struct {
	call int
	at   time.Duration
	anomaly.Finding
}

// play tells a detector of operations as a tracker would: each beginning and each end at its time. An operation that begins
// when another ends comes after it.
func play(d *anomaly.Detector, ops []*session.Operation) []found {
	type event struct {
		at    time.Duration
		index int
		end   bool
	}
	var events []event
	calls := make([]int, len(ops))
	n := 0
	for i, op := range ops {
		events = append(events, event{op.Start, i, false}, event{op.End, i, true})
		if op.Method == semconv.ToolsCall {
			n++
			calls[i] = n
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.index - b.index
	})
	var all []found
	for _, e := range events {
		tell := d.Started
		if e.end {
			tell = d.Finished
		}
		for _, f := range tell(ops[e.index]) {
			all = append(all, found{calls[e.index], e.at, f})
		}
	}
	return all
}

// String writes a finding as the testdata has it.
func (f found) String() string {
	what := f.Tool
	if f.From != "" {
		what = f.From + " > " + f.Tool
	}
	if f.Side != "" {
		what += " " + string(f.Side)
	}
	return fmt.Sprintf("call %d at %s: %s %s: %.4g %s, usually %.4g",
		f.call, f.at.Round(time.Millisecond), f.Kind, what, f.Seen, f.Unit, f.Usual)
}

func lines(all []found) string {
	var b strings.Builder
	for _, f := range all {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// call is a call of a tool that succeeds.
func call(tool string, arguments uint64, start, duration time.Duration, size int64) *session.Operation {
	return &session.Operation{
		Dir: session.ToServer, Method: semconv.ToolsCall, Target: tool, Arguments: arguments,
		Start: start, FirstByte: start + duration, End: start + duration,
		RequestSize: 200, ResponseSize: size, Answered: true, RoundTrips: 1,
	}
}
