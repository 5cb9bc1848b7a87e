package serve

import (
	"io"
	"log"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
)

// Bounds on what a client that means harm can hold.
const (
	headerWithin = 5 * time.Second
	idleWithin   = time.Minute
	mostHeader   = 16 << 10
)

// newServer returns the HTTP server of a page.
func newServer(page *web.Server, c *Config) *http.Server {
	return &http.Server{
		Handler:                      page.Handler(),
		ReadHeaderTimeout:            headerWithin,
		IdleTimeout:                  idleWithin,
		MaxHeaderBytes:               mostHeader,
		DisableGeneralOptionsHandler: true,                       // the guard answers
		ErrorLog:                     log.New(io.Discard, "", 0), // of connections that others have broken
	}
}
