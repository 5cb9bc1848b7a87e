package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// losses counts what could not be recorded or sent, and tells the user once, not once a second.
type losses struct {
	logger *slog.Logger
	told   atomic.Bool         // of a failure
	noted  atomic.Bool         // a remark of the collector's
	broken func(recovered any) // is told of a panic
	hidden credentials
	jobs   chan func()   // exports, for the workers
	over   chan struct{} // closed when the session is over, and the host waits for us

	*dropped              // the relay was faster than the consumer
	open     atomic.Int64 // spans that have begun and not ended
	spans    door         // the exporter was slower than the calls, or could not deliver
	logs     door
}

func newLosses(cfg Config, d *dropped, broken func(any)) *losses {
	return &losses{
		dropped: d, logger: cfg.Logger, broken: broken, hidden: headerCredentials(cfg.Lookup), jobs: make(chan func()), over: make(chan struct{}),
	}
}

var errPanicked = errors.New("the exporter has panicked")

// worker exports on a thread that comes after the relay's, until the session is over. Each signal, which has one export at a time,
// has a worker of its own: a thread of a goroutine's own ends with it, and where the system has no new one to give, the runtime
// ends the process.
func (l *losses) worker() {
	modest()
	for {
		select {
		case job := <-l.jobs:
			job()
		case <-l.over:
			return
		}
	}
}

// export has a worker run an exporter, and waits for it. When the session is over, there is no relay to come after.
func (l *losses) export(do func() error) error {
	done := make(chan error, 1)
	select {
	case l.jobs <- func() { done <- l.guarded(do) }:
		return <-done
	case <-l.over:
		return l.guarded(do)
	}
}

// guarded survives a panic, which would end the process, and the session with it.
func (l *losses) guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			l.broken(r)
			err = errPanicked
		}
	}()
	return do()
}

// failed hears of every export that did not succeed. One that was cut off by the end of the session is told there.
func (l *losses) failed(err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errPanicked) {
		return
	}
	if n, partial := rejected(err); partial && n == 0 {
		if !l.noted.Swap(true) {
			l.logger.Warn("the collector has taken what it was sent, with a remark", "remark", l.hidden.hide(err.Error()))
		}
		return
	}
	if l.told.Swap(true) {
		return
	}
	l.logger.Warn("telemetry cannot be delivered; the server is not affected", "error", l.hidden.hide(err.Error()),
		"hint", "is the collector running, and does OTEL_EXPORTER_OTLP_ENDPOINT point to it?")
}

// giveUp counts the spans that nobody is going to end.
func (l *losses) giveUp() {
	if l.spans.limit > 0 { // they would have been sent
		l.spans.lose(l.open.Load())
	}
}

// sum tells at the end of the session what was lost. Where a failed delivery has been told already, it is no news.
func (l *losses) sum() {
	messages, contents, spans, logs := l.messages.Load(), l.contents.Load(), l.spans.total(), l.logs.total()
	if messages+contents+spans+logs == 0 {
		return
	}
	level := slog.LevelWarn
	if l.told.Load() {
		level = slog.LevelInfo
	}
	l.logger.Log(context.Background(), level, "some telemetry of this session is lost; the server was not affected",
		"messages", messages, "contents", contents, "spans", spans, "log_records", logs)
}

// door counts what the SDK's batch processors drop without telling: it stands before one, admits no more than its queue
// holds, and counts the rest; the exporter behind tells it what has left. Nothing passes it uncounted: what is on its way out
// when the session ends is either inside or lost.
type door struct {
	limit int64 // set before the first enters

	mu           sync.Mutex
	inside, lost int64
}

func (d *door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside == d.limit {
		d.lost++
		return false
	}
	d.inside++
	return true
}

// leave takes what was exported, and how that ended.
func (d *door) leave(n int, err error) {
	lost := 0
	if few, partial := rejected(err); partial {
		lost = min(few, n)
	} else if err != nil {
		lost = n
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside -= int64(n)
	d.lost += int64(lost)
}

func (d *door) lose(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost += n
}

// gone is what is lost so far.
func (d *door) gone() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// total is all that did not arrive; at the end of a session, what is still inside will not.
func (d *door) total() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost + d.inside
}

// spanBatches is the SDK's batch processor behind a door.
type spanBatches struct {
	sdktrace.SpanProcessor
	door *door
}

func newSpanBatches(cfg Config, exporter sdktrace.SpanExporter, l *losses) *spanBatches {
	b := newBatching(cfg, "OTEL_BSP_")
	l.spans.limit = int64(b.queue)
	go l.worker()
	return &spanBatches{sdktrace.NewBatchSpanProcessor(spanExporter{exporter, l},
		sdktrace.WithMaxQueueSize(b.queue), sdktrace.WithMaxExportBatchSize(b.batch), sdktrace.WithBatchTimeout(b.delay)), &l.spans}
}

// OnEnd queues the span, or counts it as lost.
func (b *spanBatches) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() && b.door.enter() {
		b.SpanProcessor.OnEnd(s)
	}
}

type spanExporter struct {
	sdktrace.SpanExporter
	lost *losses
}

// ExportSpans sends the spans. Its error ends here: the SDK would only report it a second time.
func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.lost.export(func() error { return e.SpanExporter.ExportSpans(ctx, spans) })
	e.lost.spans.leave(len(spans), err)
	e.lost.failed(err)
	return nil
}

// logBatches is the same for log records.
type logBatches struct {
	sdklog.Processor
	door *door
}

func newLogBatches(cfg Config, exporter sdklog.Exporter, l *losses) *logBatches {
	b := newBatching(cfg, "OTEL_BLRP_")
	l.logs.limit = int64(b.queue)
	go l.worker()
	return &logBatches{sdklog.NewBatchProcessor(logExporter{exporter, l, &refusal{signal: logs, logger: l.logger}},
		sdklog.WithMaxQueueSize(b.queue), sdklog.WithExportMaxBatchSize(b.batch), sdklog.WithExportInterval(b.delay)), &l.logs}
}

// OnEmit queues the record, or counts it as lost.
func (b *logBatches) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if !b.door.enter() {
		return nil
	}
	return b.Processor.OnEmit(ctx, r)
}

type logExporter struct {
	sdklog.Exporter
	lost    *losses
	refused *refusal
}

// Export sends the records, as spanExporter does.
func (e logExporter) Export(ctx context.Context, records []sdklog.Record) error {
	err := e.refused.unless(func() error {
		return e.lost.export(func() error { return e.Exporter.Export(ctx, records) })
	})
	e.lost.logs.leave(len(records), err)
	e.lost.failed(err)
	return nil
}

// metricExporter tells of failures. Nothing is lost by one: the next export has the same sums.
type metricExporter struct {
	sdkmetric.Exporter
	lost    *losses
	refused *refusal
}

// Export sends the metrics, as spanExporter does.
func (e metricExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	e.lost.failed(e.refused.unless(func() error {
		return e.lost.export(func() error { return e.Exporter.Export(ctx, m) })
	}))
	return nil
}

// observe exports the counts, for as long as that is possible.
func (l *losses) observe(meter metric.Meter) {
	i := semconv.TelemetryDropped
	_, _ = meter.Int64ObservableCounter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for reason, n := range map[string]int64{
				"message": l.messages.Load(), "content": l.contents.Load(), "span": l.spans.gone(), "log_record": l.logs.gone(),
			} {
				o.Observe(n, metric.WithAttributes(attribute.String(semconv.Reason, reason)))
			}
			return nil
		}))
}
