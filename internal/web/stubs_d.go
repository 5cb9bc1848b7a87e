package web

import (
	"context"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

var theStore *store.Store

func (k *keeper) listed(_ context.Context, since time.Time) ([]store.Session, error) {
	return theStore.Select(store.Filter{Since: since})
}

func (s *Server) stamp() api.Reply {
	theStore = s.config.Store
	return api.Reply{Version: api.Version, Now: s.now()}
}
