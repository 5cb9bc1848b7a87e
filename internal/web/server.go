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
	Zone      *time.Location
	Logger    *slog.Logger
	Hosts     []string // that requests may name: each with the port
}

// Server serves the page and its data. Its handler may be called by many goroutines.
type Server struct {
	config   Config
	keeper   *keeper
	runs     runLogs
	codes    *codes
	assets   map[string]*asset
	kept     figuresCache // of calls, see tools.go
	contexts contexts     // what sessions have brought into one, see context_read.go
	http     *http.Server
}

// New returns a server.
func New(c Config) (*Server, error) {
	assets, err := readAssets(Assets())
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, keeper: newKeeper(c), assets: assets}
	s.codes, s.http = newCodes(time.Now), s.newHTTP()
	return s, nil
}

func (s *Server) now() time.Time { return time.Now().In(s.config.Zone) }

// Handler returns what answers requests.
func (s *Server) Handler() http.Handler { return s.guard(s.routes()) }

// NewCode returns a code for the fragment of an address, #code=, with which a browser gets the token, once and within CodeAge.
// It calls spent when the code was used.
func (s *Server) NewCode(spent func()) string {
	s.keeper.expect()
	return s.codes.make(spent)
}

// Close ends the streams of events: the pages learn that the server ends.
func (s *Server) Close() {
	s.keeper.stream.end(s.stamp())
	s.keeper.close()
}
