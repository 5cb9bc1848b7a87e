package otlp

import (
	"net/http"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// metricInterval is how often metrics are exported unless OTEL_METRIC_EXPORT_INTERVAL says otherwise. OpenTelemetry's
// default of 60 s is longer than many sessions of a stdio server.
const metricInterval = 10 * time.Second

// quietInterval is the same for a session in which nothing happens. It is OpenTelemetry's default.
const quietInterval = time.Minute

// A batch of so many is sent without waiting for more. It takes 30 to 40 KiB, see docs/adr/0020.
const (
	enoughSpans   = 48
	enoughRecords = 64
)

// Exports holds a processor or reader for each signal that is sent; nil for the others. Its methods are safe for
// concurrent use.
type Exports struct {
	Spans   sdktrace.SpanProcessor
	Metrics sdkmetric.Reader
	Logs    sdklog.Processor

	problems             *problems
	spans, metrics, logs *delivery
	reader               *reader // nil where Metrics is
}

// New makes the exporters that the environment asks for. None of them connects before there is something to send. A
// signal whose variables are invalid is reported and not sent. TakeOver must have been called.
func New(cfg Config) *Exports {
	reportVariables(cfg.Logger, checkVariables(cfg.Lookup, cfg.Logger)...)
	p := newProblems(cfg)
	e := &Exports{
		problems: p, spans: newDelivery(traces, p), metrics: newDelivery(metrics, p), logs: newDelivery(logs, p),
	}
	var preview *http.Client
	if cfg.Preview != nil {
		preview = newPreview(cfg.Preview)
	}
	if exporter, ok := open(cfg, e.spans, preview, newSpanExporter); ok {
		e.Spans = newSpanProcessor(exporter, newBatching(cfg, "OTEL_BSP_", enoughSpans), e.spans)
	}
	if exporter, ok := open(cfg, e.metrics, preview, newMetricExporter); ok {
		e.reader = newReader(exporter, newPace(cfg), e.metrics)
		e.Metrics = e.reader
	}
	if exporter, ok := open(cfg, e.logs, preview, newLogExporter); ok {
		e.Logs = newLogProcessor(exporter, newBatching(cfg, "OTEL_BLRP_", enoughRecords), e.logs)
	}
	reportRefused(cfg, e.spans, e.metrics, e.logs)
	return e
}

// Started notes that the SDK's providers have been made. Errors that the SDK reports until then are about variables,
// later ones about deliveries. Metrics are sent from now on.
func (e *Exports) Started() {
	reportDeliveries(e.problems.reportSDK)
	if e.reader != nil {
		e.reader.schedule()
	}
}

// Recorded notes that metrics were recorded. They are sent within their interval, while those of a session in which
// nothing happens are sent less often.
func (e *Exports) Recorded() {
	if e.reader != nil {
		e.reader.record()
	}
}

// Lost returns how many spans and log records have been lost so far: dropped because the exporter was slower than the
// session, or not delivered.
func (e *Exports) Lost() (spans, logRecords int64) {
	return e.spans.losses(), e.logs.losses()
}

// SentSpans returns how many spans the collector has accepted so far, and how many it has not: those that are lost or
// still in a queue. Spans that are not sampled are neither.
func (e *Exports) SentSpans() (sent, unsent int64) {
	e.spans.mu.Lock()
	defer e.spans.mu.Unlock()
	return e.spans.delivered, e.spans.lost + e.spans.inside
}

// LoseSpans counts spans that were started and will not be ended, if spans are sent at all.
func (e *Exports) LoseSpans(n int64) {
	if e.Spans != nil {
		e.spans.leave(0, n)
	}
}

// Finish reports what the end of the session has cut off, after the SDK's providers have been shut down. What is still in a
// queue is lost. If inTime is false, the shutdown did not complete within its time. It returns whether the user has been
// informed that something could not be delivered.
func (e *Exports) Finish(inTime bool) (told bool) {
	if !inTime && (e.Spans != nil || e.Metrics != nil || e.Logs != nil) {
		e.problems.unfinished(e.spans, e.metrics, e.logs)
	}
	e.spans.abandon()
	e.logs.abandon()
	return e.problems.anyFailed()
}

const (
	maxQueue = 1 << 16 // spans of about a kilobyte each
	maxBatch = 512     // OpenTelemetry's default of how many are sent at once
	// exportTimeout is OpenTelemetry's default of all three signals. The exporters' own, of 10 s, is shorter.
	exportTimeout = 30 * time.Second
)

// newBatching reads OpenTelemetry's variables that begin with the prefix. The SDK's batch processors would panic at a
// negative size, allocate a queue of any size, and spin at a delay of zero. The defaults are OpenTelemetry's, except for
// the delay: it is 5 s there, and a host may kill the process without notice.
func newBatching(cfg Config, prefix string, enough int) batching {
	b := batching{queue: cfg.number(prefix+"MAX_QUEUE_SIZE", wantPositive, 2048, maxQueue)}
	b.most = cfg.number(prefix+"MAX_EXPORT_BATCH_SIZE", wantPositive, min(maxBatch, b.queue), b.queue)
	b.enough = min(enough, b.most)
	b.delay = cfg.milliseconds(prefix+"SCHEDULE_DELAY", time.Second)
	b.timeout = cfg.milliseconds(prefix+"EXPORT_TIMEOUT", exportTimeout)
	return b
}

// newPace reads OpenTelemetry's variables. An interval that the user has set applies also where nothing happens.
func newPace(cfg Config) pace {
	p := pace{busy: cfg.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", metricInterval), quiet: quietInterval}
	if v, _ := cfg.Lookup("OTEL_METRIC_EXPORT_INTERVAL"); v != "" {
		p.quiet = p.busy
	}
	p.timeout = cfg.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT", exportTimeout)
	return p
}
