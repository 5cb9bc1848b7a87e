package cli

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
)

// listing is the sessions that are listed.
type listing struct {
	now      time.Time
	since    time.Time
	older    string // the flag that lists older ones
	sessions []store.Session
	runs     []store.Run
	matched  int // sessions that the flags choose
}

// during returns when sessions were chosen from, as a part of a sentence; now has the time zone.
func during(since, now time.Time) string {
	return report.Window{Since: since, Until: now}.During(now.Location())
}

// lasted returns how long a session has lasted since spanpipe began; false if that is not known.
func lasted(s *store.Session, now time.Time) (time.Duration, bool) {
	end := s.LastSeen()
	if end.IsZero() {
		end = now
	}
	return max(end.Sub(s.Launched), 0), s.State != store.Unknown
}
