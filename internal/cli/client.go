package cli

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/spanpipe/spanpipe/internal/clientrun"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/past"
)

// storedSession is a session that this process writes to the store.
type storedSession struct {
	id string
	*store.Writer
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

// keyPatience is how long a session's start may wait for the key: a disk that hangs is not the session's concern.
const keyPatience = 250 * time.Millisecond

// keyOf returns the key for what identifies clients, or nil without an answer of the disk's in time. What a disk that hangs
// costs the store the store reports.
func keyOf(s *store.Store) ([]byte, error) {
	type result struct {
		key []byte
		err error
	}
	read := make(chan result, 1)
	go func() { // ends with the disk, or with the process
		key, err := s.Subkey("client")
		read <- result{key, err}
	}()
	select {
	case r := <-read:
		return r.key, r.err
	case <-time.After(keyPatience):
		return nil, nil
	}
}

// client identifies what has started this session, by hashes under a key of the store. Without the key it is not known.
func (a *app) client(logger *slog.Logger) (c telemetry.Client) {
	lookup := ownEnvironment(a.Environ)
	dir := a.stateDir()
	if dir == "" {
		return c // the store has a warning for that
	}
	key, err := keyOf(store.Open(dir))
	if err != nil {
		logger.Warn("the sessions of one client are not shown together", "error", err.Error())
	}
	if key == nil {
		return c
	}
	if p, ok := clientrun.Find(proctree.Ancestors(os.Getpid())); ok {
		c.Run = clientrun.Run(key, proctree.Boot(), p)
	}
	c.Session = clientrun.Session(key, lookup)
	return c
}

// remembers reports whether sessions are compared with earlier ones, and therefore remembered.
func (a *app) remembers() bool { return !a.options.anomalies.Off && !a.options.anomalies.Session }

// pastTime bounds the work of making what is remembered of a server from its stored sessions.
const pastTime = 10 * time.Second

// past returns what is remembered of a server's earlier sessions, or nil.
func (a *app) past(service string, logger *slog.Logger) *past.Past {
	dir := a.stateDir()
	if dir == "" {
		return nil // the store has a warning for that
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTime)
	defer cancel()
	p, err := store.Open(dir).Past(ctx, service)
	if err != nil && p != nil {
		logger.Warn(err.Error())
	} else if err != nil {
		logger.Debug("this session is not compared with earlier ones", "error", err.Error())
	}
	return p
}
