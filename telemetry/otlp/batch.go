package otlp

import (
	"context"
	"sync"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// batching is how spans or log records are collected before they are sent.
type batching struct {
	queue   int           // how many may wait or be on their way; more are dropped
	enough  int           // how many are sent without waiting for others
	most    int           // how many are sent at once if so many wait
	delay   time.Duration // how long the first waits for others
	timeout time.Duration // how long it may take to send them
}

// batch collects the finished spans or the log records of a session and sends them. It has no goroutine of its own and
// no timer that runs when nothing waits, as the SDK's batch processors have: an idle session would wake up for each.
//
// A batch is sent as soon as there are enough items for one. Where a round trip to the collector takes so long that many
// more wait at its end, the next batch is a large one.
type batch[T any] struct {
	*delivery
	batching
	export  func(context.Context, []T) error
	stop    func(context.Context) error // shuts the exporter down
	sending chan struct{}               // holds an element while a batch is being sent

	mu      sync.Mutex
	due     *time.Timer // runs while something waits
	waiting []T
	closed  bool
	started bool // a goroutine sends batches, or is about to
	sent    []T  // reused; belongs to the one who is sending
}

func newBatch[T any](
	d *delivery, b batching, export func(context.Context, []T) error, stop func(context.Context) error,
) *batch[T] {
	d.limit = int64(b.queue)
	q := &batch[T]{delivery: d, batching: b, export: export, stop: stop, sending: make(chan struct{}, 1)}
	q.due = time.AfterFunc(time.Hour, func() { _ = q.sendWaiting(context.Background(), 1) })
	q.due.Stop()
	return q
}

// add queues an item, or counts it as lost.
func (q *batch[T]) add(item T) {
	if !q.enter() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, item)
	switch n := len(q.waiting); {
	case q.closed: // it stays inside, and is counted as lost at the end
	case n >= q.enough && !q.started: // another one for each batch would only wait for the first, and they would pile up
		q.started = true
		go func() { _ = q.sendWaiting(context.Background(), q.enough) }() // ends with the exporter's timeout
	case n == 1:
		q.due.Reset(q.delay)
	}
}

// take removes the items of the next batch, if at least so many wait. Its result is valid until the next call.
func (q *batch[T]) take(least int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.due.Stop()
	if len(q.waiting) >= least {
		n := min(len(q.waiting), q.enough)
		if len(q.waiting) >= q.most { // it falls behind: a round trip takes long
			n = q.most
		}
		q.sent = append(q.sent, q.waiting[:n]...)
		rest := copy(q.waiting, q.waiting[n:])
		clear(q.waiting[rest:])
		q.waiting = q.waiting[:rest]
		return q.sent
	}
	q.started = false
	if len(q.waiting) > 0 && !q.closed {
		q.due.Reset(q.delay)
	}
	return nil
}

// sendWaiting sends batches while at least so many items wait. It returns early, with an error, if it has no more time.
func (q *batch[T]) sendWaiting(ctx context.Context, least int) error {
	select {
	case q.sending <- struct{}{}:
		defer func() { <-q.sending }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for ctx.Err() == nil {
		items := q.take(least)
		if items == nil {
			break
		}
		q.send(len(items), func() error {
			ctx, cancel := context.WithTimeout(ctx, q.timeout)
			defer cancel()
			return q.export(ctx, items)
		})
		clear(items)
		q.sent = items[:0]
	}
	return ctx.Err()
}

// ForceFlush sends what waits. It is a method of both of the SDK's interfaces for processors, like Shutdown.
func (q *batch[T]) ForceFlush(ctx context.Context) error { return q.sendWaiting(ctx, 1) }

// Shutdown sends what waits and shuts the exporter down.
func (q *batch[T]) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	if err := q.sendWaiting(ctx, 1); err != nil {
		return err
	}
	return q.stop(ctx)
}

// spanProcessor is the batch of spans.
type spanProcessor struct{ *batch[sdktrace.ReadOnlySpan] }

func newSpanProcessor(exporter sdktrace.SpanExporter, b batching, d *delivery) sdktrace.SpanProcessor {
	return spanProcessor{newBatch(d, b, exporter.ExportSpans, exporter.Shutdown)}
}

// OnStart implements sdktrace.SpanProcessor.
func (spanProcessor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd queues a span that is sampled.
func (p spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		p.add(s)
	}
}

// logProcessor is the batch of log records.
type logProcessor struct{ *batch[sdklog.Record] }

func newLogProcessor(exporter sdklog.Exporter, b batching, d *delivery) sdklog.Processor {
	return logProcessor{newBatch(d, b, exporter.Export, exporter.Shutdown)}
}

// OnEmit queues the record. It need not be cloned: no processor that could change it follows.
func (p logProcessor) OnEmit(_ context.Context, r *sdklog.Record) error {
	p.add(*r)
	return nil
}

// Enabled implements sdklog.Processor.
func (logProcessor) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
