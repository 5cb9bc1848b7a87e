//go:build unix

package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"

	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// tally is what a collector has received.
type tally struct {
	Requests map[string]int64 `json:"requests"` // by signal: traces, metrics, logs
	Wire     map[string]int64 `json:"wire"`     // bytes of the messages as they came, compressed or not
	Raw      map[string]int64 `json:"raw"`      // bytes of the messages, not compressed
	Calls    int64            `json:"calls"`    // spans of kind server
	Spans    int64            `json:"spans"`
	Dropped  map[string]int64 `json:"dropped"` // spanpipe.telemetry.dropped, by reason, summed over sessions
}

// collector is the process that the subjects send to, seen from the client's.
type collector struct {
	GRPC string `json:"grpc"`
	HTTP string `json:"http"`

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startCollector starts this binary in the collector's role.
func startCollector(ctx context.Context) (*collector, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &collector{cmd: exec.CommandContext(ctx, self, roleCollector)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the collector: %w", err)
	}
	return c, c.receive(c)
}

func (c *collector) receive(into any) error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("asking the collector: %w", err)
	}
	return json.Unmarshal(line, into)
}

// take returns what has come since it was last asked.
func (c *collector) take() (t tally, err error) {
	if _, err := io.WriteString(c.in, "take\n"); err != nil {
		return t, fmt.Errorf("asking the collector: %w", err)
	}
	return t, c.receive(&t)
}

func (c *collector) stop() {
	c.in.Close()
	_ = c.cmd.Wait()
}

// sink is the collector from within. It decodes no more than it counts: what it takes from the cores, the subjects lack.
type sink struct {
	mu      sync.Mutex
	tally   tally
	dropped map[string]map[string]int64 // by instance and reason; sums, so the latest counts
}

func (s *sink) reset() {
	s.tally = tally{Requests: map[string]int64{}, Wire: map[string]int64{}, Raw: map[string]int64{}, Dropped: map[string]int64{}}
	s.dropped = map[string]map[string]int64{}
}

// collect serves until the input ends, and answers each line of it with a tally.
func collect(in io.Reader, out io.Writer) error {
	s := &sink{}
	s.reset()
	grpcAddress, err := s.serveGRPC()
	if err != nil {
		return err
	}
	httpAddress, err := s.serveHTTP()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(collector{GRPC: grpcAddress, HTTP: httpAddress}); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		s.mu.Lock()
		for _, reasons := range s.dropped {
			for reason, n := range reasons {
				s.tally.Dropped[reason] += n
			}
		}
		err := encoder.Encode(s.tally)
		s.reset()
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// bytesCodec hands messages on as they are.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (s *sink) serveGRPC() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}), grpc.StatsHandler(wireSizes{s}), grpc.MaxRecvMsgSize(64<<20),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			var request, answer []byte
			if err := stream.RecvMsg(&request); err != nil {
				return err
			}
			s.received(signalOf(method), request)
			return stream.SendMsg(&answer)
		}))
	go func() { _ = server.Serve(listener) }() // ends with the process
	return listener.Addr().String(), nil
}

// wireSizes counts the bytes of messages as they come.
type wireSizes struct{ *sink }

type methodKey struct{}

func (wireSizes) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (h wireSizes) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		method, _ := ctx.Value(methodKey{}).(string)
		h.mu.Lock()
		h.tally.Wire[signalOf(method)] += int64(in.CompressedLength)
		h.mu.Unlock()
	}
}

func (wireSizes) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (wireSizes) HandleConn(context.Context, stats.ConnStats)                       {}

func (s *sink) serveHTTP() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		wire := &counted{Reader: r.Body} // a compressed body comes without its length
		var body io.Reader = wire
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(wire)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = unzipped
		}
		b, err := io.ReadAll(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.tally.Wire[signalOf(r.URL.Path)] += wire.n
		s.mu.Unlock()
		s.received(signalOf(r.URL.Path), b)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
	go func() { _ = http.Serve(listener, http.HandlerFunc(handler)) }() //nolint:gosec // no timeouts on the loopback; ends with the process
	return listener.Addr().String(), nil
}

// counted counts what is read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// signalOf finds the signal in a method or path.
func signalOf(where string) string {
	where = strings.ToLower(where)
	for _, signal := range []string{"metrics", "logs"} {
		if strings.Contains(where, signal) {
			return signal
		}
	}
	return "traces"
}

func (s *sink) received(signal string, message []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.Requests[signal]++
	s.tally.Raw[signal] += int64(len(message))
	switch signal {
	case "traces":
		// ExportTraceServiceRequest.resource_spans.scope_spans.spans: opentelemetry/proto/trace/v1/trace.proto.
		each(message, 1, func(resource []byte) {
			each(resource, 2, func(scope []byte) { each(scope, 2, s.span) })
		})
	case "metrics":
		s.sums(message)
	}
}

func (s *sink) span(span []byte) {
	const kind, server = 6, 2
	s.tally.Spans++
	for len(span) > 0 {
		field, wireType, n := protowire.ConsumeTag(span)
		if n < 0 {
			return
		}
		if field == kind {
			if v, _ := protowire.ConsumeVarint(span[n:]); v == server {
				s.tally.Calls++
			}
			return
		}
		skipped := protowire.ConsumeFieldValue(field, wireType, span[n:])
		if skipped < 0 {
			return
		}
		span = span[n+skipped:]
	}
}

// each calls f with each message in a field.
func each(message []byte, wanted protowire.Number, f func([]byte)) {
	for len(message) > 0 {
		field, wireType, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		size := protowire.ConsumeFieldValue(field, wireType, message[n:])
		if size < 0 {
			return
		}
		if field == wanted && wireType == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			f(value)
		}
		message = message[n+size:]
	}
}

// sums finds what the sessions say they have dropped.
func (s *sink) sums(message []byte) {
	var request metricspb.ExportMetricsServiceRequest
	if proto.Unmarshal(message, &request) != nil {
		return
	}
	for _, resource := range request.ResourceMetrics {
		instance := ""
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.instance.id" {
				instance = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeMetrics {
			for _, metric := range scope.Metrics {
				if metric.Name != "spanpipe.telemetry.dropped" {
					continue
				}
				if s.dropped[instance] == nil {
					s.dropped[instance] = map[string]int64{}
				}
				for _, point := range metric.GetSum().GetDataPoints() {
					s.dropped[instance][point.Attributes[0].Value.GetStringValue()] = point.GetAsInt()
				}
			}
		}
	}
}
