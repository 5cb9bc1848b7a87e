package otlp

import (
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// metricInterval is how often metrics are exported unless OTEL_METRIC_EXPORT_INTERVAL says otherwise. OpenTelemetry's
// default of 60 s is longer than many sessions of a stdio server.
const metricInterval = 10 * time.Second

// Config configures the exports of one process. All fields but Preview are required.
type Config struct {
	Lookup  func(string) (string, bool) // looks up an environment variable
	Logger  *slog.Logger                // receives problems with the export
	Preview io.Writer                   // if not nil, receives the records as OTLP JSON, and nothing is sent
	Broken  func(recovered any)         // receives a panic of an exporter; called from goroutines of the SDK
}

// Exports holds a processor or reader for each signal that is sent; nil for the others. Its methods are safe for
// concurrent use.
type Exports struct {
	Spans   sdktrace.SpanProcessor
	Metrics sdkmetric.Reader
	Logs    sdklog.Processor

	problems             *problems
	spans, metrics, logs *delivery
}

// New makes the exporters that the environment asks for. None of them connects before there is something to send. A
// signal whose variables are invalid is reported and not sent. TakeOver must have been called.
func New(cfg Config) *Exports {
	p := newProblems(cfg)
	e := &Exports{
		problems: p, spans: newDelivery(traces, p), metrics: newDelivery(metrics, p), logs: newDelivery(logs, p),
	}
	var preview *http.Client
	if cfg.Preview != nil {
		preview = newPreview(cfg.Preview)
	}
	if exporter, ok := open(cfg, e.spans, preview, newSpanExporter); ok {
		e.Spans = newSpanProcessor(exporter, newBatching(cfg, "OTEL_BSP_"), e.spans)
	}
	if exporter, ok := open(cfg, e.metrics, preview, newMetricExporter); ok {
		var options []sdkmetric.PeriodicReaderOption
		if v, _ := cfg.Lookup("OTEL_METRIC_EXPORT_INTERVAL"); v == "" { // else the SDK reads it
			options = append(options, sdkmetric.WithInterval(metricInterval))
		}
		e.Metrics = sdkmetric.NewPeriodicReader(metricExporter{exporter, e.metrics}, options...)
	}
	if exporter, ok := open(cfg, e.logs, preview, newLogExporter); ok {
		e.Logs = newLogProcessor(exporter, newBatching(cfg, "OTEL_BLRP_"), e.logs)
	}
	return e
}

// Started notes that the SDK's providers have been made. Errors that the SDK reports until then are about variables,
// later ones about deliveries.
func (e *Exports) Started() { reportDeliveries(e.problems.reportSDK) }

// Lost returns how many spans and log records have been lost so far: dropped because the exporter was slower than the
// session, or not delivered.
func (e *Exports) Lost() (spans, logRecords int64) {
	spans, _ = e.spans.counts()
	logRecords, _ = e.logs.counts()
	return spans, logRecords
}

// LoseSpans counts spans that were started and will not be ended, if spans are sent at all.
func (e *Exports) LoseSpans(n int64) {
	if e.Spans != nil {
		e.spans.leave(0, n)
	}
}

// Finish reports what the session has lost, after the SDK's providers have been shut down. What is still in a queue is
// lost; so are messages and pieces of content that were dropped before they became records. If inTime is
// false, the shutdown did not complete within its time.
func (e *Exports) Finish(inTime bool, messages, contents int64) {
	if !inTime && (e.Spans != nil || e.Metrics != nil || e.Logs != nil) {
		e.problems.unfinished(e.spans, e.metrics, e.logs)
	}
	spans, queuedSpans := e.spans.counts()
	records, queuedRecords := e.logs.counts()
	e.problems.summarize(messages, contents, spans+queuedSpans, records+queuedRecords)
}

// batching is how spans or log records are collected before they are sent.
type batching struct {
	queue int           // how many may wait; more are dropped
	batch int           // how many are sent at once
	delay time.Duration // how long the first waits for others
}

const (
	maxQueue = 1 << 16 // spans of about a kilobyte each
	// maxDelay keeps a delay in milliseconds from overflowing a duration.
	maxDelay = 24 * time.Hour
)

// newBatching reads OpenTelemetry's variables that begin with the prefix. The SDK would read them too, but it panics
// at a negative size, allocates a queue of any size, and spins at a delay of zero. The defaults are OpenTelemetry's,
// except for the delay: it is 5 s there, and a host may kill the process without notice.
//
// An invalid value is reported by the variable's name and ignored.
func newBatching(cfg Config, prefix string) batching {
	number := func(name string, standard, limit int) int {
		v, _ := cfg.Lookup(prefix + name)
		if v == "" {
			return standard
		}
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			reportInvalid(cfg.Logger, prefix+name)
			return standard
		}
		return min(n, limit)
	}
	b := batching{queue: number("MAX_QUEUE_SIZE", 2048, maxQueue)}
	b.batch = number("MAX_EXPORT_BATCH_SIZE", min(512, b.queue), b.queue)
	b.delay = time.Duration(number("SCHEDULE_DELAY", 1000, int(maxDelay.Milliseconds()))) * time.Millisecond
	return b
}
