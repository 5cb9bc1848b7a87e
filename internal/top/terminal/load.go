package terminal

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
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
	// lookEvery is how often the store is looked at: a call is on the screen well within two seconds.
	lookEvery = 500 * time.Millisecond
	// batch is how many operations of a live session are passed on at once.
	batch = 2000
)

// follow passes on what the store holds and then what happens in it, until the context is done. A panic is passed to
// failed, since only the goroutine that owns the terminal can restore it.
func follow(ctx context.Context, c Config, send func([]watch.Event), failed func(any)) {
	defer func() {
		if r := recover(); r != nil {
			failed(fmt.Sprintf("%v\n%s", r, debug.Stack()))
		}
	}()
	first := true
	what := store.Following{Filter: c.Filter, Last: lastEnded, Every: lookEvery}
	err := c.Source.Follow(ctx, what, func(events []store.Event) error {
		var out []watch.Event
		if first {
			first = false
			all, err := c.Source.Select(c.Filter)
			if err != nil {
				return err
			}
			out = append(out, watch.Listing(all))
		}
		for i := range events {
			if e := event(&events[i]); e != nil {
				out = append(out, e)
			}
		}
		send(out)
		return ctx.Err()
	})
	if err != nil && ctx.Err() == nil {
		send([]watch.Event{watch.Trouble("the store cannot be read any more: " + err.Error())})
	}
}

// list keeps the numbers of sessions, so that other commands take them. A number whose session was removed stays free.
func list(source Source, names []string) {
	all := make([]store.Session, len(names))
	for i, name := range names {
		all[i].Name = cmp.Or(name, "-")
	}
	_ = source.List(all) // names work without a listing
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

// history reads the digest of a session that has ended.
func history(s *store.Session) watch.Event {
	h := watch.NewHistory(s)
	_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
		h.Add(op)
		return true
	})
	return h
}

// histories passes on what the digests of sessions that have ended tell, several at a time: to draw the screen after each
// of thousands would take longer than to read them.
func histories(all []store.Session, send func([]watch.Event)) {
	var read []watch.Event
	since := time.Now()
	for i := range all {
		read = append(read, history(&all[i]))
		if time.Since(since) >= lookEvery {
			send(read)
			read, since = nil, time.Now()
		}
	}
	send(read)
}

// operations passes on the operations of a live session that have ended.
func operations(s *store.Session, send func([]watch.Event)) {
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

// detail reads the records of a session.
func detail(s *store.Session) watch.Event {
	records, err := s.LoadPart(store.Range{Last: mostDetail})
	return watch.Detail{Session: s.Name, Records: records, Err: err}
}

// tally adds up the digests of sessions.
func tally(all []store.Session) watch.Event {
	t := watch.NewTally()
	for i := range all {
		s := &all[i]
		_ = s.Digest(func(op *record.Operation) bool { // what is damaged is left out
			t.Add(s, op)
			return true
		})
	}
	return t
}
