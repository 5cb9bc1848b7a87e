package web

import (
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"time"
)

// ReadAssets reads files as if they were the page's.
func ReadAssets(files fs.FS) error {
	_, err := readAssets(files)
	return err
}

// SetCodeClock sets the clock of codes.
func (s *Server) SetCodeClock(now func() time.Time) { s.codes.now = now }

// Token returns the token, as a browser gets it for a code.
func (s *Server) Token() string { return s.codes.token }

// Guarded returns the handler of requests with one more route, for data.
func (s *Server) Guarded(pattern string, handle func(*http.Request) (any, error)) http.Handler {
	mux := s.routes()
	mux.Handle(pattern, reply(s.config.Logger, handle))
	return s.guard(mux)
}

// MostConns bounds the connections.
const MostConns = mostConns

// SetHeaderWithin sets how long a request's header may take.
func (s *Server) SetHeaderWithin(d time.Duration) { s.http.ReadHeaderTimeout = d }

// Requests are the patterns of all requests but for the page and its files.
func (s *Server) Requests() []string {
	return append(slices.Collect(maps.Keys(s.data())), "GET "+eventsPath)
}
