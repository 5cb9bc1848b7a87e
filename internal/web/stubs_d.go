package web

import (
	"context"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

var theStore *store.Store

func (k *keeper) listed(_ context.Context, since time.Time) ([]store.Session, error) {
	return theStore.Select(store.Filter{Since: since})
}

func (s *Server) stamp() api.Reply { return api.Reply{Version: api.Version, Now: s.now()} }

func (s *Server) since(r *http.Request) (time.Time, error) {
	theStore = s.config.Store
	v := r.FormValue("since")
	if v == "" {
		v = "7d"
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, nil
	}
	d, err := store.ParseAge(v)
	return s.now().Add(-d), err
}

func filterOf(r *http.Request) (watch.Filter, error) { return watch.ParseFilter(r.FormValue("filter")) }
