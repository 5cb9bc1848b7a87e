package anomaly_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// epoch is when the tests' sessions start.
var epoch = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

// found is a finding with the call, counted from 1 in the order of their starts, and the time at which it was made.
type found struct {
	call int
	at   time.Duration
	record.Finding
}

// play feeds a new detector as a tracker would: each operation's start and end at its time. An operation that starts
// when another ends comes after it.
func play(ops []*record.Operation) []found {
	var all []found
	calls := map[uint64]int{}
	n := 0
	for i, op := range ops {
		if op.Number == 0 {
			op.Number = uint64(i) + 1
		}
		if op.Method == semconv.ToolsCall {
			n++
			calls[op.Number] = n
		}
	}
	d := anomaly.New(func(f record.Finding) {
		all = append(all, found{calls[f.Operation], f.Time.Sub(epoch), f})
	})
	d.Noted(record.Session{Started: epoch})
	feed(d, ops)
	return all
}

// watcher is a detector or a comparison.
type watcher interface {
	Opened(op *record.Operation)
	Changed(op *record.Operation)
}

func feed(d watcher, ops []*record.Operation) {
	type event struct {
		at    time.Time
		index int
		end   bool
	}
	var events []event
	for i, op := range ops {
		events = append(events, event{op.Start, i, false}, event{op.End, i, true})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), a.index-b.index) })
	for _, e := range events {
		if e.end {
			end(d, ops[e.index])
		} else {
			start(d, ops[e.index])
		}
	}
}

// start reports an operation as it is when it has started, and end as it is at its end.
func start(d watcher, op *record.Operation) {
	opened := *op
	opened.Change, opened.End, opened.Duration = record.Opened, time.Time{}, 0
	opened.Answered, opened.ErrorType, opened.Code, opened.ResponseSize = false, "", "", 0
	d.Opened(&opened)
}

func end(d watcher, op *record.Operation) {
	ended := *op
	ended.Change = record.Ended
	d.Changed(&ended)
}

// String formats a finding as the testdata has it.
func (f found) String() string {
	what := f.Tool
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

// call is a call of a tool that succeeds, at a time of the session.
func call(tool string, arguments uint64, at, duration time.Duration, size int64) *record.Operation {
	op := &record.Operation{
		Direction: record.ToServer, Method: semconv.ToolsCall, Target: tool, ArgumentsOf: arguments,
		RequestSize: 200, ResponseSize: size, Answered: true, RoundTrips: 1,
	}
	place(op, at, duration)
	return op
}

// place sets an operation's times.
func place(op *record.Operation, at, duration time.Duration) {
	op.Start, op.Duration = epoch.Add(at), duration
	op.End = op.Start.Add(duration)
	op.FirstByte = op.End
}

// startOf and endOf return times of the session.
func startOf(op *record.Operation) time.Duration { return op.Start.Sub(epoch) }
func endOf(op *record.Operation) time.Duration   { return op.End.Sub(epoch) }
