package otlp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// session is what a test sends: SDK providers with the exports behind them.
type session struct {
	t       *testing.T
	exports *otlp.Exports
	log     *syncBuffer // of level info
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

// setenv points the exporters at a receiver.
func setenv(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
	t.Helper()
	for _, entry := range r.Env(p) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
}

func open(t *testing.T, change func(*otlp.Config)) *session {
	t.Helper()
	s := &session{t: t, log: &syncBuffer{}}
	cfg := otlp.Config{
		Lookup: os.LookupEnv, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		Broken: func(recovered any) { fmt.Fprintln(s.log, "broken:", recovered) },
	}
	if change != nil {
		change(&cfg)
	}
	otlp.TakeOver(cfg.Logger)
	s.exports = otlp.New(cfg)
	var traces []sdktrace.TracerProviderOption
	if s.exports.Spans != nil {
		traces = append(traces, sdktrace.WithSpanProcessor(s.exports.Spans))
	}
	var metrics []sdkmetric.Option
	if s.exports.Metrics != nil {
		metrics = append(metrics, sdkmetric.WithReader(s.exports.Metrics))
	}
	var logs []sdklog.LoggerProviderOption
	if s.exports.Logs != nil {
		logs = append(logs, sdklog.WithProcessor(s.exports.Logs))
	}
	s.traces = sdktrace.NewTracerProvider(traces...)
	s.metrics = sdkmetric.NewMeterProvider(metrics...)
	s.logs = sdklog.NewLoggerProvider(logs...)
	s.exports.Started()
	return s
}

// record makes n spans, n log records and a metric.
func (s *session) record(n int) {
	s.t.Helper()
	counter, err := s.metrics.Meter("test").Int64Counter("things")
	if err != nil {
		s.t.Fatal(err)
	}
	for range n {
		_, span := s.traces.Tracer("test").Start(context.Background(), "span")
		span.End()
		var r log.Record
		r.SetBody(attribute.StringValue("record"))
		s.logs.Logger("test").Emit(context.Background(), r)
		counter.Add(context.Background(), 1)
		s.exports.Recorded()
	}
}

// end shuts everything down and returns the log.
func (s *session) end() string {
	s.t.Helper()
	return s.endWithin(10 * time.Second)
}

// endWithin is the same for a flush timeout.
func (s *session) endWithin(flush time.Duration) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), flush)
	defer cancel()
	err := errors.Join(s.traces.Shutdown(ctx), s.metrics.Shutdown(ctx), s.logs.Shutdown(ctx))
	s.exports.Finish(err == nil)
	if spans, records := s.exports.Lost(); spans+records > 0 {
		fmt.Fprintf(s.log, "lost spans=%d log_records=%d\n", spans, records)
	}
	return s.log.String()
}

// syncBuffer is a buffer that several goroutines may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
