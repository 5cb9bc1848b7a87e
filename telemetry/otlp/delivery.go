package otlp

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// delivery accounts for the spans or log records of a session, of which the SDK's batch processors drop some silently.
// It accepts no more items than the processor's queue can hold and counts the rest as lost; the exporter behind the
// processor notes which items have left. So at the end of a session every item has been delivered, is lost, or is still
// inside. Metrics are not counted: after a failed export the next one has the same sums.
type delivery struct {
	signal      signal
	problems    *problems
	route       route // where it goes, if it is sent
	attempts    attempts
	unsupported atomic.Bool // the backend has no such signal; it is not sent any more

	mu           sync.Mutex
	limit        int64 // items that the queue can hold
	inside, lost int64
	sent         int64
}

// newDelivery returns an account that accepts nothing until its limit is set.
func newDelivery(s signal, p *problems) *delivery { return &delivery{signal: s, problems: p} }

// enter reports whether there is room for an item, and counts it as lost if there is not.
func (d *delivery) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside >= d.limit {
		d.lost++
		return false
	}
	d.inside++
	return true
}

// leave notes that items have left the queue, and how many were lost there or elsewhere.
func (d *delivery) leave(items, lost int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside -= items
	d.lost += lost
	d.sent += max(items-lost, 0)
}

// counts returns how many items are lost so far, and how many are in the queue or being sent.
func (d *delivery) counts() (lost, inside int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost, d.inside
}

// send exports a batch of items. An error is accounted for here and goes no further: the SDK would report it again. A
// panic counts as a failure: in the SDK's goroutine it would end the process, and the session with it.
func (d *delivery) send(items int, export func() error) {
	lost := items // unless export returns
	defer func() {
		if r := recover(); r != nil {
			d.problems.broken(r)
		}
		d.leave(int64(items), int64(lost))
	}()
	var err error
	if !d.unsupported.Load() { // otherwise nothing is sent and nothing is lost: the user has been informed
		err = export()
	}
	// Many backends take only traces, such as Jaeger: that is not a failure, and not worth a warning in every session.
	if d.signal != traces && d.unimplemented(err) {
		if !d.unsupported.Swap(true) {
			d.problems.logger.Info(d.signal.String()+" are not sent: the backend does not support them",
				"endpoint", d.route.shown(), "hint", "set OTEL_"+string(d.signal)+"_EXPORTER=none, and spanpipe will not try")
		}
		err = nil
	}
	lost = lostItems(items, err)
	d.problems.report(d, err)
}

// unimplemented reports whether an export failed because the backend has no such service: gRPC's code, or HTTP's status.
func (d *delivery) unimplemented(err error) bool {
	last, _ := d.attempts.failure()
	return err != nil && (status.Code(last.err) == codes.Unimplemented || last.status == http.StatusNotFound)
}

// lostItems returns how many items of a batch did not arrive.
func lostItems(items int, err error) int {
	if rejected, partial := partialSuccess(err); partial {
		return min(rejected, items)
	}
	if err != nil {
		return items
	}
	return 0
}

// partialSuccessText is what the exporters make of OTLP's partial success
// (https://opentelemetry.io/docs/specs/otlp/#partial-success). Its type is internal to each of them.
var partialSuccessText = regexp.MustCompile(`(?s)^(?:[a-z ]+: )?OTLP partial success: .*\((\d+) [a-z ]+ rejected\)$`)

// partialSuccess reports whether an error is a partial success, and of how many rejected items. If it is of none, the
// backend has accepted everything and only sent a warning.
func partialSuccess(err error) (rejected int, is bool) {
	if err == nil {
		return 0, false
	}
	m := partialSuccessText.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, false
	}
	rejected, err = strconv.Atoi(m[1])
	return rejected, err == nil
}

// The wrappers below put a delivery in front of the SDK's processors, and between them and the exporters. The SDK has
// an interface of its own for each signal. An exporter's method returns no error, see send.

// spanProcessor is the SDK's batch processor behind a delivery.
type spanProcessor struct {
	sdktrace.SpanProcessor
	delivery *delivery
}

func newSpanProcessor(exporter sdktrace.SpanExporter, b batching, d *delivery) sdktrace.SpanProcessor {
	d.limit = int64(b.queue)
	return spanProcessor{sdktrace.NewBatchSpanProcessor(spanExporter{exporter, d}, sdktrace.WithMaxQueueSize(b.queue),
		sdktrace.WithMaxExportBatchSize(b.batch), sdktrace.WithBatchTimeout(b.delay)), d}
}

// OnEnd queues the span, or counts it as lost.
func (p spanProcessor) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() && p.delivery.enter() { // the batch processor ignores spans that are not sampled
		p.SpanProcessor.OnEnd(s)
	}
}

// spanExporter accounts for what it sends.
type spanExporter struct {
	sdktrace.SpanExporter
	delivery *delivery
}

// ExportSpans sends the spans.
func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.delivery.send(len(spans), func() error { return e.SpanExporter.ExportSpans(ctx, spans) })
	return nil
}

// logProcessor is the same for log records.
type logProcessor struct {
	sdklog.Processor
	delivery *delivery
}

func newLogProcessor(exporter sdklog.Exporter, b batching, d *delivery) sdklog.Processor {
	d.limit = int64(b.queue)
	return logProcessor{sdklog.NewBatchProcessor(logExporter{exporter, d}, sdklog.WithMaxQueueSize(b.queue),
		sdklog.WithExportMaxBatchSize(b.batch), sdklog.WithExportInterval(b.delay)), d}
}

// OnEmit queues the record, or counts it as lost.
func (p logProcessor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if !p.delivery.enter() {
		return nil
	}
	return p.Processor.OnEmit(ctx, r)
}

// logExporter accounts for what it sends.
type logExporter struct {
	sdklog.Exporter
	delivery *delivery
}

// Export sends the records.
func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	e.delivery.send(len(records), func() error { return e.Exporter.Export(ctx, records) })
	return nil
}

// metricExporter reports what it cannot send.
type metricExporter struct {
	sdkmetric.Exporter
	delivery *delivery
}

// Export sends the metrics.
func (e metricExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	e.delivery.send(0, func() error { return e.Exporter.Export(ctx, m) })
	return nil
}
