package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/spanpipe/spanpipe/consent"
)

// The admin page is for people who run a stdio server as a service: /metrics for Prometheus, /healthz for whether the
// server's process is alive, /readyz for whether it has answered a handshake.

// adminTimeout bounds a request for the page, so that a client that sends nothing holds nothing.
const adminTimeout = 10 * time.Second

// adminGrace bounds how long the end of a session waits for a request that is being answered. It is short because the wait
// comes off the time for the final flush, and a client that has connected and asks nothing looks the same.
const adminGrace = 100 * time.Millisecond

// admin serves the page.
type admin struct {
	listener net.Listener // removes the file of its unix socket when it is closed
	server   *http.Server // nil until it serves
}

// AdminAddress is where the page is served under the policy, or empty: the address that was asked for, or if only the sink
// prometheus was, the default of OpenTelemetry's Prometheus exporter, whose variables set it.
func AdminAddress(p consent.Policy, asked string, lookup func(string) (string, bool)) string {
	switch {
	case !p.MayListen():
		return ""
	case asked != "":
		return asked
	case !p.Has(consent.Prometheus):
		return ""
	}
	host, port := "localhost", "9464"
	if v, _ := lookup("OTEL_EXPORTER_PROMETHEUS_HOST"); v != "" {
		host = v
	}
	if v, _ := lookup("OTEL_EXPORTER_PROMETHEUS_PORT"); v != "" {
		port = v
	}
	return net.JoinHostPort(host, port)
}

// listen opens the page's address: host:port, with port 0 for any free one, or unix:PATH.
func listen(addr string) (*admin, error) {
	path, isUnix := strings.CutPrefix(addr, "unix:")
	if !isUnix && strings.HasPrefix(addr, "/") {
		path, isUnix = addr, true
	}
	if !isUnix {
		l, err := net.Listen("tcp", addr)
		return &admin{listener: l}, err
	}
	removeStale(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil { // for the user alone
		return nil, errors.Join(err, l.Close())
	}
	return &admin{listener: l}, nil
}

// removeStale removes a socket that nobody listens on any more: left behind by a process that was killed.
func removeStale(path string) {
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close() // it is in use; listening will say so
		return
	}
	_ = os.Remove(path) // if that fails, listening will say so
}

// serve starts to answer, until close.
func (a *admin) serve(registry *prometheus.Registry, t *Telemetry) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: adminTimeout}))
	mux.HandleFunc("GET /healthz", state(t.alive.Load, "the server is running", "the server has ended"))
	mux.HandleFunc("GET /readyz", state(t.ready.Load, "the handshake is done", "no handshake yet"))
	a.server = &http.Server{
		Handler: a.guarded(mux), ReadTimeout: adminTimeout, WriteTimeout: 2 * adminTimeout, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = a.server.Serve(a.listener) }() // ends with close
}

func state(good func() bool, yes, no string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if good() {
			fmt.Fprintln(w, yes)
			return
		}
		http.Error(w, no, http.StatusServiceUnavailable)
	}
}

// guarded refuses requests to a listener on loopback that do not name a loopback host: a web page that has had its own name
// resolved to this machine (DNS rebinding) could read the metrics otherwise.
func (a *admin) guarded(next http.Handler) http.Handler {
	tcp, ok := a.listener.Addr().(*net.TCPAddr)
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
			http.Error(w, "this page answers to localhost only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// close ends the page. The listener goes first: once it is closed nothing of ours touches the path of a unix socket, which
// the next session may have taken by then.
func (a *admin) close(ctx context.Context) {
	_ = a.listener.Close()
	if a.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminGrace)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		_ = a.server.Close() // whoever still reads is cut off
	}
}
