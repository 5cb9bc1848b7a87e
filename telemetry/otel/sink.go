package otel

import (
	"context"
	"log/slog"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Config describes a Sink.
type Config struct {
	Version  string             // of spanpipe, for the instrumentation scope
	Resource *resource.Resource // see NewResource; nil: what the SDK knows by itself

	Spans   []sdktrace.SpanProcessor // none: no spans are made
	Metrics []sdkmetric.Reader       // none: nothing is measured
	Logs    []sdklog.Processor       // none: log records go to Logger alone

	Logger   *slog.Logger // the program's own log, which gets all log records; nil discards
	LogLevel slog.Level   // from which level on log records are exported

	TraceScope  TraceScope     // which operations share a trace; default TraceSession
	Session     record.Session // as it is known: at least ID, and Launched, when its span starts
	Traceparent string         // W3C trace context of the environment; the session's span becomes its child
	Tracestate  string         // likewise

	// Lost returns what was lost so far, by reason, for spanpipe.telemetry.dropped. It is called from goroutines of the
	// SDK's. May be nil.
	Lost func() map[string]int64
	// Broken receives a panic from a goroutine of the SDK's, in which metrics are read. May be nil.
	Broken func(recovered any)
}

// TraceScope says which operations share a trace.
type TraceScope string

// The trace scopes, as they are written in SPANPIPE_TRACE_SCOPE.
const (
	TraceSession   TraceScope = "session"   // all operations of a session
	TraceOperation TraceScope = "operation" // each operation on its own
)

// Sink makes spans, metrics and log records of a session's records. Opened, Changed and Noted are for one goroutine,
// which need not be that of New; the other methods are safe for concurrent use.
type Sink struct {
	providers *providers
	spans     *spans
	metrics   *metrics
	observed  *observed
	logs      *logs

	open map[uint64]*operation // by number
	last struct {              // the operation that ended last: findings about it follow
		number uint64
		at     trace.SpanContext
	}
}

// operation is an open operation.
type operation struct {
	record *record.Operation // as it was opened
	place  place             // of its span
	active *series           // that it is counted under
}

// New returns a sink for a session that is about to start, and starts the session's span.
func New(cfg Config) *Sink {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p := newProviders(cfg)
	x := newInstruments(p.meter)
	s := &Sink{
		providers: p, spans: newSpans(p.tracer, cfg), metrics: newMetrics(x), logs: newLogs(cfg, p.logger),
		observed: &observed{instruments: x, lost: cfg.Lost, broken: cfg.Broken},
		open:     map[uint64]*operation{},
	}
	s.observed.register(p.meter)
	return s
}

// Environment returns the variables that make the session's span the parent of what the server traces: TRACEPARENT, and
// TRACESTATE if there is one. It is for the goroutine of New.
func (s *Sink) Environment() []string { return s.spans.environment() }

// Opened takes an operation that has begun.
func (s *Sink) Opened(op *record.Operation) {
	s.open[op.Number] = &operation{op, s.spans.opened(s.contextOf(op.Parent)), s.metrics.opened(op)}
}

// Changed takes an operation that has changed. Of the changes before its end, only hanging is reported; the others are
// events of the span that is made at the end.
func (s *Sink) Changed(op *record.Operation) {
	switch op.Change {
	case record.Hanging:
		s.logs.hanging(op, s.contextOf(op.Number))
	case record.Ended:
		s.ended(op)
	}
}

func (s *Sink) ended(op *record.Operation) {
	o := s.open[op.Number]
	if o == nil {
		return
	}
	delete(s.open, op.Number)
	at := s.spans.ended(op, &o.place)
	s.last.number, s.last.at = op.Number, at
	s.metrics.ended(op, o.active)
	s.logs.ended(op, at)
}

// Noted takes what is not an operation.
func (s *Sink) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		s.spans.sessionChanged(n)
		s.metrics.sessionChanged(n)
		s.observed.sessionChanged(n)
	case record.Message:
		s.metrics.message(n)
	case record.Notification:
		s.spans.notification(n, s.contextOf(n.Operation))
	case record.Violation:
		s.metrics.violation(n)
		s.logs.violation(n)
	case record.Finding:
		s.metrics.finding(n)
		s.logs.finding(n, s.contextOf(n.Operation))
	case record.LogLine:
		s.logs.line(n)
	case record.Exit:
		s.spans.endSession(n.Time)
		s.metrics.exit(n)
		s.observed.exit(n)
	}
}

// contextOf returns the context of an operation's span, which is made for that if the operation is open. It is invalid
// for an operation that ended before the last one, and for none.
func (s *Sink) contextOf(number uint64) trace.SpanContext {
	if o := s.open[number]; o != nil {
		return s.spans.contextOf(o.record, &o.place)
	}
	if number != 0 && number == s.last.number {
		return s.last.at
	}
	return trace.SpanContext{}
}

// OpenSpans returns how many spans have begun and not ended. They are lost if the session is given up.
func (s *Sink) OpenSpans() int64 { return s.spans.pending.Load() }

// Flush sends what there is. It returns when everything is sent or the context's time is up.
func (s *Sink) Flush(ctx context.Context) { s.providers.each(ctx, provider.ForceFlush) }

// Shutdown sends what there is and ends the export. It returns when the context's time is up, even if an exporter still
// hangs, and reports whether all was done in time.
func (s *Sink) Shutdown(ctx context.Context) bool { return s.providers.each(ctx, provider.Shutdown) }
