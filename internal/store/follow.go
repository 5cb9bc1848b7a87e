package store

import (
	"context"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// EventKind is what happened in a session that is followed.
type EventKind string

// The kinds of events.
const (
	SessionStarted EventKind = "session_started" // or it was live already
	SessionChanged EventKind = "session_changed" // its peers are known now, or have changed
	SessionEnded   EventKind = "session_ended"   // its state says how
	SessionRemoved EventKind = "session_removed" // its files are gone
	OperationOpen  EventKind = "operation_open"  // an operation has been open for a second
	OperationHangs EventKind = "operation_hangs" // it has not been answered for long; again each time that has doubled
	OperationEnded EventKind = "operation_ended" // with or without an answer
	Noted          EventKind = "noted"           // a notification, violation, finding, blockage or line
)

// Event is something that happened in a session.
type Event struct {
	Kind    EventKind
	Time    time.Time // when it happened; of an operation that is open, its start
	Session *Session  // as it is by then, with the totals at the time when Follow began; must not be changed
	// Operation is that of OperationOpen, OperationHangs and OperationEnded. Its parent is known if that was open for a second.
	Operation *record.Operation
	Note      record.Note // of Noted
	Before    bool        // it happened before Follow was called
}

// Following is what Follow is to report.
type Following struct {
	// Filter chooses sessions and operations. Operations that hang or are open do not fail, and are reported all the same.
	Filter Filter
	Last   int           // so many operations come first that had ended, hung or were answered late before
	Every  time.Duration // how often to look; 0: 4 times a second
	// Listing is called before the first report with the sessions that the filter chooses, as Select returns them. May be nil.
	Listing func([]Session)
	Removed bool // also report the removal of sessions that had ended; of these only the name is known
}

// followEvery is how often Follow looks, unless the caller knows better.
const followEvery = 250 * time.Millisecond

// Follow reports what happens in all sessions, also in those that start later, until the context is done or report returns
// an error, which it returns. The first call of report has the sessions that are live, what is open in them, and what Last
// asks for; it comes even if that is nothing. A later call has what happened since, and is made only if something has. Both
// are in the order of time.
//
// It reads what was appended to the files of live sessions, and writes nothing. A store that does not exist yet, that is
// pruned or replaced, and damaged lines do not end it.
func (s *Store) Follow(ctx context.Context, what Following, report func([]Event) error) error {
	f := &follower{store: s, what: what, known: map[string]bool{}}
	events, err := f.begin()
	if err != nil {
		return err
	}
	if err := report(events); err != nil {
		return err
	}
	every := what.Every
	if every <= 0 {
		every = followEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if events, err = f.look(now); err != nil {
				return err
			}
			if len(events) == 0 {
				continue
			}
			if err := report(events); err != nil {
				return err
			}
		}
	}
}

// follower follows a store.
type follower struct {
	store *Store
	what  Following
	known map[string]bool // names of directories that were seen
	live  []*followed
	looks int // until the directories are listed again
}

// begin finds the sessions that are live, and what came before.
func (f *follower) begin() ([]Event, error) {
	all, err := f.store.Sessions()
	if err != nil {
		return nil, err
	}
	if f.what.Listing != nil {
		f.what.Listing(f.what.Filter.choose(slices.Clone(all)))
	}
	var events []Event
	var began []*Session
	for i := range all {
		one := &all[i]
		f.known[one.Name] = true
		follows := one.State == Live || one.State == Unknown && time.Since(one.Written) < unknownFor
		if one.Problem != "" && (follows || one.isNew()) { // all it has is reported once its session.json is there
			f.live = append(f.live, newFollowed(one))
			continue
		}
		if follows {
			live := newFollowed(one)
			f.live = append(f.live, live)
			events = append(events, live.keep(f.what.Filter, live.begin())...)
		}
		began = append(began, one)
	}
	for _, e := range history(began, f.what.Filter, f.what.Last) {
		if !slices.ContainsFunc(events, e.sameHang) {
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return events, nil
}

// sameHang reports whether both events are one report of an operation that hangs: while it is open, it is also among the last
// that hung.
func (e *Event) sameHang(other Event) bool {
	return e.Kind == OperationHangs && other.Kind == OperationHangs && e.Time.Equal(other.Time) &&
		e.Session.Name == other.Session.Name && e.Operation.Number == other.Operation.Number
}

// unknownFor is how long a session is followed after its last write if files cannot be locked, so that it is not known
// whether its process lives.
const unknownFor = 24 * time.Hour

// look finds new sessions and reports what has happened in those that are live.
func (f *follower) look(now time.Time) ([]Event, error) {
	var all timeline
	gone, err := f.find(now)
	if err != nil {
		return nil, err
	}
	all.add(gone)
	f.live = slices.DeleteFunc(f.live, func(one *followed) bool {
		events, over := one.look(now)
		all.add(one.keep(f.what.Filter, events))
		return over
	})
	return all.events(), nil
}

// listEvery is at how many looks directories are listed. With thousands of sessions, that takes as long as to follow a
// hundred.
const listEvery = 4

// find finds new sessions, and those that are gone.
func (f *follower) find(now time.Time) (gone []Event, err error) {
	if f.looks--; f.looks > 0 {
		return nil, nil
	}
	f.looks = listEvery
	names, err := f.store.names()
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(names))
	for _, name := range names {
		if known[name] = true; !f.known[name] {
			f.live = append(f.live, newFollowed(f.store.session(name)))
		}
	}
	for name := range f.known {
		if f.what.Removed && !known[name] && !f.follows(name) {
			gone = append(gone, Event{Kind: SessionRemoved, Time: now, Session: f.store.session(name)})
		}
	}
	f.known = known
	return gone, nil
}

// follows reports whether a session is followed, which reports by itself that it is removed.
func (f *follower) follows(name string) bool {
	return slices.ContainsFunc(f.live, func(one *followed) bool { return one.found.Name == name })
}

// timeline merges the events of several sessions in the order of time. Those of one session keep their order, whatever the
// clock did.
type timeline []moment

type moment struct {
	at    time.Time
	event Event
}

func (t *timeline) add(events []Event) {
	var last time.Time
	for _, e := range events {
		if e.Time.After(last) {
			last = e.Time
		}
		*t = append(*t, moment{last, e})
	}
}

func (t timeline) events() []Event {
	slices.SortStableFunc(t, func(a, b moment) int { return a.at.Compare(b.at) })
	events := make([]Event, len(t))
	for i := range t {
		events[i] = t[i].event
	}
	return events
}
