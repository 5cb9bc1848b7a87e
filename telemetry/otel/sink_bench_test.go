package otel_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// BenchmarkCall is what the sink does for one call: two records of an operation and two of messages, without an
// exporter.
func BenchmarkCall(b *testing.B) {
	for name, spans := range map[string][]sdktrace.SpanProcessor{"all": {discard{}}, "metrics": nil, "recorded": nil} {
		b.Run(name, func(b *testing.B) {
			var recorder otel.Recorder
			if name == "recorded" {
				recorder = forgetful{}
			}
			start := time.Now()
			s := otel.New(otel.Config{
				Logger:  slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})),
				Session: record.Session{ID: "x", Launched: start},
				Spans:   spans,
				Metrics: []sdkmetric.Reader{sdkmetric.NewManualReader()}, Recorder: recorder,
			})
			request := record.Message{Direction: record.ToServer, Kind: record.RequestMessage, Method: "tools/call", Size: 100}
			response := record.Message{
				Direction: record.ToClient, Kind: record.ResponseMessage, Method: "tools/call", Size: 100,
			}
			opened := record.Operation{ // reused: making records is the tracker's work
				Change: record.Opened, Direction: record.ToServer, Method: "tools/call", Target: "search",
				RequestID: "7", Protocol: "2025-11-25", Start: start, RequestSize: 100, RoundTrips: 1,
			}
			ended := opened
			ended.Change, ended.Answered, ended.ResponseSize, ended.End = record.Ended, true, 100, start.Add(time.Millisecond)
			b.ReportAllocs()
			for b.Loop() {
				opened.Number++
				ended.Number++
				s.Opened(&opened)
				s.Noted(request)
				s.Changed(&ended)
				s.Noted(response)
			}
		})
	}
}

// discard is a processor that keeps no spans.
type discard struct{ sdktrace.SpanProcessor }

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}

// forgetful is a recorder that keeps nothing.
type forgetful struct{}

func (forgetful) Span(*otlpfile.Span)           {}
func (forgetful) LogRecord(*otlpfile.LogRecord) {}
