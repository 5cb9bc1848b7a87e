package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Run is one start of a client with the sessions of its servers. A session whose client process is not known has a run of
// its own.
type Run struct {
	ID       string      // spanpipe.client.run; empty if it is not known
	Client   record.Peer // as the newest session that names it has it
	Started  time.Time   // of the first session
	Ended    time.Time   // of the last one; zero while one may still run
	Sessions []Session   // in the order of their starts
}

// Group returns the runs of sessions, the one with the newest session first. The sessions must be sorted, the newest first.
func Group(sessions []Session) []Run {
	var runs []Run
	at := map[string]int{} // by id
	for _, s := range sessions {
		i, known := at[s.Run]
		if s.Run == "" || !known {
			i = len(runs)
			runs = append(runs, Run{ID: s.Run})
			at[s.Run] = i
		}
		runs[i].Sessions = append(runs[i].Sessions, s)
	}
	for i := range runs {
		runs[i].complete()
	}
	return runs
}

func (r *Run) complete() {
	open := false
	for i := range r.Sessions {
		s := &r.Sessions[i]
		r.Client.Name = cmp.Or(r.Client.Name, s.Client.Name)
		r.Client.Version = cmp.Or(r.Client.Version, s.Client.Version)
		r.Started = s.Launched
		if end := s.LastSeen(); end.IsZero() {
			open = true
		} else if end.After(r.Ended) {
			r.Ended = end
		}
	}
	if open {
		r.Ended = time.Time{}
	}
	slices.Reverse(r.Sessions)
}

// RunOf returns the sessions of the same run as one session, in the order of their starts: itself alone if that is not known.
func (s *Store) RunOf(one *Session) (Run, error) {
	sessions := []Session{*one}
	if one.Run != "" {
		all, err := s.Sessions()
		if err != nil {
			return Run{}, err
		}
		sessions = slices.DeleteFunc(all, func(other Session) bool { return other.Run != one.Run })
	}
	return Group(sessions)[0], nil
}

// Numbered returns sessions in the order in which a listing shows runs, which is that of their numbers.
func Numbered(runs []Run) []Session {
	var all []Session
	for _, r := range runs {
		all = append(all, r.Sessions...)
	}
	return all
}
