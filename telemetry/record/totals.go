package record

import (
	"maps"
	"slices"
	"time"
)

// Totals is what the operations of a session add up to. The zero value is that of a session without any. It is not a
// record: sinks that report a session's end keep one.
type Totals struct {
	Operations int // that have ended, in both directions
	Calls      int // those that are calls, see Operation.IsCall

	Failed      int // operations, so that it is seen if the handshake fails; see Operation.Failed
	FailedCalls int // those of them that are calls
	Cancelled   int // operations that the requester cancelled
	Abandoned   int // operations that had not been answered when the session ended

	answered  int                   // calls
	durations map[time.Duration]int // how many of those took how long, see rounded
}

// Add counts an operation that has ended.
func (t *Totals) Add(op *Operation) {
	t.Operations++
	if op.IsCall() {
		t.call(op)
	}
	switch { // the words of error.type are those of the classes here
	case op.ErrorType == string(Cancelled):
		t.Cancelled++
	case op.ErrorType == string(Abandoned):
		t.Abandoned++
	case op.Failed():
		t.Failed++
	}
}

func (t *Totals) call(op *Operation) {
	t.Calls++
	if op.Failed() {
		t.FailedCalls++
	}
	if !op.Answered {
		return
	}
	if t.durations == nil {
		t.durations = map[time.Duration]int{}
	}
	t.answered++
	t.durations[rounded(op.Duration)]++
}

// Merge adds what another session's operations add up to.
func (t *Totals) Merge(o *Totals) {
	t.Operations, t.Calls, t.Failed = t.Operations+o.Operations, t.Calls+o.Calls, t.Failed+o.Failed
	t.FailedCalls += o.FailedCalls
	t.Cancelled, t.Abandoned = t.Cancelled+o.Cancelled, t.Abandoned+o.Abandoned
	if t.durations == nil && len(o.durations) > 0 {
		t.durations = make(map[time.Duration]int, len(o.durations))
	}
	t.answered += o.answered
	for d, n := range o.durations {
		t.durations[d] += n
	}
}

// Answered returns how many calls a response has ended.
func (t *Totals) Answered() int { return t.answered }

// P95 returns the duration that 95 of 100 answered calls did not exceed, and 0 if none was answered.
func (t *Totals) P95() time.Duration {
	left := Rank(t.answered, 95)
	for _, d := range slices.Sorted(maps.Keys(t.durations)) {
		if left -= t.durations[d]; left <= 0 {
			return d
		}
	}
	return 0
}

// rounded returns a duration with three digits, as many as a person is shown. There are 900 of them for each power of
// ten, so that a session of any length takes little memory.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}
