package store_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// BenchmarkWriter measures what a call costs its caller, and the goroutine that writes: in memory, without content and with
// it. Every 40 calls are written at once, as at 200 calls a second.
func BenchmarkWriter(b *testing.B) {
	for _, bench := range []struct {
		name    string
		content []attribute.KeyValue
	}{
		{"plain", nil},
		{"content", []attribute.KeyValue{attribute.String(semconv.ToolCallArguments, `{"query":"a word or two"}`)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w := store.Create(store.Config{Dir: b.TempDir(), Origin: origin(), Meta: store.Meta{Launched: time.Now()}})
			op := &record.Operation{
				Change: record.Ended, Number: 1, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "search", RoundTrips: 1,
				Start: time.Now(), End: time.Now(), Duration: time.Millisecond, Answered: true, RequestSize: 200, ResponseSize: 3000,
			}
			span := newSpan(op, bench.content...)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.Opened(op)
				w.Span(span)
				w.Changed(op)
				if i%40 == 39 {
					w.Flush(b.Context())
				}
			}
			w.Close(b.Context(), nil)
			if lost, _ := w.Lost(); lost > 0 {
				b.Errorf("%d spans were lost", lost)
			}
		})
	}
}
