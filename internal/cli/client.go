package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spanpipe/spanpipe/internal/account"
	"github.com/spanpipe/spanpipe/internal/clientrun"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/past"
)

// client identifies what has started this session, by hashes. Without the key it is not known.
func (a *app) client(key store.Key) (c telemetry.Client) {
	sub, err := key.Subkey("client")
	if key == nil || err != nil {
		return c
	}
	if p, ok := clientrun.Find(proctree.Ancestors(os.Getpid())); ok {
		c.Run = clientrun.Run(sub, proctree.Boot(), p)
	}
	c.Session = clientrun.Session(sub, ownEnvironment(a.Environ))
	return c
}

// user identifies the account that has started this session, by a hash. Without the key it is not known.
func (a *app) user(key store.Key, logger *slog.Logger) string {
	sub, err := key.Subkey("user")
	if key == nil || err != nil {
		return ""
	}
	id, err := inTime(func() (string, error) { return account.Pseudonym(sub) })
	if err != nil {
		logger.Warn("the account of this session is not known", "error", err.Error())
	}
	return id
}

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
	switch {
	case errors.Is(err, past.ErrLater):
		logger.Warn("this session is not compared with earlier ones", "error", err.Error())
	case err != nil && p != nil:
		logger.Warn(err.Error())
	case err != nil:
		logger.Debug("this session is not compared with earlier ones", "error", err.Error())
	}
	return p
}
