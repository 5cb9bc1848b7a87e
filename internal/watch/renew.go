package watch

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// Renewed returns a world for sessions that are listed again, after a time in which their events were not taken. It keeps what
// is still true of the sessions that had ended and have not been removed: their numbers and the figures of their digests. All
// else is asked for again.
func (w *World) Renewed(now time.Time, listing Listing) *World {
	fresh := NewWorld(now, w.HangAfter)
	for i := range listing {
		old := w.Sessions[listing[i].Name]
		if old == nil {
			continue
		}
		s := &Session{Number: old.Number}
		if !old.streamed && old.State == store.Ended && old.Ended.Equal(listing[i].Ended) {
			s.Strip, s.totals, s.hung, s.moved, s.summed, s.context = old.Strip, old.totals, old.hung, old.moved, old.summed, old.context
		}
		fresh.kept[listing[i].Name] = s
	}
	fresh.Apply(listing)
	clear(fresh.kept)
	return fresh
}
