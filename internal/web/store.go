package web

import (
	"fmt"
	"net/http"

	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// store returns what the page's frame shows.
func (s *source) store(r *http.Request) (any, error) {
	c := &s.config
	out := &api.Store{
		Reply: s.stamp(), Dir: c.Dir, Limit: c.Store.Keep.Size, Since: c.Since, Sends: sendsNothing,
	}
	captured := 0
	s.keeper.during(r.Context(), func(w *watch.World) {
		out.Sessions, out.Hung, out.Problem = len(w.Sessions), w.HungNow(), s.keeper.problem
		for _, one := range w.Sessions {
			out.Size += one.Size
			if one.Content {
				captured++
			}
		}
	})
	switch captured {
	case 0:
		out.Content = "none"
	case 1:
		out.Content = "of 1 session"
	default:
		out.Content = fmt.Sprintf("of %d sessions", captured)
	}
	return out, nil
}

// sendsNothing is all that can be said of what leaves the machine: sessions were wrapped with settings of their own, and may
// have been sent, too.
const sendsNothing = "This page sends nothing."
