// Package feed reads what a watch.World takes from a store: the listing, what happens in it, and what the world asks for.
//
// It owns which of the store's events matter to a view, and how much of a session is read at once. What it reads may be
// damaged: that is left out. It must not know who draws.
package feed

import (
	"context"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const (
	// lastEnded is how many operations that ended before are shown as those that ended last.
	lastEnded = 200
	// mostDetail is how many operations of a session are read: more than a person scrolls through.
	mostDetail = 5000
	// batch is how many operations of a live session are passed on at once.
	batch = 2000
)

// Source is where sessions come from. *store.Store implements it. Its method may be called at the same time as others.
type Source interface {
	Follow(ctx context.Context, what store.Following, report func([]store.Event) error) error
}

// Follow passes on what a store holds, which is the first event, and then what happens in it, until the context is done. It
// looks as often as it is asked to. The error is that of reading the store.
func Follow(ctx context.Context, from Source, filter store.Filter, every time.Duration, send func([]watch.Event)) error {
	var listing []watch.Event
	what := store.Following{Filter: filter, Last: lastEnded, Every: every, Removed: true, Listing: func(all []store.Session) {
		listing = []watch.Event{watch.Listing(all)}
	}}
	err := from.Follow(ctx, what, func(events []store.Event) error {
		out := listing
		listing = nil
		for i := range events {
			if e := event(&events[i]); e != nil {
				out = append(out, e)
			}
		}
		send(out)
		return ctx.Err()
	})
	if ctx.Err() == nil {
		return err
	}
	return nil // it was to end
}

// event converts what the store reports.
func event(e *store.Event) watch.Event {
	switch e.Kind {
	case store.SessionStarted, store.SessionChanged, store.SessionEnded:
		return watch.Changed(*e.Session)
	case store.SessionRemoved:
		return watch.Gone(e.Session.Name)
	case store.OperationOpen, store.OperationHangs, store.OperationEnded:
		return watch.Operation{Session: e.Session.Name, Record: *e.Operation, Before: e.Before}
	case store.Noted:
		switch e.Note.(type) {
		case record.Notification, record.Violation, record.Finding, record.DefinitionChange:
			return watch.Noted{Session: e.Session.Name, Note: e.Note}
		}
	}
	return nil
}

// History reads the digest of a session that has ended.
func History(s *store.Session) watch.Event {
	h := watch.NewHistory(s)
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		h.Add(op)
		return true
	})
	return h
}

// Histories passes on what the digests of sessions that have ended tell, several at a time: to draw a view after each of
// thousands would take longer than to read them. It ends when send returns false.
func Histories(all []store.Session, every time.Duration, send func([]watch.Event) bool) {
	var read []watch.Event
	since := time.Now()
	for i := range all {
		read = append(read, History(&all[i]))
		if time.Since(since) >= every {
			if !send(read) {
				return
			}
			read, since = nil, time.Now()
		}
	}
	send(read)
}

// Operations passes on the operations of a live session that have ended.
func Operations(s *store.Session, send func([]watch.Event)) {
	h := watch.History{Session: s.Name}
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		one := *op
		one.Definitions = slices.Clone(op.Definitions)
		h.Operations = append(h.Operations, one)
		if len(h.Operations) == batch {
			send([]watch.Event{h})
			h.Operations = nil
		}
		return true
	})
	send([]watch.Event{h})
}

// Warnings reads what stood out in a session, and which definitions have changed.
func Warnings(s *store.Session) (all []watch.Event) {
	for _, n := range s.Warnings() {
		all = append(all, watch.Noted{Session: s.Name, Note: n})
	}
	return all
}

// Detail reads the records of a session.
func Detail(s *store.Session) watch.Event {
	records, err := s.LoadPart(store.Range{Last: mostDetail})
	return watch.Detail{Session: s.Name, Records: records, Err: err}
}

// Tally adds up the digests of sessions, until the context is done.
func Tally(ctx context.Context, all []store.Session) watch.Event {
	t := watch.NewTally()
	for i := range all {
		if ctx.Err() != nil {
			break
		}
		s := &all[i]
		_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
			t.Add(s, op)
			return true
		})
	}
	return t
}
