package watch

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Apply takes an event.
func (w *World) Apply(e Event) {
	switch e := e.(type) {
	case Listing:
		w.Put(e, false)
		w.Number()
	case Changed:
		w.Put([]store.Session{store.Session(e)}, true)
		w.Number()
	case Gone:
		w.Drop(string(e))
	case Operation:
		w.Take(e.Session, &e.Record)
	case Noted:
		w.TakeNote(e)
	case History:
		w.TakeHistory(e)
	case Detail:
		w.TakeDetail(e)
	case *Tally:
		w.Tally.Merge(e)
		w.Tallied = true
	case Trouble: // its view shows it
	}
}

// TakeHistory takes the digest of a session.
func (w *World) TakeHistory(h History) {
	s := w.Sessions[h.Session]
	switch {
	case s == nil:
	case s.streamed:
		for i := range h.Operations {
			op := &h.Operations[i]
			s.context.add(op) // counted or not: an event about it has no cost
			if listed := s.unpriced; listed != nil && (op.Number == listed.Number || op.End.After(listed.End)) {
				s.unpriced = nil
			}
			w.end(&Call{Session: s, Op: *op})
		}
	case h.sum != nil:
		s.Strip = h.strip
		s.totals, s.hung, s.moved, s.summed = h.sum.totals, h.sum.hung, h.sum.moved, s.State != store.Ended
		s.context = h.sum.context
	}
}

// TakeDetail takes the records of a session. What has come meanwhile is newer.
func (w *World) TakeDetail(d Detail) {
	s := w.Sessions[d.Session]
	if s == nil || s.Operations == nil {
		return
	}
	s.Whole = true
	if d.Err != nil {
		return
	}
	for i := range d.Records.Operations {
		op := &d.Records.Operations[i]
		if c := s.Operations[op.Number]; c == nil || c.Op.Change != record.Ended {
			s.Operations[op.Number] = &Call{Session: s, Op: *op}
		}
	}
	s.Spans, s.LeftOut = d.Records.Spans, d.Records.Left
	var last time.Time
	notes := d.Records.Notes
	if len(notes) > 0 {
		last = store.TimeOf(notes[len(notes)-1])
	}
	s.Noted = append(notes, slices.DeleteFunc(s.Noted, func(n record.Note) bool { return !store.TimeOf(n).After(last) })...)
}

// mostNotes bounds what is kept of a session's notes while they come.
const mostNotes = 1000

// TakeNote keeps what was noted of a session, the newest last.
func (w *World) TakeNote(n Noted) {
	s := w.Sessions[n.Session]
	if s == nil || slices.ContainsFunc(s.Noted, func(o record.Note) bool { return sameWarning(n.Note, o) }) {
		return
	}
	if s.Noted = append(s.Noted, n.Note); len(s.Noted) > 2*mostNotes {
		s.Noted = slices.Clone(s.Noted[mostNotes:])
	}
}

// sameWarning reports whether two notes are one finding or one change of a definition, which may have been read twice.
func sameWarning(a, b record.Note) bool {
	switch a := a.(type) {
	case record.Finding:
		b, ok := b.(record.Finding)
		return ok && a.Time.Equal(b.Time) && a.Kind == b.Kind && a.Target() == b.Target()
	case record.DefinitionChange:
		b, ok := b.(record.DefinitionChange)
		return ok && a.Time.Equal(b.Time) && a.Kind == b.Kind && a.Name == b.Name
	}
	return false
}
