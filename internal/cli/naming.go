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

// serverNames is a sink that keeps the session's id and the names of its server, for log lines in JSON. Such lines of several
// servers are often stored together.
type serverNames struct {
	service func() string                  // looks for it once: files may have to be read, which the server's start does not wait for
	session atomic.Pointer[record.Session] // what is known of it; nil until there is one
}

// Opened does nothing.
func (s *serverNames) Opened(*record.Operation) {}

// Changed does nothing.
func (s *serverNames) Changed(*record.Operation) {}

// Noted takes the session's id and the server's name and version.
func (s *serverNames) Noted(n record.Note) {
	if n, ok := n.(record.Session); ok {
		s.session.Store(&n)
	}
}

// logSchema is the version of docs/logs.schema.json that lines of JSON follow.
const logSchema = 1

// attrs returns the version of the lines' schema, the service's name, and once they are known, the session's id and the server's
// name and version.
func (s *serverNames) attrs() []slog.Attr {
	session := s.session.Load()
	if session == nil {
		session = &record.Session{}
	}
	all := []slog.Attr{slog.Int("schema", logSchema)}
	for _, a := range []slog.Attr{
		slog.String("service.name", s.service()), slog.String(semconv.SessionID, session.ID),
		slog.String(semconv.ServerName, session.Server.Name), slog.String(semconv.ServerVersion, session.Server.Version),
	} {
		if a.Value.String() != "" {
			all = append(all, a)
		}
	}
	return all
}

// namingHandler adds these to each line. Log records of the session have some of them already.
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
