package session

import (
	"math"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	// grace is how long a response waits for its request, which the goroutine of the other direction may not have read
	// yet.
	grace = time.Second
	// fetchTime is how long an operation whose task has ended stays open for its result, which need not be fetched.
	fetchTime = 30 * time.Second
	// expiry is how long an operation may be open: its response may have been damaged on the wire. Requests that stay
	// open by nature do not expire.
	expiry = 24 * time.Hour
)

// Advance declares that all messages up to the given time have been observed. What has waited too long is
// given up.
func (t *Tracker) Advance(now time.Duration) {
	t.expireEarly(now - grace)
	t.concludeSettled(now - fetchTime)
	// The list is in order of arrival, so the first operation that is too young ends the search. What must not expire
	// stays in place.
	for i := 0; i < len(t.open) && t.open[i].start+expiry <= now; {
		if t.open[i].canExpire() {
			t.expire(t.open[i], now)
		} else {
			i++
		}
	}
	t.reportOpen(now)
	t.reportHanging(now)
	t.watch(now)
	if !t.session.Ready && !t.session.Silent && now >= record.SilentAfter {
		t.session.Silent = true
		t.noteSession(record.SilentAfter)
	}
}

// Waiting reports whether time alone, without a message, may change something: Advance is not needed otherwise.
func (t *Tracker) Waiting() bool {
	return len(t.open) > t.lasting || t.shown < len(t.open) || len(t.early) > 0 || !t.session.Ready && !t.session.Silent
}

// reportOpen reports the operations that have been open for a moment, each once, so that they can be seen while they run.
func (t *Tracker) reportOpen(now time.Duration) {
	for t.shown < len(t.open) && now-t.open[t.shown].start >= record.OpenAfter {
		op := t.open[t.shown]
		op.shown = true
		t.shown++
		t.changed(op, record.StillOpen, now)
	}
}

// Fresh reports whether the latest operation has just begun, so that Advance is needed sooner than otherwise: within
// LookAfter.
func (t *Tracker) Fresh() bool {
	return len(t.open) > t.lasting && t.open[len(t.open)-1].watched == nil
}

// watch looks at the operations that have been open for a moment, and again while they stay open.
func (t *Tracker) watch(now time.Duration) {
	for _, op := range t.open {
		age := now - op.start
		if age < LookAfter {
			return // and so are those after it
		}
		if op.watched == nil || age >= op.watched.next {
			t.stalls.watch(op, t.open, t.session.Ready, now)
		}
	}
}

// reportHanging reports the operations that have been open for long, less the time in which they waited for a person.
func (t *Tracker) reportHanging(now time.Duration) {
	if t.cfg.HangAfter <= 0 {
		return
	}
	for _, op := range t.open {
		if now-op.start < t.cfg.HangAfter {
			return // and so are those after it
		}
		own := now - op.start - op.waited(now)
		if own >= max(op.hangAfter, t.cfg.HangAfter) && op.canHang() && !t.questions.holdBack(op) {
			op.hangAfter = 2 * own
			t.stalls.judge(op, t.open, t.session.Ready, record.UnknownStall)
			t.changed(op, record.Hanging, now)
		}
	}
}

// Close ends the session and every open operation. It completes exit with Time, Open and Lifetime and reports it last.
func (t *Tracker) Close(now time.Duration, exit record.Exit) {
	exit.Open = len(t.open)
	t.expireEarly(math.MaxInt64)
	t.concludeSettled(math.MaxInt64)
	for _, lasting := range []bool{false, true} {
		for _, op := range slices.Clone(t.open) {
			if op.lasting == lasting {
				t.endWithSession(op, now, exit.EndedBy)
			}
		}
	}
	exit.Time = t.cfg.Wall(now)
	exit.Lifetime = now
	if exit.Cause == record.NotStarted {
		exit.Lifetime = 0
	} else if !t.session.Started.IsZero() {
		exit.Lifetime -= t.session.Started.Sub(t.session.Launched)
	}
	t.sink.Noted(exit)
}

// endWithSession ends an operation because the session ends. That is an error unless it is how such an operation
// normally ends.
func (t *Tracker) endWithSession(op *operation, now time.Duration, by record.EndedBy) {
	switch {
	case op.state == onTask:
		// A task may outlive the session, so how it ends is unknown.
	case op.Method == semconv.SubscriptionsListen:
		// A subscription ends with the session at the latest.
	case by == record.ByServer && op.state == inFlight && op.dir == record.ToServer:
		op.ErrorType, op.Class = semconv.ErrServerExit, record.Unavailable
	case op.Method == semconv.Discover:
		// Servers of versions before 2026-07-28 need not answer a probe.
	default:
		op.ErrorType, op.Class = semconv.ErrAbandoned, record.Abandoned
	}
	t.finish(op, now)
}

// expireEarly gives up the responses read at the limit or before whose request has not come.
func (t *Tracker) expireEarly(limit time.Duration) {
	for m := t.early.expired(limit); m != nil; m = t.early.expired(limit) {
		t.strayed(record.OrphanResponse, m.Reason, m, nil)
	}
}
