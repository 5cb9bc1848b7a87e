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
		r := &runs[i]
		r.Sessions, r.Started = append(r.Sessions, s), s.Launched
		r.Client.Name = cmp.Or(r.Client.Name, s.Client.Name)
		r.Client.Version = cmp.Or(r.Client.Version, s.Client.Version)
	}
	for i := range runs {
		slices.Reverse(runs[i].Sessions)
	}
	return runs
}

// Numbered returns sessions in the order in which a listing shows runs, which is that of their numbers.
func Numbered(runs []Run) []Session {
	var all []Session
	for _, r := range runs {
		all = append(all, r.Sessions...)
	}
	return all
}
