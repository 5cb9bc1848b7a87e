package otlptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
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

// Config is how a Receiver listens and behaves. The zero value is a healthy receiver on free ports.
type Config struct {
	// GRPCAddr and HTTPAddr are the addresses to listen on; empty means a free port of 127.0.0.1.
	GRPCAddr, HTTPAddr string
	// Conn is the fault of each connection before its first request is read. The zero value serves it.
	Conn ConnFault
	// TLS makes both listeners speak TLS. Only clients that trust [Receiver.CAFile] accept the certificate.
	TLS bool
	// ClientCert, together with TLS, makes the receiver demand the certificate of [Receiver.ClientCertFiles].
	ClientCert bool
	// CertDir is where the certificates of TLS are written. Start sets it to a temporary directory of the test.
	CertDir string
	// CountOnly makes the receiver keep metrics and [Totals], and neither requests, spans nor log records: for a
	// benchmark, whose collector must not take time from what is measured nor grow with it.
	CountOnly bool
}

// Receiver receives OTLP exports. Start and Listen make one.
type Receiver struct {
	grpcAddr, httpAddr string
	countOnly          bool
	tls                *certificates // nil without TLS
	grpcServer         *grpc.Server
	httpServer         *http.Server
	conns              [2]*connTable // of the gRPC and the HTTP listener
	done               chan struct{} // closed by Stop; ends the exchanges that a fault delays
	serving            sync.WaitGroup
	stop               sync.Once

	mu       sync.Mutex // guards what follows
	standing map[Signal]Fault
	script   map[Signal][]Fault
	totals   Totals
	requests []Request
	spans    []Span
	points   []Point
	records  []Record
	changed  chan struct{} // closed and replaced whenever something arrives
}

// Request is one export request as it arrived, accepted or not.
type Request struct {
	Signal   Signal // empty for a request to an HTTP path that belongs to none
	Protocol Protocol
	// Header holds the HTTP headers or gRPC metadata. The keys of metadata are in lower case, those of HTTP canonical;
	// Get finds either.
	Header map[string][]string
	// Encoding is the compression the body came with ("gzip"), or empty.
	Encoding string
	// Wire is the size of the message as it came, compressed or not, without headers.
	Wire int
	// Body is the message, decompressed.
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
	if cfg.TLS && cfg.CertDir == "" {
		cfg.CertDir = t.TempDir()
	}
	r, err := Listen(cfg)
	if err != nil {
		t.Fatalf("otlptest: %v", err)
	}
	t.Cleanup(r.Stop)
	return r
}

// Listen starts a receiver outside of a test. The caller stops it.
func Listen(cfg Config) (*Receiver, error) {
	r := &Receiver{
		countOnly: cfg.CountOnly,
		done:      make(chan struct{}),
		changed:   make(chan struct{}),
		standing:  make(map[Signal]Fault),
		script:    make(map[Signal][]Fault),
		totals:    Totals{Requests: map[Signal]int64{}, Wire: map[Signal]int64{}, Raw: map[Signal]int64{}},
	}
	var tlsConfig *tls.Config
	if cfg.TLS {
		var err error
		if r.tls, err = newCertificates(cfg.CertDir); err != nil {
			return nil, fmt.Errorf("making certificates: %w", err)
		}
		tlsConfig = r.tls.serverConfig(cfg.ClientCert)
	}
	grpcListener, err := r.listen(cfg.GRPCAddr, cfg.Conn, &r.conns[0])
	if err != nil {
		return nil, err
	}
	httpListener, err := r.listen(cfg.HTTPAddr, cfg.Conn, &r.conns[1])
	if err != nil {
		_ = grpcListener.Close()
		return nil, err
	}
	r.grpcAddr, r.httpAddr = grpcListener.Addr().String(), httpListener.Addr().String()
	r.grpcServer = newGRPCServer(r, tlsConfig)
	r.httpServer = newHTTPServer(r)
	if tlsConfig != nil {
		httpListener = tls.NewListener(httpListener, tlsConfig)
	}
	// Both end when Stop stops their servers, and Stop waits for them.
	r.serving.Go(func() { _ = r.grpcServer.Serve(grpcListener) })
	r.serving.Go(func() { _ = r.httpServer.Serve(httpListener) })
	return r, nil
}

func (r *Receiver) listen(addr string, fault ConnFault, table **connTable) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	inner, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	listener := newListener(inner, fault)
	*table = &listener.table
	return listener, nil
}

// Stop closes the listeners and every connection, and waits for the receiver's goroutines. What was received stays
// available. Stopping twice is harmless.
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

// Addr returns the host and port on which the receiver speaks p, for a later Start on the same address.
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

// Contains reports whether any request, accepted or not, had canary in its message, a header or a metadata value.
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

// arrived keeps or counts a request, and returns its fault.
func (r *Receiver) arrived(request Request) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.totals.Requests[request.Signal]++
	r.totals.Wire[request.Signal] += int64(request.Wire)
	r.totals.Raw[request.Signal] += int64(len(request.Body))
	if !r.countOnly {
		r.requests = append(r.requests, request)
	}
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
	r.totals.Spans += data.spanCount
	r.totals.Calls += data.callCount
	r.spans = append(r.spans, data.spans...)
	r.points = append(r.points, data.points...)
	r.records = append(r.records, data.records...)
	r.wakeLocked()
}

func (r *Receiver) wakeLocked() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Totals are the sums over everything a receiver has received.
type Totals struct {
	Requests map[Signal]int64 // accepted or not
	Wire     map[Signal]int64 // bytes of the messages as they came, compressed or not
	Raw      map[Signal]int64 // bytes of the messages, decompressed
	Spans    int64            // accepted spans
	Calls    int64            // those of kind server
}

// Totals returns the sums so far.
func (r *Receiver) Totals() Totals {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.totals
	t.Requests, t.Wire, t.Raw = maps.Clone(t.Requests), maps.Clone(t.Wire), maps.Clone(t.Raw)
	return t
}
