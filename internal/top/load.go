package top

import (
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// history takes the digest of a session.
func (w *world) history(h History) {
	s := w.sessions[h.Session]
	switch {
	case s == nil:
	case s.streamed:
		for i := range h.Operations {
			w.end(&call{session: s, op: h.Operations[i]})
		}
	case h.sum != nil:
		s.strip = h.strip
		s.totals, s.hung, s.moved, s.summed = h.sum.totals, h.sum.hung, h.sum.moved, s.State != store.Ended
	}
}

// detail takes the records of a session. What has come meanwhile is newer.
func (w *world) detail(d Detail) {
	s := w.sessions[d.Session]
	if s == nil || s.detail == nil {
		return
	}
	s.whole = true
	if d.Err != nil {
		return
	}
	for i := range d.Records.Operations {
		op := &d.Records.Operations[i]
		if c := s.detail[op.Number]; c == nil || c.op.Change != record.Ended {
			s.detail[op.Number] = &call{session: s, op: *op}
		}
	}
	s.spans, s.left = d.Records.Spans, d.Records.Left
	var last time.Time
	notes := d.Records.Notes
	if len(notes) > 0 {
		last = store.TimeOf(notes[len(notes)-1])
	}
	s.notes = append(notes, slices.DeleteFunc(s.notes, func(n record.Note) bool { return !store.TimeOf(n).After(last) })...)
}

// mostNotes bounds what is kept of a session's notes while they come.
const mostNotes = 1000

// note keeps what was noted of a session, the newest last.
func (w *world) note(n Noted) {
	s := w.sessions[n.Session]
	if s == nil {
		return
	}
	if s.notes = append(s.notes, n.Note); len(s.notes) > 2*mostNotes {
		s.notes = slices.Clone(s.notes[mostNotes:])
	}
}
