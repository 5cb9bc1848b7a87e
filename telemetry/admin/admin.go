// Package admin serves the pages of a session for people who run a stdio server as a service: /metrics for Prometheus,
// /healthz reports whether the server's process is running, /readyz whether it has answered a request, too.
//
// It also lists the pages' address where Prometheus finds it, and asks other sessions for their health.
//
// It promises that a client, whatever it sends or leaves unsent, delays the end of a session by no more than a tenth
// of a second, and that no web page can read the metrics through DNS rebinding.
//
// It must not import the rest of the telemetry: what it serves is passed in.
package admin

import (
	"cmp"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// timeout bounds a request, so that a client that sends nothing does not hold a connection forever.
	timeout = 10 * time.Second
	// grace bounds how long Close waits for a request that is being answered. The wait is taken from the time for the
	// final flush, and a client that is connected and asks nothing looks the same.
	grace = 100 * time.Millisecond
)

// Server serves the page at one address. Serve and Close must not be called at the same time.
type Server struct {
	listener net.Listener // removes the file of its unix socket when it is closed
	server   *http.Server // nil before Serve
	target   *target      // nil before Announce
}

// DefaultAddress returns the default address of OpenTelemetry's Prometheus exporter, which its variables can change
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#prometheus-exporter).
func DefaultAddress(lookup func(string) (string, bool)) string {
	host, _ := lookup("OTEL_EXPORTER_PROMETHEUS_HOST")
	port, _ := lookup("OTEL_EXPORTER_PROMETHEUS_PORT")
	return net.JoinHostPort(cmp.Or(host, "localhost"), cmp.Or(port, "9464"))
}

// Listen opens an address: host:port, with port 0 for any free one, or unix:PATH or an absolute path for a unix socket
// that only the user can open. Connections wait until Serve. The error is that of net.Listen; it names the address.
func Listen(addr string) (*Server, error) {
	path, isUnix := strings.CutPrefix(addr, "unix:")
	if !isUnix && !strings.HasPrefix(addr, "/") {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, err
		}
		return &Server{listener: l}, nil
	}
	removeStale(path)
	l, err := listenPrivately(path)
	if err != nil {
		return nil, err
	}
	return &Server{listener: l}, nil
}

// FreePort returns the address with which to try again after Listen has failed because another process has the port: any
// free port of the same host. It returns false if that was not the reason.
func FreePort(addr string, err error) (other string, ok bool) {
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil || strings.HasPrefix(addr, "unix:") || strings.HasPrefix(addr, "/") || !inUse(err) {
		return "", false
	}
	return net.JoinHostPort(host, "0"), true
}

// removeStale removes a socket that a killed process has left behind. Every failure shows when the path is listened on.
func removeStale(path string) {
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close() // another process is listening
		return
	}
	_ = os.Remove(path)
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve starts to answer requests, until Close. The function must be safe for concurrent use.
func (s *Server) Serve(registry *prometheus.Registry, health func() Health) {
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: timeout,
		EnableOpenMetrics: true, // Prometheus' text format has no exemplars
	})
	s.server = &http.Server{
		Handler: s.loopbackOnly(pages(metrics, health)), ReadTimeout: timeout, WriteTimeout: 2 * timeout,
		ErrorLog: log.New(io.Discard, "", 0), // it quotes what peers send
	}
	go func() { _ = s.server.Serve(s.listener) }() // ends at Close
}

// loopbackOnly rejects requests to a listener on loopback whose Host is not a loopback host. Otherwise a web page whose
// own name resolves to this machine (DNS rebinding) could read the metrics.
func (s *Server) loopbackOnly(next http.Handler) http.Handler {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this page is served for localhost only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Close ends the page, within a tenth of a second or the context's time, whichever is shorter. The listener is closed
// first: from then on the path of a unix socket, which the next session may use by now, is not touched any more.
func (s *Server) Close(ctx context.Context) {
	s.withdraw()
	_ = s.listener.Close()
	if s.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close() // cut off the clients that are still connected
	}
}
