package otlp_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// senders returns the senders that the process's environment asks for, by signal.
func senders(t *testing.T) map[string]*otlp.Sender {
	t.Helper()
	all := map[string]*otlp.Sender{}
	cfg := otlp.Config{Lookup: os.LookupEnv, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Broken: func(any) {}}
	for _, s := range otlp.Senders(cfg, "1.0.0") {
		all[s.Route.Signal] = s
		t.Cleanup(s.Close)
	}
	return all
}

func oneSpan() proto.Message {
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{
		Spans: []*tracepb.Span{{TraceId: make([]byte, 16), SpanId: []byte("12345678"), Name: "a"}},
	}}}}}
}

func oneRecord() proto.Message {
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{{
		LogRecords: []*logspb.LogRecord{{SeverityNumber: 9}},
	}}}}}
}

// TestSenderAnswers has a receiver answer as collectors do, over either protocol. The verdict is what the OTLP
// specification says of the answer, and the time to wait is the one that it asks for.
func TestSenderAnswers(t *testing.T) {
	for _, test := range []struct {
		name    string
		fault   otlptest.Fault
		verdict otlp.Verdict
		wait    time.Duration
		cause   string // part of it
	}{
		{"accepts", otlptest.Accept(), otlp.Delivered, 0, ""},
		{"rejects a part", otlptest.Partial(1, "too old"), otlp.Delivered, 0, "rejected 1 items: too old"},
		{"is not available", otlptest.Unavailable(), otlp.Later, 0, "is not available"},
		{"asks to wait", otlptest.Exhausted(7 * time.Second), otlp.Later, 7 * time.Second, "takes no more for now"},
		{"fails", otlptest.Internal(), otlp.Failed, 0, " failed: "},
		{"finds the data bad", otlptest.Fail(codes.InvalidArgument, 400), otlp.Refused, 0, "refuses the telemetry"},
		{"wants a key", otlptest.Fail(codes.Unauthenticated, 401), otlp.Failed, 0, "demands a key"},
		{"is no receiver", otlptest.Garbage(), otlp.Failed, 0, "not as an OTLP receiver does"},
		{"cuts the connection", otlptest.Cut(), otlp.Later, 0, "closes the connection"},
		{"accepts and cuts the connection", otlptest.Lost(), otlp.Later, 0, "closes the connection"},
		{"hangs", otlptest.Hang(), otlp.Later, 0, "no answer from"},
	} {
		for _, p := range protocols {
			t.Run(test.name+" over "+string(p), func(t *testing.T) {
				r := otlptest.Start(t, otlptest.Config{})
				setenv(t, r, p)
				if strings.Contains(test.cause, "no answer") {
					t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
				}
				s := senders(t)["traces"]
				r.SetFault(test.fault)
				got, err := s.Send(context.Background(), oneSpan())
				if err != nil || got.Verdict != test.verdict || got.Wait != test.wait || !strings.Contains(got.Cause, test.cause) ||
					got.Setup || (got.Cause == "") != (test.cause == "") {
					t.Errorf("got %+v, %v", got, err)
				}
				if test.fault == otlptest.Accept() || test.fault == otlptest.Lost() {
					if spans := r.Spans(); len(spans) != 1 || spans[0].Name != "a" {
						t.Errorf("received:\n%s", r.Summary())
					}
				}
			})
		}
	}
}

// TestSenderForgets: a request that is not answered in time is not refused because the one before it was.
func TestSenderForgets(t *testing.T) {
	for _, p := range protocols {
		r := otlptest.Start(t, otlptest.Config{})
		setenv(t, r, p)
		t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
		s := senders(t)["traces"]
		r.SetFault(otlptest.Fail(codes.InvalidArgument, 400))
		mcptest.Eventually(t, "a request is refused", func() bool {
			got, err := s.Send(context.Background(), oneSpan())
			return err == nil && got.Verdict == otlp.Refused
		})
		r.SetFault(otlptest.Hang())
		if got, err := s.Send(context.Background(), oneSpan()); err != nil || got.Verdict != otlp.Later {
			t.Errorf("over %s: got %+v, %v", p, got, err)
		}
	}
}

// TestSenderTooLarge: the verdict on a request that is too large differs from that on one that the collector takes later.
func TestSenderTooLarge(t *testing.T) {
	for _, p := range protocols {
		r := otlptest.Start(t, otlptest.Config{})
		setenv(t, r, p)
		if p == otlptest.HTTP { // the receiver's gRPC has a limit of its own
			r.SetFault(otlptest.Fail(codes.OK, 413))
		}
		request := oneSpan().(*coltrace.ExportTraceServiceRequest)
		request.ResourceSpans[0].ScopeSpans[0].Spans[0].Name = strings.Repeat("a", 5<<20)
		if got, err := senders(t)["traces"].Send(context.Background(), request); err != nil || got.Verdict != otlp.TooLarge {
			t.Errorf("over %s: got %+v, %v", p, got, err)
		}
	}
}

// TestSenderUnsupported: a backend without log records is not one without spans, which has the wrong address.
func TestSenderUnsupported(t *testing.T) {
	for _, p := range protocols {
		r := otlptest.Start(t, otlptest.Config{})
		setenv(t, r, p)
		r.SetFault(otlptest.Fail(codes.Unimplemented, 404))
		all := senders(t)
		if got, err := all["logs"].Send(context.Background(), oneRecord()); err != nil || got.Verdict != otlp.Unsupported {
			t.Errorf("over %s: logs: %+v, %v", p, got, err)
		}
		if got, err := all["traces"].Send(context.Background(), oneSpan()); err != nil || got.Verdict != otlp.Failed {
			t.Errorf("over %s: traces: %+v, %v", p, got, err)
		}
	}
}

// TestSenderSetup: the answer reports whether a connection could not be made at all.
func TestSenderSetup(t *testing.T) {
	for _, p := range protocols {
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", string(p))
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+otlptest.RefusedAddr(t))
		got, err := senders(t)["traces"].Send(context.Background(), oneSpan())
		if err != nil || got.Verdict != otlp.Later || !got.Setup || !strings.Contains(got.Cause, "connection refused") {
			t.Errorf("over %s: %+v, %v", p, got, err)
		}
	}
}

// TestSenderAsExporters: the variables of headers, compression, TLS and endpoints mean the same to a sender as to the
// exporters of a session: both send the same requests, but for their bodies.
func TestSenderAsExporters(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"plain", nil},
		{"headers", []string{"OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20secret%2C1, X-Tenant = a b ,bad name=1,bad"}},
		{"headers of a signal", []string{"OTEL_EXPORTER_OTLP_HEADERS=a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=b=2"}},
		{"compression", []string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}},
		{"compression of a signal", []string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION=none"}},
		{"invalid", []string{"OTEL_EXPORTER_OTLP_COMPRESSION=zstd"}},
	} {
		for _, p := range protocols {
			for _, withTLS := range []bool{false, true} {
				t.Run(test.name+" over "+string(p), func(t *testing.T) {
					r := otlptest.Start(t, otlptest.Config{TLS: withTLS, ClientCert: withTLS})
					setenv(t, r, p)
					if withTLS {
						cert, key := r.ClientCertFiles()
						t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", r.CAFile())
						t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", cert)
						t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)
					}
					for _, v := range test.variables {
						name, value, _ := strings.Cut(v, "=")
						t.Setenv(name, value)
					}
					if got, err := senders(t)["traces"].Send(context.Background(), oneSpan()); err != nil || got.Verdict != otlp.Delivered {
						t.Fatalf("sending: %+v, %v", got, err)
					}
					s := open(t, nil)
					s.record(1)
					s.end()
					requests := r.Requests(otlptest.Traces)
					if len(requests) != 2 {
						t.Fatalf("received:\n%s", r.Summary())
					}
					if a, b := shape(requests[0]), shape(requests[1]); !slices.Equal(a, b) {
						t.Errorf("a sender's request is\n%s\nand an exporter's\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
					}
				})
			}
		}
	}
}

// shape returns what two requests of different bodies and programs have in common.
func shape(r otlptest.Request) []string {
	lines := []string{"encoding " + r.Encoding}
	for name, values := range r.Header {
		switch strings.ToLower(name) {
		case "user-agent", "content-length":
		default:
			lines = append(lines, strings.ToLower(name)+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	return lines
}

// TestSenderDestination: the name of a destination depends on what makes a difference and reveals nothing.
func TestSenderDestination(t *testing.T) {
	name := func(key string, variables ...string) string {
		t.Helper()
		env := map[string]string{}
		for _, v := range variables {
			n, value, _ := strings.Cut(v, "=")
			env["OTEL_EXPORTER_OTLP_"+n] = value
		}
		all := otlp.Senders(otlp.Config{
			Lookup: func(n string) (string, bool) { v, ok := env[n]; return v, ok },
			Logger: slog.New(slog.DiscardHandler), Broken: func(any) {},
		}, "1")
		for _, s := range all {
			t.Cleanup(s.Close)
		}
		return all[0].Destination([]byte(key))
	}
	const http = "PROTOCOL=http/protobuf"
	same := name("k", http, "ENDPOINT=https://a.example/tenant")
	for _, other := range []string{
		name("k", http, "ENDPOINT=https://user:secret@a.example/tenant?token=1"),
		name("k", http, "ENDPOINT=https://a.example/tenant", "HEADERS=authorization=secret"),
		name("k", http, "TRACES_ENDPOINT=https://a.example/tenant/v1/traces"),
	} {
		if other != same {
			t.Errorf("%s and %s are the same destination", same, other)
		}
	}
	for _, other := range []string{
		name("l", http, "ENDPOINT=https://a.example/tenant"), name("k", http, "ENDPOINT=https://a.example/other"),
		name("k", http, "ENDPOINT=http://a.example/tenant"), name("k", http, "ENDPOINT=https://b.example/tenant"),
		name("k", "ENDPOINT=https://a.example/tenant"),
	} {
		if other == same {
			t.Errorf("%s is the name of two destinations", same)
		}
	}
}
