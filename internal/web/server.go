package web

import (
	"net/http"
	"time"
)

// Server serves the page and its data. Its handler may be called by many goroutines.
type Server struct {
	*source
	runs     *runSource
	tools    *toolSource
	contexts *contextSource
	codes    *codes
	assets   map[string]*asset
	http     *http.Server
}

// New returns a server.
func New(c Config) (*Server, error) {
	assets, err := readAssets(Assets())
	if err != nil {
		return nil, err
	}
	from := &source{config: c, keeper: newKeeper(c)}
	s := &Server{
		source: from, runs: &runSource{source: from}, tools: &toolSource{source: from}, contexts: &contextSource{source: from},
		codes: newCodes(time.Now), assets: assets,
	}
	s.http = s.newHTTP()
	return s, nil
}

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
