package otlp

import (
	"log/slog"
	"strconv"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// batching is how spans or log records are collected before they are sent.
type batching struct {
	queue int           // how many may wait; more are dropped
	batch int           // how many are sent at once
	delay time.Duration // how long the first waits for others
}

// Defaults and bounds. The default delay is shorter than OpenTelemetry's 5 s because a host may kill the process
// without notice.
const (
	defaultQueue = 2048
	defaultBatch = 512
	defaultDelay = time.Second

	maxQueue = 1 << 16 // spans of about a kilobyte each
	maxDelay = 24 * time.Hour
)

// newBatching reads OpenTelemetry's variables that begin with the prefix. The SDK would read them too, but it panics
// at a negative size, allocates a queue of any size, and spins at a delay of zero.
func newBatching(cfg Config, prefix string) batching {
	number := func(name string, standard, limit int) int {
		return positive(cfg.Lookup, cfg.Logger, prefix+name, standard, limit)
	}
	b := batching{queue: number("MAX_QUEUE_SIZE", defaultQueue, maxQueue)}
	b.batch = number("MAX_EXPORT_BATCH_SIZE", min(defaultBatch, b.queue), b.queue)
	delay := number("SCHEDULE_DELAY", int(defaultDelay.Milliseconds()), int(maxDelay.Milliseconds()))
	b.delay = time.Duration(delay) * time.Millisecond
	return b
}

// positive reads a variable that holds a positive integer, and limits it. An invalid value is reported and ignored.
func positive(lookup lookupFunc, logger *slog.Logger, name string, standard, limit int) int {
	v, _ := lookup(name)
	if v == "" {
		return standard
	}
	n, err := strconv.Atoi(v)
	if err != nil || n <= 0 {
		reportInvalid(logger, name)
		return standard
	}
	return min(n, limit)
}

func (b batching) forSpans() []sdktrace.BatchSpanProcessorOption {
	return []sdktrace.BatchSpanProcessorOption{
		sdktrace.WithMaxQueueSize(b.queue), sdktrace.WithMaxExportBatchSize(b.batch),
		sdktrace.WithBatchTimeout(b.delay),
	}
}

func (b batching) forLogs() []sdklog.BatchProcessorOption {
	return []sdklog.BatchProcessorOption{
		sdklog.WithMaxQueueSize(b.queue), sdklog.WithExportMaxBatchSize(b.batch), sdklog.WithExportInterval(b.delay),
	}
}
