package cli

import (
	"log/slog"
	"os"
	"runtime"

	"github.com/spanpipe/spanpipe/internal/clientrun"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
)

// client identifies what has started this session, by hashes under a key of the store. Without the key it is not known.
func (a *app) client(logger *slog.Logger) (c telemetry.Client) {
	lookup := ownEnvironment(a.Environ)
	dir := stateDir(a.options.dir, runtime.GOOS, lookup)
	if dir == "" {
		return c // the store has a warning for that
	}
	key, err := store.Open(dir).Subkey("client")
	if err != nil {
		logger.Warn("the sessions of one client are not shown together", "error", err.Error())
		return c
	}
	if p, ok := clientrun.Find(proctree.Ancestors(os.Getpid())); ok {
		c.Run = clientrun.Run(key, proctree.Boot(), p)
	}
	c.Session = clientrun.Session(key, lookup)
	return c
}
