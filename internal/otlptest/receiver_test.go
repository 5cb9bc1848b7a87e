package otlptest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is OpenTelemetry's SDK with its OTLP exporters, which the receiver is tested with.
type client struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

var protocols = []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP}

// eachProtocol runs a test over gRPC and HTTP, with the exporters' variables set to a receiver of cfg.
func eachProtocol(t *testing.T, cfg otlptest.Config, test func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol)) {
	t.Helper()
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, cfg)
			setenv(t, r.Env(p))
			test(t, r, p)
		})
	}
}

func setenv(t *testing.T, env []string) {
	t.Helper()
	for _, pair := range env {
		key, value, _ := strings.Cut(pair, "=")
		t.Setenv(key, value)
	}
}

// soon is how the exporters try again, instead of after five seconds.
var soon = otlptracegrpc.RetryConfig{
	Enabled: true, InitialInterval: time.Millisecond, MaxInterval: 10 * time.Millisecond, MaxElapsedTime: time.Minute,
}

func newTraceExporter(t *testing.T, p otlptest.Protocol) sdktrace.SpanExporter {
	t.Helper()
	var exporter *otlptrace.Exporter
	var err error
	if p == otlptest.GRPC {
		exporter, err = otlptracegrpc.New(t.Context(), otlptracegrpc.WithRetry(soon))
	} else {
		exporter, err = otlptracehttp.New(t.Context(), otlptracehttp.WithRetry(otlptracehttp.RetryConfig(soon)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return exporter
}

func newClient(t *testing.T, p otlptest.Protocol) client {
	t.Helper()
	var metrics sdkmetric.Exporter
	var logs sdklog.Exporter
	var err, err2 error
	if p == otlptest.GRPC {
		metrics, err = otlpmetricgrpc.New(t.Context())
		logs, err2 = otlploggrpc.New(t.Context())
	} else {
		metrics, err = otlpmetrichttp.New(t.Context())
		logs, err2 = otlploghttp.New(t.Context())
	}
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	res := resource.NewSchemaless(attribute.String("service.name", "tested"), attribute.Int("n", 7))
	return client{
		traces:  sdktrace.NewTracerProvider(sdktrace.WithBatcher(newTraceExporter(t, p)), sdktrace.WithResource(res)),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)), sdkmetric.WithResource(res)),
		logs:    sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logs)), sdklog.WithResource(res)),
	}
}

func (c client) shutdown(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := errors.Join(c.traces.Shutdown(ctx), c.metrics.Shutdown(ctx), c.logs.Shutdown(ctx)); err != nil {
		t.Errorf("shutting down: %v", err)
	}
}

func TestTraces(t *testing.T) {
	eachProtocol(t, otlptest.Config{}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
		c := newClient(t, p)
		tracer := c.traces.Tracer("scope", trace.WithInstrumentationVersion("1.2"))
		ctx, parent := tracer.Start(t.Context(), "session")
		_, child := tracer.Start(ctx, "tools/call echo", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.String("s", "text"), attribute.Int("i", 42), attribute.Bool("b", true),
			attribute.Float64("f", 1.5), attribute.StringSlice("l", []string{"x", "y"}),
		), trace.WithLinks(trace.LinkFromContext(ctx, attribute.String("why", "test"))))
		child.AddEvent("progress", trace.WithAttributes(attribute.Int("n", 1)))
		child.SetStatus(codes.Error, "broken")
		child.End()
		parent.End()
		c.shutdown(t)

		spans := r.WaitSpans(t, 2)
		root, got := r.WaitSpan(t, "session"), r.WaitSpan(t, "tools/call echo")
		if len(spans) != 2 {
			t.Errorf("got %d spans, want 2", len(spans))
		}
		if !got.ChildOf(root) || root.ParentID != "" || root.ChildOf(got) {
			t.Errorf("parents are wrong: root %+v, child %+v", root, got)
		}
		want := otlptest.Attrs{"s": "text", "i": 42, "b": true, "f": 1.5, "l": []any{"x", "y"}}
		if !got.Attrs.Match(want) || got.Attrs.Match(otlptest.Attrs{"i": 43}) || got.Attrs.Match(otlptest.Attrs{"none": nil}) {
			t.Errorf("attributes %v do not match %v and only that", got.Attrs, want)
		}
		if got.Kind != otlptest.KindServer || root.Kind != otlptest.KindInternal {
			t.Errorf("kinds are %s and %s", got.Kind, root.Kind)
		}
		if got.Status != otlptest.StatusError || got.StatusText != "broken" || root.Status != otlptest.StatusUnset {
			t.Errorf("statuses are %s %q and %s", got.Status, got.StatusText, root.Status)
		}
		if got.Service() != "tested" || got.Resource.Int("n") != 7 || got.Scope != "scope" || got.ScopeVersion != "1.2" {
			t.Errorf("origin is %+v", got.Origin)
		}
		if len(got.Events) != 1 || got.Events[0].Name != "progress" || got.Events[0].Attrs.Int("n") != 1 {
			t.Errorf("events are %+v", got.Events)
		}
		if len(got.Links) != 1 || got.Links[0].SpanID != root.SpanID || got.Links[0].Attrs.String("why") != "test" {
			t.Errorf("links are %+v", got.Links)
		}
		if got.Start.Before(root.Start) || got.Duration() <= 0 || got.End.After(root.End) {
			t.Errorf("child %v..%v is not within %v..%v", got.Start, got.End, root.Start, root.End)
		}
	})
}

func TestMetrics(t *testing.T) {
	for _, temporality := range []string{"cumulative", "delta"} {
		t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality)
		t.Run(temporality, func(t *testing.T) { eachProtocol(t, otlptest.Config{}, testMetrics) })
	}
}

func testMetrics(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
	c := newClient(t, p)
	meter := c.metrics.Meter("scope")
	counter, err := meter.Int64Counter("calls", metric.WithUnit("{call}"))
	if err != nil {
		t.Fatal(err)
	}
	durations, err := meter.Float64Histogram("duration", metric.WithExplicitBucketBoundaries(1, 10))
	if err != nil {
		t.Fatal(err)
	}
	for i, tool := range []string{"a", "b", "a"} {
		tools := metric.WithAttributes(attribute.String("tool", tool))
		counter.Add(t.Context(), 2, tools)
		durations.Record(t.Context(), float64(i*6), tools) // 0, 6, 12: one in each bucket
		if err := c.metrics.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.shutdown(t)

	if got := r.Value("calls", nil); got != 6 {
		t.Errorf("calls are %v in all, want 6", got)
	}
	if got := r.Value("calls", otlptest.Attrs{"tool": "a"}); got != 4 {
		t.Errorf("calls of a are %v, want 4", got)
	}
	series := r.WaitMetric(t, "duration", otlptest.Attrs{"tool": "a"})
	if len(series) != 1 || series[0].Count != 2 || series[0].Total != 12 || series[0].Type != otlptest.Histogram {
		t.Errorf("the durations of a are %+v", series)
	}
	all := r.Histogram("duration", nil)
	if all.Count != 3 || all.Total != 18 || !slices.Equal(all.Buckets, []uint64{1, 1, 1}) || !slices.Equal(all.Bounds, []float64{1, 10}) {
		t.Errorf("all durations are %+v", all)
	}
	if unit := r.Series("calls", nil)[0].Unit; unit != "{call}" {
		t.Errorf("the unit is %q", unit)
	}
	if len(r.Points()) <= len(r.Series("calls", nil))+len(r.Series("duration", nil)) {
		t.Errorf("only %d points for several exports", len(r.Points()))
	}
}

func TestLogs(t *testing.T) {
	eachProtocol(t, otlptest.Config{}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
		c := newClient(t, p)
		ctx, span := c.traces.Tracer("scope").Start(t.Context(), "op")
		var record log.Record
		record.SetBody(attribute.StringValue("slow call"))
		record.SetSeverity(log.SeverityWarn)
		record.SetEventName("slow")
		record.AddAttributes(attribute.String("tool", "echo"))
		c.logs.Logger("scope").Emit(ctx, record)
		span.End()
		c.shutdown(t)

		got := r.WaitRecords(t, 1)[0]
		if got.Text() != "slow call" || got.Severity != 13 || got.EventName != "slow" || got.Attrs.String("tool") != "echo" {
			t.Errorf("the record is %+v", got)
		}
		if want := span.SpanContext(); got.TraceID != want.TraceID().String() || got.SpanID != want.SpanID().String() {
			t.Errorf("the record is in span %s of trace %s", got.SpanID, got.TraceID)
		}
		if got.Service() != "tested" {
			t.Errorf("the service is %q", got.Service())
		}
	})
}

func TestRawRequests(t *testing.T) {
	eachProtocol(t, otlptest.Config{}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
		t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary-in-header")
		t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
		c := newClient(t, p)
		_, span := c.traces.Tracer("scope").Start(t.Context(), "canary-in-name")
		span.End()
		c.shutdown(t)

		request := r.WaitRequests(t, otlptest.Traces, 1)[0]
		if request.Protocol != p || request.Encoding != "gzip" || request.Get("Authorization") != "canary-in-header" {
			t.Errorf("the request is %+v", request)
		}
		for _, canary := range []string{"canary-in-header", "canary-in-name", "service.name"} {
			if !r.Contains([]byte(canary)) {
				t.Errorf("%q was not found", canary)
			}
		}
		if r.Contains([]byte("canary-never-sent")) {
			t.Error("what was never sent was found")
		}
	})
}

// TestTotals checks the sums, with and without compression, and that nothing else is kept where that is all that is wanted.
func TestTotals(t *testing.T) {
	for _, countOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("count only %v", countOnly), func(t *testing.T) {
			eachProtocol(t, otlptest.Config{CountOnly: countOnly}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
				t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
				c := newClient(t, p)
				tracer := c.traces.Tracer("scope")
				for i := range 100 {
					_, span := tracer.Start(t.Context(), "same", trace.WithSpanKind([]trace.SpanKind{trace.SpanKindServer, trace.SpanKindClient}[i%2]))
					span.End()
				}
				c.shutdown(t)
				got := r.Totals()
				if got.Spans != 100 || got.Calls != 50 || got.Requests[otlptest.Traces] != 1 || got.Requests[otlptest.Logs] != 0 {
					t.Errorf("%+v, want one request with 100 spans, 50 of them calls", got)
				}
				if wire, raw := got.Wire[otlptest.Traces], got.Raw[otlptest.Traces]; wire <= 0 || wire > raw*3/4 {
					t.Errorf("%d bytes of %d were sent, want fewer", wire, raw)
				}
				if kept := len(r.Spans()) + len(r.Requests()); (kept == 0) != countOnly {
					t.Errorf("%d spans and requests are kept", kept)
				}
			})
		})
	}
}

// exportOnce exports one span with a fresh exporter, without a batcher's retries of its own.
func exportOnce(t *testing.T, p otlptest.Protocol, timeout time.Duration) error {
	t.Helper()
	exporter := newTraceExporter(t, p)
	defer func() { _ = exporter.Shutdown(context.WithoutCancel(t.Context())) }()
	var stub recorded
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(&stub))
	_, span := provider.Tracer("scope").Start(t.Context(), "op")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return exporter.ExportSpans(ctx, stub.spans)
}

// recorded keeps the spans of a provider.
type recorded struct{ spans []sdktrace.ReadOnlySpan }

func (r *recorded) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	r.spans = append(r.spans, spans...)
	return nil
}

func (r *recorded) Shutdown(context.Context) error { return nil }

func TestFaults(t *testing.T) {
	tests := []struct {
		name     string
		script   []otlptest.Fault
		timeout  time.Duration
		fails    bool
		spans    int
		requests int // at least
	}{
		{"accept", []otlptest.Fault{otlptest.Accept()}, time.Minute, false, 1, 1},
		{"slow", []otlptest.Fault{otlptest.Slow(20 * time.Millisecond)}, time.Minute, false, 1, 1},
		{"hang", []otlptest.Fault{otlptest.Hang()}, 2 * time.Second, true, 0, 1},
		{"internal", []otlptest.Fault{otlptest.Internal()}, time.Minute, true, 0, 1},
		{"unavailable, then well", []otlptest.Fault{otlptest.Unavailable()}, time.Minute, false, 1, 2},
		{"exhausted, then well", []otlptest.Fault{otlptest.Exhausted(time.Millisecond)}, time.Minute, false, 1, 2},
		{"garbage", []otlptest.Fault{otlptest.Garbage()}, time.Minute, true, 0, 1},
		{"partial", []otlptest.Fault{otlptest.Partial(1, "too old")}, time.Minute, true, 1, 1},
		{"cut", []otlptest.Fault{otlptest.Cut()}, time.Minute, false, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachProtocol(t, otlptest.Config{}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
				r.Script(otlptest.Traces, test.script...)
				err := exportOnce(t, p, test.timeout)
				if test.name == "cut" {
					// gRPC tries again by itself, HTTP gives up: only that one was cut is the receiver's doing.
					if p == otlptest.HTTP && err == nil {
						t.Error("half a response was taken for one")
					}
				} else if (err != nil) != test.fails || len(r.Spans()) != test.spans {
					t.Errorf("error %v, %d spans; want an error: %v, %d spans", err, len(r.Spans()), test.fails, test.spans)
				}
				if got := len(r.Requests(otlptest.Traces)); got < test.requests {
					t.Errorf("%d requests, want %d or more", got, test.requests)
				}
			})
		})
	}
}

func TestFaultOfOneSignal(t *testing.T) {
	eachProtocol(t, otlptest.Config{}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
		r.SetFault(otlptest.Internal(), otlptest.Metrics, otlptest.Logs)
		if err := exportOnce(t, p, time.Minute); err != nil {
			t.Errorf("traces fail too: %v", err)
		}
		r.SetFault(otlptest.Internal())
		if err := exportOnce(t, p, time.Minute); err == nil {
			t.Error("traces still work")
		}
		r.SetFault(otlptest.Accept(), otlptest.Traces)
		if err := exportOnce(t, p, time.Minute); err != nil || len(r.Spans()) != 2 {
			t.Errorf("traces do not work again: %v, %d spans", err, len(r.Spans()))
		}
	})
}

func TestConnFaults(t *testing.T) {
	for name, fault := range map[string]otlptest.ConnFault{
		"mute": otlptest.Mute, "close": otlptest.Close, "garbage": otlptest.GarbageConn,
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, otlptest.Config{Conn: fault}, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
				if err := exportOnce(t, p, 300*time.Millisecond); err == nil || len(r.Requests()) != 0 {
					t.Errorf("error %v, requests %v; want an error and none", err, r.Requests())
				}
			})
		})
	}
}

func TestRestart(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			addr := otlptest.RefusedAddr(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+addr)
			if err := exportOnce(t, p, 300*time.Millisecond); err == nil {
				t.Fatal("exporting to an address without a listener succeeds")
			}
			for range 2 {
				r := otlptest.Start(t, config(p, addr))
				// HTTP exporters share idle connections: the first to try one that the old receiver left finds it closed.
				if err := exportOnce(t, p, time.Minute); err != nil && exportOnce(t, p, time.Minute) != nil {
					t.Errorf("after the start: %v", err)
				}
				if len(r.Spans()) != 1 || r.Endpoint(p) != "http://"+addr {
					t.Errorf("%d spans at %s", len(r.Spans()), r.Endpoint(p))
				}
				r.Stop()
			}
		})
	}
}

func config(p otlptest.Protocol, addr string) otlptest.Config {
	if p == otlptest.HTTP {
		return otlptest.Config{HTTPAddr: addr}
	}
	return otlptest.Config{GRPCAddr: addr}
}

func TestTLS(t *testing.T) {
	tests := []struct {
		name       string
		clientCert bool
		env        func(r *otlptest.Receiver) []string
		fails      bool
	}{
		{"unknown authority", false, func(*otlptest.Receiver) []string { return nil }, true},
		{"known authority", false, func(r *otlptest.Receiver) []string {
			return []string{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + r.CAFile()}
		}, false},
		{"client certificate missing", true, func(r *otlptest.Receiver) []string {
			return []string{"OTEL_EXPORTER_OTLP_CERTIFICATE=" + r.CAFile()}
		}, true},
		{"client certificate", true, func(r *otlptest.Receiver) []string {
			certificate, key := r.ClientCertFiles()
			return []string{
				"OTEL_EXPORTER_OTLP_CERTIFICATE=" + r.CAFile(),
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=" + certificate,
				"OTEL_EXPORTER_OTLP_CLIENT_KEY=" + key,
			}
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := otlptest.Config{TLS: true, ClientCert: test.clientCert}
			eachProtocol(t, cfg, func(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
				setenv(t, test.env(r))
				timeout := time.Minute
				if test.fails {
					timeout = 300 * time.Millisecond // gRPC takes a failed handshake for something to try again
				}
				if err := exportOnce(t, p, timeout); (err != nil) != test.fails {
					t.Errorf("error %v; want one: %v", err, test.fails)
				}
			})
		})
	}
}

func TestWaitNamesWhatIsMissing(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	failing := &failure{TB: t}
	func() {
		defer func() { _ = recover() }()
		r.Wait(failing, time.Millisecond, "a miracle", func() bool { return false })
	}()
	if !strings.Contains(failing.message, "a miracle") || !strings.Contains(failing.message, "traces: 0 requests") {
		t.Errorf("the failure says %q", failing.message)
	}
}

// failure stands in for a test that may fail.
type failure struct {
	testing.TB
	message string
}

func (f *failure) Helper() {}

func (f *failure) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	panic(os.ErrInvalid) // stops the helper as Fatalf would
}
