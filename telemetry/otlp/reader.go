package otlp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// pace is how often metrics are sent.
type pace struct {
	busy    time.Duration // after something was recorded
	quiet   time.Duration // otherwise: the usage of the server's process and what was lost are read at each export
	timeout time.Duration // how long it may take to collect and send them
}

// reader collects and sends the metrics. The SDK's periodic reader does so at a fixed interval, also in a session in
// which nothing happens.
type reader struct {
	*sdkmetric.ManualReader
	exporter sdkmetric.Exporter
	delivery *delivery
	pace
	recorded atomic.Bool   // something was recorded since the last collection
	sending  chan struct{} // holds an element while metrics are collected and sent; it guards the next two
	data     metricdata.ResourceMetrics
	ended    bool // they were sent a last time

	mu     sync.Mutex
	due    *time.Timer
	last   time.Time // when they were sent last
	closed bool
}

// newReader returns a reader that sends nothing by itself before it is scheduled: it cannot collect until the SDK's provider
// has been made with it.
func newReader(exporter sdkmetric.Exporter, p pace, d *delivery) *reader {
	r := &reader{
		ManualReader: sdkmetric.NewManualReader(sdkmetric.WithTemporalitySelector(exporter.Temporality),
			sdkmetric.WithAggregationSelector(exporter.Aggregation)),
		exporter: exporter, delivery: d, pace: p, sending: make(chan struct{}, 1), last: time.Now(),
	}
	r.due = time.AfterFunc(time.Hour, func() { _ = r.ForceFlush(context.Background()) })
	return r
}

// Cumulative reports whether what the reader collects is what a reader without options would: OTEL_EXPORTER_OTLP_METRICS_*
// can make values the difference to the export before, and histograms exponential.
func (r *reader) Cumulative() bool {
	_, plain := r.exporter.Aggregation(sdkmetric.InstrumentKindHistogram).(sdkmetric.AggregationExplicitBucketHistogram)
	return plain && r.exporter.Temporality(sdkmetric.InstrumentKindCounter) == metricdata.CumulativeTemporality
}

// record notes that something was recorded, so that the next export is not put off.
func (r *reader) record() {
	if r.recorded.Load() || r.recorded.Swap(true) {
		return
	}
	r.schedule()
}

// schedule sets the time of the next export.
func (r *reader) schedule() {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := r.quiet
	if r.recorded.Load() {
		wait = r.busy
	}
	if !r.closed {
		r.due.Reset(max(0, wait-time.Since(r.last)))
	}
}

// ForceFlush collects the metrics and sends them. The exporter reports its errors through the delivery.
func (r *reader) ForceFlush(ctx context.Context) error { return r.send(ctx, false) }

// send does that, and notes whether it is the last time: the timer may fire while that is under way, and what comes
// after it would only fail.
func (r *reader) send(ctx context.Context, last bool) error {
	select {
	case r.sending <- struct{}{}:
		defer func() { <-r.sending }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.ended {
		return nil
	}
	r.ended = last
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	r.recorded.Store(false)
	r.delivery.send(0, func() error {
		if err := r.Collect(limited, &r.data); err != nil {
			return err
		}
		return r.exporter.Export(limited, &r.data)
	})
	r.mu.Lock()
	r.last = time.Now()
	r.mu.Unlock()
	r.schedule()
	return ctx.Err()
}

// Shutdown sends the metrics a last time and shuts the exporter down.
func (r *reader) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.due.Stop()
	r.mu.Unlock()
	if err := r.send(ctx, true); err != nil {
		return err
	}
	_ = r.ManualReader.Shutdown(ctx) // fails only the second time
	return r.exporter.Shutdown(ctx)
}
