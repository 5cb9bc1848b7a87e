package web

import (
	"log/slog"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// Config describes a Server.
type Config struct {
	Store     *store.Store
	Dir       string        // of the store, as it is shown
	Since     string        // how far back the page looks at first, as store.ParseAge reads it
	HangAfter time.Duration // how long a call is open until it hangs
	Zone      *time.Location
	Logger    *slog.Logger
	Hosts     []string // that requests may name: each with the port
}
