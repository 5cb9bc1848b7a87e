package cli

import (
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
)

// openStore makes the store of a session.
func (a *app) openStore(s telemetry.StoreSession) (telemetry.Store, error) {
	dir := a.stateDir()
	if dir == "" {
		return nil, errNoHome
	}
	w := store.Create(store.Config{
		Dir: dir, Origin: &s.Origin, Keep: a.options.keep, Logger: s.Logger, Past: a.remembers(),
		Meta: store.Meta{
			ID: s.ID, Version: s.Version, Launched: s.Launched, Service: s.Service, Run: s.Client.Run, ClientSession: s.Client.Session,
		},
	})
	a.stored.Store(&storedSession{s.ID, w})
	return w, nil
}

// storedID returns what commands call the session of this process, if all of it was stored.
func (a *app) storedID() (string, bool) {
	s := a.stored.Load()
	if s == nil {
		return "", false
	}
	spans, _ := s.Lost()
	return s.id[:min(len(s.id), 8)], spans == 0
}

// remembers reports whether sessions are compared with earlier ones, and therefore remembered.
func (a *app) remembers() bool { return !a.options.anomalies.Off && !a.options.anomalies.Session }
