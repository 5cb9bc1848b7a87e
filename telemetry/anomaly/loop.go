package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	loopPeriods  = 4                // calls that may take turns in one loop
	loopRepeats  = 10               // repeats that make a loop, if a program makes them or all fail
	loopInterval = 2 * time.Second  // mean interval below which a program makes the calls
	loopPatience = 25               // successful repeats at a model's pace
	loopSlow     = 15 * time.Second // mean interval from which on nothing is a loop
	loopPause    = time.Minute      // a pause that restarts the count
	loopSlack    = 4                // bytes by which equal responses may differ: the digits of their ids
	timerSpread  = 0.1              // coefficient of variation of intervals below which a timer makes the calls
	timerFastest = time.Second      // mean interval below which no timer is assumed
)

// loops looks for calls that repeat what was called one, two, three or four calls before.
type loops struct {
	recent  [loopPeriods]outcome // the latest first
	periods [loopPeriods]run
	longest int // repeats in a run that was not reported
}

// outcome is a call and its response, as far as they are compared.
type outcome struct {
	tool      string
	arguments uint64 // number of the first operation with the same ones
	size      int64  // of the response
	failed    bool
	start     time.Time
}

// run is a series of calls each of which repeats the one a period before.
type run struct {
	calls int           // not counting the first period
	total time.Duration // of the intervals from each call to its repeat
	sum2  float64       // of their squares, in s²
	next  int           // the repeats to report next, once some have been reported
}

// add takes a call that has ended. If that is to be reported, it returns how often the call has been made in a run and
// how often is usual.
func (l *loops) add(op *record.Operation, failed bool) (seen, usual int, ok bool) {
	o := outcome{op.Target, op.ArgumentsOf, op.ResponseSize, failed, op.Start}
	for i := range l.periods {
		r := &l.periods[i]
		if before := &l.recent[i]; o.repeats(before) {
			r.add(o.start.Sub(before.start))
		} else {
			l.end(r, i+1)
		}
	}
	copy(l.recent[1:], l.recent[:])
	l.recent[0] = o
	for i := range l.periods {
		r := &l.periods[i]
		seen = r.repeats(i + 1)
		if seen < 3 {
			continue
		}
		// A longer period is either a multiple of this one, or will be seen when this one breaks.
		limit := r.next
		if limit == 0 {
			limit = r.limit(failed)
		}
		if limit == 0 || seen < limit {
			return 0, 0, false
		}
		r.next = 2 * seen
		return seen, max(l.longest, 1), true
	}
	return 0, 0, false
}

// repeats reports whether a call brought nothing new, compared with an earlier one.
func (o *outcome) repeats(before *outcome) bool {
	difference := o.size - before.size
	return !before.start.IsZero() && o.arguments == before.arguments && o.tool == before.tool &&
		o.failed == before.failed && max(difference, -difference) <= loopSlack &&
		o.start.Sub(before.start) <= loopPause
}

// end ends a run. One that was not reported counts as usual.
func (l *loops) end(r *run, period int) {
	if r.calls == 0 {
		return
	}
	if r.next == 0 {
		l.longest = max(l.longest, r.repeats(period))
	}
	*r = run{}
}

func (r *run) add(interval time.Duration) {
	r.calls++
	r.total += interval
	r.sum2 += interval.Seconds() * interval.Seconds()
}

// repeats returns how often the latest call has been made in the run, including the first time.
func (r *run) repeats(period int) int { return r.calls/period + 1 }

// limit returns how many repeats make a loop at the pace of this run, or 0 if none do.
func (r *run) limit(failed bool) int {
	mean := r.total.Seconds() / float64(r.calls)
	switch {
	case mean >= loopSlow.Seconds() || mean >= timerFastest.Seconds() && r.regular(mean):
		return 0
	case mean < loopInterval.Seconds() || failed:
		return loopRepeats
	}
	return loopPatience
}

// regular reports whether the repeats come like the ticks of a timer.
func (r *run) regular(mean float64) bool {
	variance := r.sum2/float64(r.calls) - mean*mean
	return variance < timerSpread*timerSpread*mean*mean
}
