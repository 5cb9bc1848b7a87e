package otlptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// Signal is one of the three kinds of telemetry OTLP carries.
type Signal string

// The signals.
const (
	Traces  Signal = "traces"
	Metrics Signal = "metrics"
	Logs    Signal = "logs"
)

// Protocol is a transport of OTLP, spelled as OTEL_EXPORTER_OTLP_PROTOCOL spells it.
type Protocol string

// The protocols a Receiver speaks.
const (
	GRPC Protocol = "grpc"
	HTTP Protocol = "http/protobuf"
)

// Config says how a Receiver listens and how it behaves. The zero value is a healthy receiver on free ports.
type Config struct {
	// GRPCAddr and HTTPAddr are the addresses to listen on; empty means a free port of 127.0.0.1.
	GRPCAddr, HTTPAddr string
	// Conn is done to each connection before its first request is read; the zero value serves it.
	Conn ConnFault
	// TLS makes both listeners speak TLS with a certificate whose authority nobody knows but who reads
	// [Receiver.CAFile].
	TLS bool
	// ClientCert, together with TLS, makes the receiver demand the certificate of [Receiver.ClientCertFiles].
	ClientCert bool
}

// Receiver receives OTLP exports. Get one from Start.
type Receiver struct {
	grpcAddr, httpAddr string
	tls                *certificates // nil without TLS
	grpcServer         *grpc.Server
	httpServer         *http.Server
	conns              [2]*connTable // of the gRPC and the HTTP listener
	done               chan struct{} // closed by Stop: ends what a fault makes wait
	serving            sync.WaitGroup
	stop               sync.Once

	mu       sync.Mutex
	standing map[Signal]Fault
	script   map[Signal][]Fault
	requests []Request
	spans    []Span
	points   []Point
	records  []Record
	changed  chan struct{} // closed and replaced whenever something arrives
}

// Request is one export request as it arrived, whatever became of it.
type Request struct {
	Signal   Signal // empty for a request to an HTTP path that belongs to none
	Protocol Protocol
	// Header holds the HTTP headers or gRPC metadata. The keys of metadata are in lower case, those of HTTP canonical;
	// Get finds either.
	Header map[string][]string
	// Encoding is the compression the body came with ("gzip"), or empty.
	Encoding string
	// Body is the request's message, decompressed.
	Body []byte
	// At is when the whole request had been read.
	At time.Time
}

// Get returns the first value of a header or metadata key, or "".
func (r Request) Get(key string) string {
	for k, values := range r.Header {
		if http.CanonicalHeaderKey(k) == http.CanonicalHeaderKey(key) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// Start starts a receiver and stops it at the end of the test. It fails the test if it cannot listen.
func Start(t testing.TB, cfg Config) *Receiver {
	t.Helper()
	r := &Receiver{
		done:     make(chan struct{}),
		changed:  make(chan struct{}),
		standing: make(map[Signal]Fault),
		script:   make(map[Signal][]Fault),
	}
	var tlsConfig *tls.Config
	if cfg.TLS {
		r.tls = newCertificates(t)
		tlsConfig = r.tls.serverConfig(cfg.ClientCert)
	}
	grpcListener := r.listen(t, cfg.GRPCAddr, cfg.Conn, &r.conns[0])
	httpListener := r.listen(t, cfg.HTTPAddr, cfg.Conn, &r.conns[1])
	r.grpcAddr, r.httpAddr = grpcListener.Addr().String(), httpListener.Addr().String()

	r.grpcServer = newGRPCServer(r, tlsConfig)
	r.httpServer = newHTTPServer(r)
	if tlsConfig != nil {
		httpListener = tls.NewListener(httpListener, tlsConfig)
	}
	// Both end when Stop stops their servers, and Stop waits for them.
	r.serving.Go(func() { _ = r.grpcServer.Serve(grpcListener) })
	r.serving.Go(func() { _ = r.httpServer.Serve(httpListener) })
	t.Cleanup(r.Stop)
	return r
}

func (r *Receiver) listen(t testing.TB, addr string, fault ConnFault, table **connTable) net.Listener {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	inner, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		t.Fatalf("otlptest: listening: %v", err)
	}
	listener := newListener(inner, fault)
	*table = &listener.table
	return listener
}

// Stop closes the listeners and every connection and waits for the receiver's goroutines. What was received can still be
// looked at. Stopping twice is harmless.
func (r *Receiver) Stop() {
	r.stop.Do(func() {
		close(r.done)
		r.grpcServer.Stop()
		_ = r.httpServer.Close()
		for _, table := range r.conns {
			table.closeAll()
		}
		r.serving.Wait()
	})
}

// Addr returns the host and port on which the receiver speaks p, for a later Start on the same one.
func (r *Receiver) Addr(p Protocol) string {
	if p == HTTP {
		return r.httpAddr
	}
	return r.grpcAddr
}

// Endpoint returns the URL for OTEL_EXPORTER_OTLP_ENDPOINT with protocol p.
func (r *Receiver) Endpoint(p Protocol) string {
	scheme := "http://"
	if r.tls != nil {
		scheme = "https://"
	}
	return scheme + r.Addr(p)
}

// Env returns the variables that point an exporter at the receiver, as KEY=value. With TLS they do not name the
// authority's certificate: add OTEL_EXPORTER_OTLP_CERTIFICATE from CAFile where the exporter is to trust it.
func (r *Receiver) Env(p Protocol) []string {
	return []string{
		"OTEL_EXPORTER_OTLP_PROTOCOL=" + string(p),
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(p),
	}
}

// Requests returns every request that arrived, in order of arrival; with signals given, only those of one of them.
func (r *Receiver) Requests(signals ...Signal) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Request
	for _, request := range r.requests {
		if len(signals) == 0 || slices.Contains(signals, request.Signal) {
			out = append(out, request)
		}
	}
	return out
}

// Contains reports whether any request had canary in its message, a header or a metadata value, also those that a fault
// answered.
func (r *Receiver) Contains(canary []byte) bool {
	for _, request := range r.Requests() {
		if bytes.Contains(request.Body, canary) {
			return true
		}
		for key, values := range request.Header {
			for _, value := range append(values, key) {
				if bytes.Contains([]byte(value), canary) {
					return true
				}
			}
		}
	}
	return false
}

// arrived keeps a request and returns what to do to it.
func (r *Receiver) arrived(request Request) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	r.wakeLocked()
	if script := r.script[request.Signal]; len(script) > 0 {
		r.script[request.Signal] = script[1:]
		return script[0]
	}
	return r.standing[request.Signal]
}

// accepted adds a decoded request to what was received.
func (r *Receiver) accepted(data decoded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, data.spans...)
	r.points = append(r.points, data.points...)
	r.records = append(r.records, data.records...)
	r.wakeLocked()
}

func (r *Receiver) wakeLocked() {
	close(r.changed)
	r.changed = make(chan struct{})
}
