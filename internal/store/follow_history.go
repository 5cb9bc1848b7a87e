package store

import (
	"os"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// history returns what happened last in sessions: so many operations that ended, hung or were answered late, in
// the order of time.
func history(all []*Session, filter Filter, last int) []Event {
	if last <= 0 {
		return nil
	}
	sessions := make([]source, 0, len(all))
	for _, one := range all {
		if !filter.peers(one) || filter.Failed && one.final && one.Totals.Failed == 0 {
			continue
		}
		if until := one.lastWritten(); until.After(filter.Since) {
			sessions = append(sessions, source{one, until})
		}
	}
	slices.SortFunc(sessions, func(a, b source) int { return b.written.Compare(a.written) })
	var events []Event
	for _, from := range sessions {
		if len(events) == last && events[0].Time.After(from.written) {
			break // what it has is older
		}
		events = append(events, from.session.history(filter, last)...)
		slices.SortStableFunc(events, func(a, b Event) int { return a.Time.Compare(b.Time) })
		events = slices.Clone(events[max(len(events)-last, 0):]) // so that the others can be freed
	}
	return events
}

// lastWritten returns a time after which nothing happened in a session, the zero time if it has no spans. The time of the
// file is later than that of a session that was copied, or restored from a backup.
func (s *Session) lastWritten() time.Time {
	info, err := os.Lstat(s.file("traces.jsonl"))
	switch {
	case err != nil:
		return time.Time{}
	case s.final && s.Ended.Before(info.ModTime()):
		return s.Ended
	}
	return info.ModTime()
}

// source is a session in which nothing happened after some time.
type source struct {
	session *Session
	written time.Time
}

// history returns the last operations of a session that ended or hung, and the answers that came late.
func (s *Session) history(filter Filter, last int) []Event {
	part := Range{Last: last, Since: filter.Since}
	if filter.Failed { // they may be anywhere
		part.Last = 0
	}
	l, err := s.collect(part)
	if err != nil {
		return nil // its directory was removed meanwhile
	}
	l.assemble(part)
	var events []Event
	add := func(kind EventKind, at time.Time, op *record.Operation) {
		events = append(events, Event{Kind: kind, Time: at, Session: s, Operation: op, Before: true})
	}
	for i := range l.hangs { // before what ended at the same time, as when the server does
		if h := &l.hangs[i]; !h.op.Start.Before(filter.Since) {
			add(OperationHangs, h.at, &h.op)
		}
	}
	for i := range l.Operations {
		if op := &l.Operations[i]; op.Change == record.Ended && filter.Operation(op) {
			add(OperationEnded, op.End, op)
		}
	}
	for _, n := range l.Notes {
		if v, ok := n.(record.Violation); ok && v.Kind == record.LateResponse && !filter.Failed && !v.Time.Before(filter.Since) {
			events = append(events, Event{Kind: Noted, Time: v.Time, Session: s, Note: v, Before: true})
		}
	}
	return events
}
