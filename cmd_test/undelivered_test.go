package cmd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// trouble is a reason for which nothing arrives. The endpoint in the texts is AT.
type trouble struct {
	name        string
	environment func(t *testing.T, p otlptest.Protocol) []string // the endpoint last
	cause, hint string
	only        otlptest.Protocol // if the trouble is of one protocol alone
}

// endpoint returns the variables that point to an address, by a URL or a scheme.
func endpoint(p otlptest.Protocol, url string, others ...string) []string {
	return append(others, "OTEL_EXPORTER_OTLP_PROTOCOL="+string(p), "OTEL_EXPORTER_OTLP_ENDPOINT="+url)
}

// failing is a receiver that treats every request with a fault.
func failing(f otlptest.Fault, others ...string) func(*testing.T, otlptest.Protocol) []string {
	return func(t *testing.T, p otlptest.Protocol) []string {
		r := otlptest.Start(t, otlptest.Config{})
		r.SetFault(f)
		return endpoint(p, r.Endpoint(p), others...)
	}
}

func receiverAnswers(status codes.Code, http int, others ...string) func(*testing.T, otlptest.Protocol) []string {
	return failing(otlptest.Fail(status, http), others...)
}

// withTLS is a receiver with TLS.
func withTLS(cfg otlptest.Config, variables func(*otlptest.Receiver) []string,
	change func(url string) string) func(*testing.T, otlptest.Protocol) []string {
	cfg.TLS = true
	return func(t *testing.T, p otlptest.Protocol) []string {
		r := otlptest.Start(t, cfg)
		return endpoint(p, change(r.Endpoint(p)), variables(r)...)
	}
}

func nothing(*otlptest.Receiver) []string { return nil }
func same(url string) string              { return url }
func trusted(r *otlptest.Receiver) []string {
	return []string{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + r.CAFile()}
}
func withoutTLS(url string) string { return strings.Replace(url, "https:", "http:", 1) }
func webPage(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

var troubles = []trouble{
	{
		name: "no collector",
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, "http://"+otlptest.RefusedAddr(t))
		},
		cause: "no collector at AT: connection refused", hint: "start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT to",
	},
	{
		name: "no such host",
		environment: func(_ *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, "http://collector.invalid:4319")
		},
		cause: "no collector at AT: its host name cannot be resolved", hint: "check the host in OTEL_EXPORTER_OTLP_ENDPOINT",
	},
	{
		name: "no such socket", only: otlptest.GRPC,
		environment: func(t *testing.T, p otlptest.Protocol) []string { return endpoint(p, "unix:///nonexistent/otlp") },
		cause:       "no collector at AT: there is no such socket", hint: "OTEL_EXPORTER_OTLP_ENDPOINT",
	},
	{
		name: "a hanging collector", environment: failing(otlptest.Hang()),
		cause: "no answer from AT in time", hint: "OTEL_EXPORTER_OTLP_TIMEOUT",
	},
	{
		name: "a hanging collector and a short timeout", environment: failing(otlptest.Hang(), "OTEL_EXPORTER_OTLP_TIMEOUT=50"),
		cause: "no answer from AT in time", hint: "OTEL_EXPORTER_OTLP_TIMEOUT",
	},
	{
		name: "a mute port",
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, otlptest.Start(t, otlptest.Config{Conn: otlptest.Mute}).Endpoint(p))
		},
		cause: "no answer from AT in time", hint: "OTEL_EXPORTER_OTLP_TIMEOUT",
	},
	{
		name: "a port that closes",
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, otlptest.Start(t, otlptest.Config{Conn: otlptest.Close}).Endpoint(p))
		},
		cause: "AT closes the connection", hint: "check that it receives OTLP over ",
	},
	{
		name: "an unknown authority", environment: withTLS(otlptest.Config{}, nothing, same),
		cause: "the certificate of AT is signed by an unknown authority", hint: "OTEL_EXPORTER_OTLP_CERTIFICATE",
	},
	{
		// The collector refuses after the handshake, so the first write may fail before the reason has been read.
		name: "no client certificate", environment: withTLS(otlptest.Config{ClientCert: true}, trusted, same),
		cause: "AT ", hint: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
	},
	{
		name: "http:// where TLS is spoken", environment: withTLS(otlptest.Config{}, nothing, withoutTLS),
		cause: "AT", hint: "write https:// in OTEL_EXPORTER_OTLP_ENDPOINT", only: otlptest.HTTP,
	},
	{
		name: "http:// where TLS is spoken, over gRPC", environment: withTLS(otlptest.Config{}, nothing, withoutTLS),
		cause: "AT closes the connection", hint: "over grpc without TLS", only: otlptest.GRPC,
	},
	{
		name: "https:// where no TLS is spoken",
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, "https://"+otlptest.Start(t, otlptest.Config{}).Addr(p))
		},
		cause: "AT does not use TLS", hint: "write http:// in OTEL_EXPORTER_OTLP_ENDPOINT",
	},
	{
		name: "gRPC to HTTP", only: otlptest.GRPC,
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, otlptest.Start(t, otlptest.Config{}).Endpoint(otlptest.HTTP))
		},
		cause: "AT answers in HTTP/1.1, not in gRPC", hint: "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
	},
	{
		name: "HTTP to gRPC", only: otlptest.HTTP,
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, otlptest.Start(t, otlptest.Config{}).Endpoint(otlptest.GRPC))
		},
		cause: "AT does not answer in HTTP/1.1", hint: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
	},
	{
		name: "HTTP to gRPC with TLS", only: otlptest.HTTP,
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			r := otlptest.Start(t, otlptest.Config{TLS: true})
			return endpoint(p, r.Endpoint(otlptest.GRPC), trusted(r)...)
		},
		cause: "AT/v1/traces does not receive OTLP over http/protobuf: 415", hint: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
	},
	{
		name: "no key", environment: receiverAnswers(codes.Unauthenticated, 401),
		cause: "AT/v1/traces demands a key: 401 Unauthorized: refused by the test", hint: "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS",
	},
	{
		name: "a wrong key", environment: receiverAnswers(codes.Unauthenticated, 401, "OTEL_EXPORTER_OTLP_HEADERS=a=b"),
		cause: "AT/v1/traces does not accept the key: 401 Unauthorized", hint: "check OTEL_EXPORTER_OTLP_HEADERS",
	},
	{
		name: "forbidden", environment: receiverAnswers(codes.PermissionDenied, 403),
		cause: "AT/v1/traces does not allow this: 403 Forbidden", hint: "OTEL_EXPORTER_OTLP_HEADERS",
	},
	{
		name: "not found", environment: receiverAnswers(codes.Unimplemented, 404), only: otlptest.HTTP,
		cause: "there is no OTLP receiver at AT/v1/traces: 404 Not Found", hint: "spanpipe adds /v1/traces",
	},
	{
		name: "not implemented", environment: receiverAnswers(codes.Unimplemented, 404), only: otlptest.GRPC,
		cause: "AT does not receive traces over gRPC", hint: "OTEL_TRACES_EXPORTER=none",
	},
	{
		name: "too much", environment: failing(otlptest.Exhausted(time.Hour)),
		cause: "AT/v1/traces takes no more for now: 429 Too Many Requests", hint: "OTEL_TRACES_SAMPLER",
	},
	{
		name: "too large", environment: receiverAnswers(codes.OutOfRange, 413), only: otlptest.HTTP,
		cause: "AT/v1/traces finds the request too large: 413", hint: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	},
	{
		name: "a failing collector", environment: failing(otlptest.Internal()),
		cause: "AT/v1/traces failed: 500 Internal Server Error", hint: "the collector's log",
	},
	{
		name: "an unavailable collector", environment: failing(otlptest.Unavailable()),
		cause: "AT/v1/traces is not available: 503 Service Unavailable", hint: "the collector's log",
	},
	{
		name: "an answer that is not OTLP", environment: failing(otlptest.Garbage()),
		cause: "AT answers, but not as an OTLP receiver does", hint: "is OTEL_EXPORTER_OTLP_ENDPOINT the address of a collector?",
	},
	{
		name: "a web page", only: otlptest.HTTP,
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, webPage(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title>")
			})))
		},
		cause: "AT answers, but not as an OTLP receiver does", hint: "is OTEL_EXPORTER_OTLP_ENDPOINT the address of a collector?",
	},
	{
		name: "a proxy that is down", only: otlptest.HTTP,
		environment: func(t *testing.T, p otlptest.Protocol) []string {
			return endpoint(p, "http://collector.invalid:4319", "HTTP_PROXY=http://"+otlptest.RefusedAddr(t))
		},
		cause: "the proxy on the way to AT refuses the connection", hint: "check HTTP_PROXY, or name",
	},
}

// TestUndelivered: whatever keeps telemetry from arriving is reported once, with the endpoint, the cause and what to do,
// also if the flush timeout ends a short session before the exporters give up.
func TestUndelivered(t *testing.T) {
	type running struct {
		trouble
		protocol otlptest.Protocol
		host     *mcptest.Host
		at       string
	}
	var all []running
	for _, test := range troubles {
		for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
			if test.only == "" || test.only == p {
				all = append(all, running{trouble: test, protocol: p})
			}
		}
	}
	// Several sessions run at once, because many end with the flush timeout. All of them would be more than a small machine can do.
	for wave := range slices.Chunk(all, 10) {
		for i := range wave {
			s := &wave[i]
			variables := s.environment(t, s.protocol)
			_, s.at, _ = strings.Cut(variables[len(variables)-1], "=")
			s.host = open(t, cast.As(t, "server"), append(variables, "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT=20s",
				"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")...)
		}
		for _, s := range wave {
			mcptest.Connect(s.host)
			s.host.CloseInput()
		}
		for _, s := range wave {
			t.Run(fmt.Sprint(s.name, ", ", s.protocol), func(t *testing.T) {
				wantExit(t, s.host, 0)
				want := strings.ReplaceAll(s.cause, "AT", s.at)
				if s.protocol == otlptest.GRPC { // paths and statuses are HTTP's
					want, _, _ = strings.Cut(strings.ReplaceAll(want, "/v1/traces", ""), ": 4")
					want, _, _ = strings.Cut(want, ": 5")
				}
				stderr := s.host.Stderr.String()
				if strings.Count(stderr, "warning: telemetry cannot be delivered; the server is not affected: ") != 1 ||
					!strings.Contains(stderr, want) || !strings.Contains(stderr, s.hint) {
					t.Errorf("want %q and %q in\n%s", want, s.hint, stderr)
				}
			})
		}
	}
}

// TestConventionalPorts: a port that is the other protocol's by convention leads to a hint, if that may be what is wrong.
func TestConventionalPorts(t *testing.T) {
	for p, port := range map[otlptest.Protocol]string{otlptest.GRPC: "4318", otlptest.HTTP: "4317"} {
		t.Run(string(p), func(t *testing.T) {
			address := "127.0.0.3:" + port // of Linux' loopback network, where no collector listens by default
			l, err := net.Listen("tcp", address)
			if err != nil {
				peerMissing(t, "a free address: "+err.Error())
			}
			_ = l.Close()
			h := open(t, cast.As(t, "server"), append(endpoint(p, "http://"+address), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT=8s")...)
			mcptest.Connect(h)
			endSession(t, h)
			stderr := h.Stderr.String()
			if !strings.Contains(stderr, "connection refused") || !strings.Contains(stderr, "port "+port+" is that of OTLP over ") {
				t.Errorf("stderr:\n%s", stderr)
			}
		})
	}
}
