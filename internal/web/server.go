package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// Config describes a Server.
type Config struct {
	Store     *store.Store
	Dir       string        // of the store, as it is shown
	Since     string        // how far back the page looks at first, as store.ParseAge reads it
	HangAfter time.Duration // how long a call is open until it hangs
	Version   string        // of the program
	Content   string        // what is captured, in words
	Sends     string        // what leaves the machine, in a sentence
	Zone      *time.Location
	Logger    *slog.Logger
}

// Server serves the page and its data. Its handler may be called by many goroutines.
type Server struct {
	config Config
	keeper *keeper
	kept   figuresCache // of calls, see tools.go
}

// New returns a server.
func New(c Config) *Server {
	return &Server{config: c, keeper: newKeeper(c)}
}

func (s *Server) now() time.Time { return time.Now().In(s.config.Zone) }

// Handler returns what answers requests.
func (s *Server) Handler() http.Handler { return s.routes() }
