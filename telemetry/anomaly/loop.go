package anomaly

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	loopMembers  = 4                // calls that may take turns in one loop
	loopPatience = 25               // repeats at a model's pace that succeed
	loopSlow     = 30 * time.Second // mean interval from which on nothing is a loop
	loopPause    = time.Minute      // a pause that starts the count over
	loopSlack    = 4                // bytes by which answers alike may differ: the digits of their ids
	timerSpread  = 0.1              // coefficient of variation of intervals below which a timer makes them
	timerFastest = time.Second      // mean interval below which no timer is presumed
)

// loops counts repeats of calls for as long as there is nothing new.
type loops struct {
	members [loopMembers]repeat // the most recent first
	longest int                 // repeats in a run that raised no alarm
}

// repeat is a call that may be repeated.
type repeat struct {
	used      bool
	tool      string
	arguments uint64
	size      int64 // of the last answer
	failed    bool

	count       int // since there was something new
	first, last time.Duration
	squares     float64 // sum over the intervals, in s²
	next        int     // the count to report next, once one has been
}

// see takes a call that has ended. It returns the length of its run and the longest usual one if that is to be reported.
func (l *loops) see(op *session.Operation, failed bool, cfg Config) (seen, usual int, ok bool) {
	r, known := l.member(op)
	changed := known && (r.failed != failed || abs(r.size-op.ResponseSize) > loopSlack)
	if !known || changed || op.Start-r.last > loopPause {
		l.reset()
	}
	r.size, r.failed = op.ResponseSize, failed
	r.add(op.Start)
	limit := r.next
	if limit == 0 {
		limit = r.limit(cfg)
	}
	if limit == 0 || r.count < limit {
		return 0, 0, false
	}
	r.next = 2 * r.count
	return r.count, max(l.longest, 1), true
}

// member finds the call among the recent ones, or puts it in the place of the one that was longest ago.
func (l *loops) member(op *session.Operation) (r *repeat, known bool) {
	at := loopMembers - 1
	for i := range l.members {
		if m := &l.members[i]; m.used && m.arguments == op.Arguments && m.tool == op.Target {
			at, known = i, true
			break
		}
	}
	found := l.members[at]
	if !known {
		l.settle(&found)
		found = repeat{used: true, tool: op.Target, arguments: op.Arguments}
	}
	copy(l.members[1:at+1], l.members[:at])
	l.members[0] = found
	return &l.members[0], known
}

// reset starts every count over.
func (l *loops) reset() {
	for i := range l.members {
		l.settle(&l.members[i])
	}
}

// settle ends a run. One that raised no alarm was a usual one.
func (l *loops) settle(r *repeat) {
	if r.next == 0 {
		l.longest = max(l.longest, r.count)
	}
	r.count, r.squares, r.next = 0, 0, 0
}

func (r *repeat) add(start time.Duration) {
	r.count++
	if r.count == 1 {
		r.first = start
	} else {
		interval := (start - r.last).Seconds()
		r.squares += interval * interval
	}
	r.last = start
}

// limit is how many repeats make a loop at the pace of this run, or 0 if none do. The pace is known from the third on.
func (r *repeat) limit(cfg Config) int {
	if r.count < 3 {
		return 0
	}
	mean := (r.last - r.first).Seconds() / float64(r.count-1)
	switch {
	case mean >= loopSlow.Seconds() || mean >= timerFastest.Seconds() && r.regular(mean):
		return 0
	case mean < cfg.LoopInterval.Seconds() || r.failed:
		return cfg.LoopRepeats
	}
	return max(loopPatience, cfg.LoopRepeats)
}

// regular says whether the repeats come like the ticks of a timer.
func (r *repeat) regular(mean float64) bool {
	variance := r.squares/float64(r.count-1) - mean*mean
	return variance < timerSpread*timerSpread*mean*mean
}

func abs(n int64) int64 { return max(n, -n) }
