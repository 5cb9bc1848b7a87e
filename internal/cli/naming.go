package cli

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// serverNames is a sink that keeps the names of the session's server, for log lines in JSON. Such lines of several
// servers are often stored together.
type serverNames struct {
	service func() string               // looks for it once: files may have to be read, which the server's start does not wait for
	peer    atomic.Pointer[record.Peer] // what the server says of itself; nil until it has
}

// Opened does nothing.
func (s *serverNames) Opened(*record.Operation) {}

// Changed does nothing.
func (s *serverNames) Changed(*record.Operation) {}

// Noted takes the server's name and version.
func (s *serverNames) Noted(n record.Note) {
	if n, ok := n.(record.Session); ok && n.Server != (record.Peer{}) {
		s.peer.Store(&n.Server)
	}
}

// attrs returns the service's name and, once they are known, the server's name and version.
func (s *serverNames) attrs() []slog.Attr {
	peer := s.peer.Load()
	if peer == nil {
		peer = &record.Peer{}
	}
	var all []slog.Attr
	for _, a := range []slog.Attr{
		slog.String("service.name", s.service()),
		slog.String(semconv.ServerName, peer.Name), slog.String(semconv.ServerVersion, peer.Version),
	} {
		if a.Value.String() != "" {
			all = append(all, a)
		}
	}
	return all
}

// namingHandler adds the server's names to each line. Log records of the session have some of them already.
type namingHandler struct {
	slog.Handler
	named *serverNames
}

// Handle implements slog.Handler.
func (h namingHandler) Handle(ctx context.Context, r slog.Record) error {
	has := map[string]bool{}
	r.Attrs(func(a slog.Attr) bool { has[a.Key] = true; return true })
	r = r.Clone() // the caller keeps its own
	for _, a := range h.named.attrs() {
		if !has[a.Key] {
			r.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h namingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return namingHandler{h.Handler.WithAttrs(attrs), h.named}
}

// WithGroup implements slog.Handler.
func (h namingHandler) WithGroup(name string) slog.Handler {
	return namingHandler{h.Handler.WithGroup(name), h.named}
}

// peer returns what a client or a server calls itself, with its version.
func peer(p record.Peer) string {
	return strings.TrimSpace(view.Safe(p.Name) + " " + view.Safe(p.Version))
}
