package web

import (
	"net/http"

	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// store returns what the page's frame shows.
func (s *Server) store(r *http.Request) (any, error) {
	c := &s.config
	out := &api.Store{
		Reply: s.stamp(), Program: c.Version, Dir: c.Dir, Limit: c.Store.Keep.Size, HangAfter: c.HangAfter.Seconds(),
		Since: c.Since, Content: c.Content, Sends: c.Sends,
	}
	s.keeper.during(r.Context(), func(w *watch.World) {
		out.Sessions, out.Hung, out.Problem = len(w.Sessions), w.HungNow(), s.keeper.problem
		for _, one := range w.Sessions {
			out.Size += one.Size
			if out.Oldest.IsZero() || one.Launched.Before(out.Oldest) {
				out.Oldest = one.Launched
			}
		}
	})
	return out, nil
}
