package otel

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Config describes a Sink.
type Config struct {
	Version  string             // of spanpipe, for the instrumentation scope
	Resource *resource.Resource // see NewResource; nil: the SDK's default

	Spans   []sdktrace.SpanProcessor // none: no spans are made
	Metrics []sdkmetric.Reader       // none: nothing is measured
	Logs    []sdklog.Processor       // none: log records go to Logger alone

	// Recorder receives all spans and log records beside the processors. May be nil.
	Recorder Recorder
	// MetricLines receives the metrics beside the readers, as lines of OTLP JSON: each is a call of Write, which must not
	// block. One is written a minute after something was recorded, every minute while operations are open, less often in a
	// session that has lasted for long, and by SampleLines and EndLines. May be nil.
	MetricLines io.Writer

	Logger   *slog.Logger // the program's own log, which receives all log records; nil discards
	LogLevel slog.Level   // the lowest level of log records that are exported

	// Custom are the metrics of the user's, for record.Measurement.
	Custom []Custom

	TraceScope  TraceScope     // which operations share a trace; default TraceSession
	Session     record.Session // what is known of it: at least ID and Launched, which is when its span starts
	Traceparent string         // W3C trace context of the environment; the session's span becomes its child
	Tracestate  string         // likewise

	// MetricsClient adds the client's name to the metrics of operations.
	MetricsClient bool

	// Recorded is called whenever something was measured, by the goroutine that calls the sink. May be nil.
	Recorded func()
	// Lost returns what was lost so far, by reason, for spanpipe.telemetry.dropped. The SDK calls it from its own
	// goroutines. May be nil.
	Lost func() map[string]int64
	// Broken receives a panic from a goroutine that collects metrics. May be nil.
	Broken func(recovered any)
}

// TraceScope is the set of operations that share a trace.
type TraceScope string

// The trace scopes, as they are written in SPANPIPE_TRACE_SCOPE.
const (
	TraceSession   TraceScope = "session"   // all operations of a session
	TraceOperation TraceScope = "operation" // each operation on its own
)

// Sink turns the records of a session into spans, metrics and log records. Opened, Changed and Noted must be called
// from one goroutine; the methods below them are safe for concurrent use.
type Sink struct {
	providers *providers
	spans     *spans
	metrics   *metrics
	observed  *observed
	logs      *logs
	lines     *metricLines // nil unless they are wanted

	active atomic.Int64          // open operations, without those that stay open by nature
	calls  atomic.Int64          // open calls
	open   map[uint64]*operation // by number
	last   struct {              // the operation that ended last: findings about it may follow
		number uint64
		ctx    context.Context
	}
}

// operation is an open operation.
type operation struct {
	ctx      context.Context // holds its span
	active   series          // that counts it as active
	children int
	hung     bool // it has been counted as hanging
}

// New returns a sink for a session that is about to start, and starts the session's span.
func New(cfg Config) *Sink {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sink{open: map[uint64]*operation{}}
	if cfg.MetricLines != nil {
		s.lines, cfg.Metrics = newMetricLines(cfg, func() bool { return s.active.Load() > 0 })
	}
	s.providers = newProviders(cfg)
	x := newInstruments(s.providers.meter, s.recorded(cfg.Recorded))
	for _, c := range cfg.Custom {
		x.createCustom(s.providers.meter, c)
	}
	s.spans, s.metrics, s.logs = newSpans(s.providers.tracer, cfg), newMetrics(x, cfg.MetricsClient), newLogs(cfg, s.providers.logger)
	s.observed = &observed{instruments: x, memoryLimit: proctree.MemoryLimit, lost: cfg.Lost, broken: cfg.Broken}
	s.observed.register(s.providers.meter)
	return s
}

// recorded returns what is called whenever something was measured. It may be nil.
func (s *Sink) recorded(notify func()) func() {
	switch {
	case s.lines == nil:
		return notify
	case notify == nil:
		return s.lines.record
	}
	return func() {
		s.lines.record()
		notify()
	}
}

// Environment returns the variables that make the session's span the parent of the server's own spans: TRACEPARENT, and
// TRACESTATE if there is one. It must not be called once records arrive.
func (s *Sink) Environment() []string { return s.spans.environment() }

// Opened receives an operation that has started. If its parent is neither open nor the operation that ended last, the
// operation's span becomes a child of the session's.
func (s *Sink) Opened(op *record.Operation) {
	if !semconv.LongLived(op.Method) {
		s.active.Add(1)
	}
	if op.IsCall() {
		s.calls.Add(1)
	}
	o := &operation{ctx: s.spans.start(s.parent(op.Parent), op), active: s.metrics.opened(op)}
	s.open[op.Number] = o
	s.logs.opened(o.ctx, op)
}

// Changed receives an operation that has changed. Before its end, only that it is still open or hangs is reported; the
// other changes become events of its span.
func (s *Sink) Changed(op *record.Operation) {
	switch op.Change {
	case record.StillOpen:
		s.logs.open(s.contextOf(op.Number), op)
	case record.Hanging:
		if o, ok := s.open[op.Number]; ok && !o.hung {
			o.hung = true
			s.metrics.hangs(op)
		}
		s.logs.hanging(s.contextOf(op.Number), op)
	case record.Ended:
		s.ended(op)
	}
}

// ended receives an operation that has ended. One that is not open, because it has ended before, is ignored.
func (s *Sink) ended(op *record.Operation) {
	o, ok := s.open[op.Number]
	if !ok {
		return
	}
	delete(s.open, op.Number)
	if !semconv.LongLived(op.Method) {
		s.active.Add(-1)
	}
	if op.IsCall() {
		s.calls.Add(-1)
	}
	s.spans.finish(o.ctx, op)
	s.last.number, s.last.ctx = op.Number, o.ctx
	s.metrics.during(o.ctx, func() {
		s.metrics.ended(op, o.active)
		if op.Stall != "" && !o.hung {
			s.metrics.hangs(op)
		}
	})
	s.logs.ended(o.ctx, op)
}

// Noted receives everything that is not an operation. Types that are not listed concern no signal.
func (s *Sink) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		s.spans.sessionChanged(n)
		s.metrics.sessionChanged(n)
		s.observed.sessionChanged(n)
		s.logs.sessionChanged(s.spans.sessionContext(), n)
	case record.Message:
		s.metrics.message(n)
	case record.Notification:
		if hasSpan(n.Method) {
			s.spans.notification(s.parent(n.Operation), n)
		}
	case record.Violation:
		s.metrics.violation(n)
		s.logs.violation(s.contextAbout(n.Operation), n)
	case record.Finding:
		s.metrics.finding(n)
		s.logs.finding(s.contextAbout(n.Operation), n)
	case record.Measurement:
		s.metrics.measurement(n)
	case record.DefinitionChange:
		s.metrics.definition(n)
		s.logs.definition(s.spans.sessionContext(), n)
	case record.LogLine:
		s.logs.line(s.spans.sessionContext(), n)
	case record.Blockage:
		s.logs.blocked(s.spans.sessionContext(), n)
	case record.Exit:
		s.spans.exit(n)
		s.metrics.exit(n)
		s.observed.exited(n.UserTime, n.SystemTime)
		s.logs.sessionEnded(s.spans.sessionContext(), n)
	}
}

// parent returns the context for another child of an operation. One that has very many, such as a subscription, leaves
// the rest to the session, whose traces are bounded.
func (s *Sink) parent(number uint64) context.Context {
	if o, ok := s.open[number]; ok {
		if o.children == maxTrace {
			return context.Background()
		}
		o.children++
	}
	return s.contextOf(number)
}

// contextOf returns the context that holds the span of an operation that is open, or that ended last. For others, and
// for 0, it holds none.
func (s *Sink) contextOf(number uint64) context.Context {
	if o, ok := s.open[number]; ok {
		return o.ctx
	}
	if number != 0 && number == s.last.number {
		return s.last.ctx
	}
	return context.Background()
}

// contextAbout returns contextOf for a log record: one about no operation, or about one that ended before, is about the session.
func (s *Sink) contextAbout(number uint64) context.Context {
	if ctx := s.contextOf(number); trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return s.spans.sessionContext()
}

// ServerExited takes the CPU times of the server that has ended. Its Exit record may come later, or never if the session is
// given up.
func (s *Sink) ServerExited(user, system time.Duration) { s.observed.exited(user, system) }

// OpenCalls returns how many calls of tools, prompts and resources wait for their response.
func (s *Sink) OpenCalls() int64 { return s.calls.Load() }

// OpenSpans returns the number of spans that would be exported, have started and not ended. If nothing ends them, they are
// lost.
func (s *Sink) OpenSpans() int64 { return s.spans.pending.Load() }

// UnrecordedSpans returns the same for the recorder, which gets all spans.
func (s *Sink) UnrecordedSpans() int64 { return s.spans.unrecorded.Load() }

// Flush exports all that was recorded. It returns when that is done or the context's time is up. The exporters report
// their errors themselves, like those of Shutdown.
func (s *Sink) Flush(ctx context.Context) { s.providers.each(ctx, provider.ForceFlush) }

// SampleLines writes a line of what the server's processes use: at the end they are gone.
func (s *Sink) SampleLines() {
	if s.lines != nil {
		s.lines.sample()
	}
}

// EndLines writes the metrics a last time as a line. It must be called before Shutdown, which may hang for as long as it
// may take.
func (s *Sink) EndLines() {
	if s.lines != nil {
		s.lines.end()
	}
}

// Shutdown exports all that was recorded and stops. It returns when the context's time is up, even if an exporter
// hangs, and reports whether everything was done in time.
func (s *Sink) Shutdown(ctx context.Context) bool { return s.providers.each(ctx, provider.Shutdown) }
