package otlp

import (
	"context"
	"sync"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// admission counts what the SDK's batch processors drop silently. It stands in front of a processor, accepts no more
// items than the processor's queue can hold, and counts the rest as lost; the exporter behind the processor notes which
// items have left. At the end of a session every item has been delivered, is lost, or is still inside.
type admission struct {
	mu           sync.Mutex
	limit        int64
	inside, lost int64
}

// enter reports whether there is room for an item, and counts it as lost if there is not.
func (a *admission) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inside >= a.limit {
		a.lost++
		return false
	}
	a.inside++
	return true
}

// leave notes that items have been exported, some of them without success.
func (a *admission) leave(items, lost int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inside -= int64(items)
	a.lost += int64(lost)
}

func (a *admission) lose(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost += n
}

func (a *admission) lostSoFar() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lost
}

// total returns what did not arrive, at the end of a session: what is still inside will not.
func (a *admission) total() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lost + a.inside
}

// spanProcessor is the SDK's batch processor behind an admission.
type spanProcessor struct {
	sdktrace.SpanProcessor
	admission *admission
}

func newSpanProcessor(exporter sdktrace.SpanExporter, b batching, d *delivery) sdktrace.SpanProcessor {
	d.admission.limit = int64(b.queue)
	return spanProcessor{sdktrace.NewBatchSpanProcessor(spanExporter{exporter, d}, b.forSpans()...), d.admission}
}

// OnEnd queues the span, or counts it as lost.
func (p spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() && p.admission.enter() {
		p.SpanProcessor.OnEnd(s)
	}
}

// logProcessor is the SDK's batch processor behind an admission.
type logProcessor struct {
	sdklog.Processor
	admission *admission
}

func newLogProcessor(exporter sdklog.Exporter, b batching, d *delivery) sdklog.Processor {
	d.admission.limit = int64(b.queue)
	return logProcessor{sdklog.NewBatchProcessor(logExporter{exporter, d}, b.forLogs()...), d.admission}
}

// OnEmit queues the record, or counts it as lost.
func (p logProcessor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if !p.admission.enter() {
		return nil
	}
	return p.Processor.OnEmit(ctx, r)
}
