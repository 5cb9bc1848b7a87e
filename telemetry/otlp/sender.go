package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	gzipgrpc "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Sender sends requests that were made before, such as those of stored sessions. It obeys the same variables as the
// exporters of a session. Unlike those it makes one attempt a call and says how that ended, since its caller must know
// what has been acknowledged; the exporters of the SDK try again by themselves, and send only what the SDK has made. It
// is not safe for concurrent use.
type Sender struct {
	Route    Route // with a Problem, nothing can be sent
	MaxItems int   // of a request

	route    route
	headers  map[string]string
	gzip     bool
	agent    string
	hidden   *secrets
	supplier Supplier
	attempts attempts
	connect  func() (*grpc.ClientConn, error)
	client   *http.Client
	date     time.Time // of the last answer over HTTP
}

// Senders makes the senders of traces, metrics and logs, in this order. They do not connect before there is something to
// send. Invalid variables are reported; version is that of this program.
func Senders(cfg Config, version string) []*Sender {
	DiscardLibraryLogs()
	checkVariables(cfg.Lookup, cfg.Logger)
	problems := newProblems(cfg)
	var all []*Sender
	for _, signal := range signals {
		r, err := routeOf(signal, cfg.Lookup)
		problems.use(&r)
		s := &Sender{Route: r.describe(signal, err), route: r, agent: "spanpipe/" + version, hidden: problems.hidden,
			supplier: cfg.Supplier}
		switch s.MaxItems = maxBatch; signal {
		case traces:
			s.MaxItems = newBatching(cfg, "OTEL_BSP_", 1).most
		case logs:
			s.MaxItems = newBatching(cfg, "OTEL_BLRP_", 1).most
		}
		all = append(all, s)
		if err != nil {
			continue
		}
		s.headers = headersOf(signal, cfg.Lookup)
		compression, _ := lookupFunc(cfg.Lookup).forSignal(signal, "COMPRESSION")
		s.gzip = compression == "gzip"
		s.client = r.client(&s.attempts)
		s.connect = sync.OnceValues(func() (*grpc.ClientConn, error) {
			return grpc.NewClient(r.target(), grpc.WithTransportCredentials(r.credentials()), grpc.WithUserAgent(s.agent),
				r.watched(&s.attempts))
		})
	}
	return all
}

// headersOf returns the headers that a variable sets, as the exporters read it. What is invalid in it has been reported.
func headersOf(s signal, lookup lookupFunc) map[string]string {
	list, _ := lookup.forSignal(s, "HEADERS")
	all := map[string]string{}
	for header := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(header, "=")
		value, err := url.PathUnescape(value)
		if name = strings.TrimSpace(name); ok && err == nil && headerName().MatchString(name) {
			all[name] = strings.TrimSpace(value)
		}
	}
	return all
}

// Destination returns a name for where the sender sends to, which does not reveal the URL: its path may hold a token. It
// depends on the signal, the protocol, and the URL without user and query, and not on the headers: a new key does
// not make a new destination.
func (s *Sender) Destination(key []byte) string {
	u := url.URL{Scheme: s.route.endpoint.Scheme, Host: s.route.endpoint.Host, Path: s.route.endpoint.Path}
	if u.Scheme == "unix" {
		u = *s.route.endpoint
	}
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, s.Route.Signal+" "+s.Route.Protocol+" "+u.String()) // never fails
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Send sends a request, an Export…ServiceRequest of the signal, once. The error is that of the context.
func (s *Sender) Send(ctx context.Context, request proto.Message) (Answer, error) {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if s.route.timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, s.route.timeout)
	}
	defer cancel()
	response, send := s.newResponse(), s.overHTTP
	if s.route.protocol == grpcProtocol {
		send = s.overGRPC
	}
	s.attempts.forget()
	s.date = time.Time{}
	wait, err := send(limited, request, response)
	if ctx.Err() != nil {
		return Answer{}, ctx.Err()
	}
	last, _ := s.attempts.failure()
	if err == nil {
		return s.accepted(response), nil
	}
	return s.failed(last, err, wait), nil
}

// Probe sends a request without any data, as Send does.
func (s *Sender) Probe(ctx context.Context) (Answer, error) {
	switch s.route.signal {
	case metrics:
		return s.Send(ctx, &colmetrics.ExportMetricsServiceRequest{})
	case logs:
		return s.Send(ctx, &collogs.ExportLogsServiceRequest{})
	}
	return s.Send(ctx, &coltrace.ExportTraceServiceRequest{})
}

// Close closes the connections.
func (s *Sender) Close() {
	if s.client == nil {
		return
	}
	s.client.CloseIdleConnections()
	if conn, err := s.connect(); err == nil {
		_ = conn.Close() // nothing is on its way
	}
}

func (s *Sender) newResponse() proto.Message {
	switch s.route.signal {
	case metrics:
		return &colmetrics.ExportMetricsServiceResponse{}
	case logs:
		return &collogs.ExportLogsServiceResponse{}
	}
	return &coltrace.ExportTraceServiceResponse{}
}

// overGRPC returns how long the collector asks to wait, if the error may pass.
func (s *Sender) overGRPC(ctx context.Context, request, response proto.Message) (wait time.Duration, err error) {
	conn, err := s.connect()
	if err != nil {
		return 0, err
	}
	method := map[signal]string{
		traces: coltrace.TraceService_Export_FullMethodName, metrics: colmetrics.MetricsService_Export_FullMethodName,
		logs: collogs.LogsService_Export_FullMethodName,
	}[s.route.signal]
	var options []grpc.CallOption
	if s.gzip {
		options = append(options, grpc.UseCompressor(gzipgrpc.Name))
	}
	err = conn.Invoke(metadata.NewOutgoingContext(ctx, metadata.New(s.headers)), method, request, response, options...)
	return retryInfo(err), err
}

// maxResponse bounds what is read of a response.
const maxResponse = 4 << 20

// overHTTP does what overGRPC does.
func (s *Sender) overHTTP(ctx context.Context, request, response proto.Message) (wait time.Duration, err error) {
	body, err := proto.Marshal(request)
	if err != nil {
		return 0, err
	}
	headers := maps.Clone(s.headers)
	if s.gzip {
		headers["Content-Encoding"] = gzipgrpc.Name
		body = compressed(body)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.route.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("User-Agent", s.agent)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", protobufType)
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	s.date, _ = http.ParseTime(answer.Header.Get("Date")) // zero without one
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxResponse))
	switch {
	case answer.StatusCode >= http.StatusMultipleChoices:
		return retryAfter(answer.Header, time.Now()), &httpError{text: messageOf(answer.Header, text)}
	case err != nil:
		return 0, err
	case isProtobuf(answer.Header) && proto.Unmarshal(text, response) != nil:
		return 0, errGarbage
	}
	return 0, nil
}

const protobufType = "application/x-protobuf"

// errGarbage is the error of a response that is none of OTLP's. Its text is one that failure.go recognizes.
var errGarbage = errors.New("failed to unmarshal the response")

func compressed(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // never fails: the buffer grows
	_ = w.Close()
	return out.Bytes()
}
