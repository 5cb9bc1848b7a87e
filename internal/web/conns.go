package web

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds on what a client that means harm can hold. A browser has at most six connections; each of its tabs keeps one.
const (
	headerWithin = 5 * time.Second
	idleWithin   = time.Minute
	mostHeader   = 16 << 10
	mostConns    = 64
)

// Serve answers the requests that come to a listener, until Stop.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(&crowd{Listener: l}) }

// Stop ends Serve: pages learn of it, and requests have some time to end.
func (s *Server) Stop(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	s.Close()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // of what has not ended
	}
}

func (s *Server) newHTTP() *http.Server {
	return &http.Server{
		Handler:                      s.Handler(),
		ReadHeaderTimeout:            headerWithin,
		IdleTimeout:                  idleWithin,
		MaxHeaderBytes:               mostHeader,
		DisableGeneralOptionsHandler: true,                       // the guard answers
		ErrorLog:                     log.New(io.Discard, "", 0), // of connections that others have broken
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
}

type connKey struct{}

// trust remembers that a request had the token: its connection is a page's.
func trust(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.trusted.Store(true)
	}
}

// crowd bounds the connections of a listener. One more than that closes the oldest that has shown no token, so that another
// user of the machine, who can open as many as he likes, does not keep the page out.
type crowd struct {
	net.Listener

	mu    sync.Mutex
	conns []*conn // the oldest first
}

type conn struct {
	net.Conn
	crowd   *crowd
	trusted atomic.Bool
}

// Accept implements net.Listener.
func (c *crowd) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	one := &conn{Conn: accepted, crowd: c}
	c.mu.Lock()
	c.conns = append(c.conns, one)
	var surplus *conn
	if len(c.conns) > mostConns {
		i := slices.IndexFunc(c.conns, func(o *conn) bool { return !o.trusted.Load() }) // the new one at the latest
		surplus = c.conns[i]
		c.conns = slices.Delete(c.conns, i, i+1)
	}
	c.mu.Unlock()
	if surplus != nil {
		_ = surplus.Conn.Close() // nothing is owed to it
	}
	return one, nil
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.crowd.mu.Lock()
	if i := slices.Index(c.crowd.conns, c); i >= 0 {
		c.crowd.conns = slices.Delete(c.crowd.conns, i, i+1)
	}
	c.crowd.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets package http end a connection so that the client can read the reply before.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
