package otel

import (
	"log/slog"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Config describes a Sink.
type Config struct {
	Version  string             // of spanpipe, for the instrumentation scope
	Resource *resource.Resource // see NewResource; nil: the SDK's default

	Spans   []sdktrace.SpanProcessor // none: no spans are made
	Metrics []sdkmetric.Reader       // none: nothing is measured
	Logs    []sdklog.Processor       // none: log records go to Logger alone

	Logger   *slog.Logger // the program's own log, which receives all log records; nil discards
	LogLevel slog.Level   // the lowest level of log records that are exported

	TraceScope  TraceScope     // which operations share a trace; default TraceSession
	Session     record.Session // what is known of it: at least ID and Launched, which is when its span starts
	Traceparent string         // W3C trace context of the environment; the session's span becomes its child
	Tracestate  string         // likewise

	// Lost returns what was lost so far, by reason, for spanpipe.telemetry.dropped. The SDK calls it from its own
	// goroutines. May be nil.
	Lost func() map[string]int64
	// Broken receives a panic from a goroutine of the SDK's that collects metrics. May be nil.
	Broken func(recovered any)
}

// TraceScope is the set of operations that share a trace.
type TraceScope string

// The trace scopes, as they are written in SPANPIPE_TRACE_SCOPE.
const (
	TraceSession   TraceScope = "session"   // all operations of a session
	TraceOperation TraceScope = "operation" // each operation on its own
)
