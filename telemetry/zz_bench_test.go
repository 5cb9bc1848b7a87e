package telemetry

import (
	"context"
	"testing"
	"time"
	"log/slog"
	"io"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

type disc struct{ sdktrace.SpanProcessor }

func (disc) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (disc) OnEnd(sdktrace.ReadOnlySpan)                     {}

func BenchmarkOldCall(b *testing.B) {
	for _, what := range []string{"all", "metrics"} {
		b.Run(what, func(b *testing.B) {
			cfg := Config{Logger: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})), Lookup: func(string) (string, bool) { return "", false }, HangAfter: time.Hour}
			e := noExports(cfg, &dropped{}, func(any) {})
			if what == "all" {
				e.tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(disc{})).Tracer("x")
				e.tracing = true
			}
			e.meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())).Meter("x")
			c := &clock{epoch: time.Now()}
			r := newRecorder(cfg, e, c)
			r.ready = func(bool) {}
			r.running(e, time.Now())
			req, ans := &session.Message{Dir: session.ToServer, Kind: framing.Request, Method: "tools/call", Size: 100}, &session.Message{Dir: session.ToClient, Kind: framing.Response, Method: "tools/call", Size: 100}
			b.ReportAllocs()
			for b.Loop() {
				op := &session.Operation{Dir: session.ToServer, Method: "tools/call", Target: "search", Protocol: "2025-11-25", Start: 1000, RequestSize: 100, RoundTrips: 1}
				op.ID.Text = "7"
				r.lost.open.Add(1)
				r.spans.started(op)
				r.metrics.opened(op)
				r.metrics.message(req)
				op.End, op.FirstByte, op.Answered, op.ResponseSize = 3000, 2000, true, 100
				at := r.spans.finished(op)
				r.metrics.finished(op)
				r.records.operation(op, at)
				r.metrics.message(ans)
			}
		})
	}
}
