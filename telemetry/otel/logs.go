package otel

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// logs writes log records to the program's own logger and to OpenTelemetry's, if there is one. Keys are the names of
// attributes, not snake_case as in the rest of the program, so that a backend finds records and spans by the same keys.
type logs struct {
	both     *slog.Logger
	exported *slog.Logger                  // only OpenTelemetry's: for lines that are on stderr already
	reported map[record.ViolationKind]bool // at least once
	scratch  []slog.Attr                   // reused: slog copies the attributes
}

// newLogs returns logs to the program's logger and to a provider of OpenTelemetry's, which may be nil.
func newLogs(cfg Config, provider log.LoggerProvider) *logs {
	own, exported := slog.Handler(correlated{cfg.Logger.Handler()}), slog.DiscardHandler
	both := own
	if provider != nil {
		bridge := otelslog.NewHandler(scope, otelslog.WithLoggerProvider(provider), otelslog.WithVersion(cfg.Version))
		exported = leveled{bridge, cfg.LogLevel}
		both = slog.NewMultiHandler(own, exported)
	}
	return &logs{both: slog.New(both), exported: slog.New(exported), reported: map[record.ViolationKind]bool{}}
}

// ended reports an operation that has ended. At is the context of its span.
func (l *logs) ended(op *record.Operation, at trace.SpanContext) {
	ctx := trace.ContextWithSpanContext(context.Background(), at)
	if !l.both.Enabled(ctx, slog.LevelInfo) {
		return
	}
	l.about(op)
	l.scratch = append(l.scratch, slog.Float64(semconv.Duration, op.Duration.Seconds()))
	if op.Answered {
		l.scratch = append(l.scratch, slog.Int64(semconv.ResponseSize, op.ResponseSize))
	}
	l.text(semconv.ErrorType, op.ErrorType)
	l.text(semconv.StatusCode, op.Code)
	l.text(semconv.ErrorClass, string(op.Class))
	l.text(semconv.ErrorMessage, op.Content.Error)
	l.both.LogAttrs(ctx, slog.LevelInfo, semconv.OperationFinished.Message, l.scratch...)
}

// hanging reports an operation that has been open for long. Its duration includes the time in which the server waited
// for the user: the client has waited for all of it.
func (l *logs) hanging(op *record.Operation, at trace.SpanContext) {
	ctx := trace.ContextWithSpanContext(context.Background(), at)
	l.about(op)
	l.scratch = append(l.scratch, slog.Float64(semconv.Duration, (op.Duration+op.InputWait).Seconds()))
	l.both.LogAttrs(ctx, slog.LevelWarn, semconv.OperationHangs.Message, l.scratch...)
}

// about resets the attributes of a record to those that identify its operation.
func (l *logs) about(op *record.Operation) {
	l.scratch = append(l.scratch[:0],
		slog.String(semconv.MethodName, op.Method), slog.String(semconv.Direction, string(op.Direction)))
	if op.Method == semconv.ToolsCall {
		l.text(semconv.ToolName, op.Target)
	} else {
		l.text(semconv.PromptName, op.Target)
	}
	l.text(semconv.RequestID, op.RequestID)
}

func (l *logs) text(key, value string) {
	if value != "" {
		l.scratch = append(l.scratch, slog.String(key, value))
	}
}

// line reports what the server has logged. A line of stderr goes to OpenTelemetry only: the relay writes it to our
// stderr unchanged.
func (l *logs) line(n record.LogLine) {
	ctx := context.Background()
	if n.Source == record.FromStderr {
		l.exported.LogAttrs(ctx, slog.LevelInfo, semconv.ServerStderr.Message, slog.String(semconv.Data, n.Text))
		return
	}
	l.scratch = append(l.scratch[:0], slog.String(semconv.Data, n.Text))
	l.text(semconv.Logger, n.Logger)
	l.both.LogAttrs(ctx, severity(n.Level), semconv.ServerMessage.Message, l.scratch...)
}

// severity maps MCP's levels, which are those of syslog (RFC 5424).
func severity(level string) slog.Level {
	switch level {
	case "debug":
		return slog.LevelDebug
	case "warning":
		return slog.LevelWarn
	case "error", "critical", "alert", "emergency":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// finding reports an unusual call: what was seen, and what had been usual.
func (l *logs) finding(f record.Finding, at trace.SpanContext) {
	l.scratch = append(l.scratch[:0],
		slog.String(semconv.Anomaly, string(f.Kind)), slog.String(semconv.ToolName, f.Tool),
		slog.Float64(semconv.Seen, f.Seen), slog.Float64(semconv.Usual, f.Usual), slog.String(semconv.Unit, f.Unit))
	l.text(semconv.Side, string(f.Side))
	ctx := trace.ContextWithSpanContext(context.Background(), at)
	l.both.LogAttrs(ctx, slog.LevelInfo, semconv.UnusualCall.Message, l.scratch...)
}

// violation reports the first violation of each kind in a session; the metric counts them all.
func (l *logs) violation(v record.Violation) {
	if l.reported[v.Kind] {
		return
	}
	l.reported[v.Kind] = true
	level, hint := slog.LevelInfo, ""
	switch v.Kind {
	case record.Noise, record.InvalidJSON, record.NotJSONRPC:
		level = slog.LevelWarn
		if v.Direction == record.ToClient {
			hint = "a stdio server may write nothing but JSON-RPC messages to stdout; logs belong on stderr"
		}
	case record.ForeignFraming:
		level = slog.LevelWarn
		hint = "this is not newline-delimited JSON-RPC; the bytes pass, but nothing can be measured"
	}
	l.scratch = append(l.scratch[:0],
		slog.String(semconv.Violation, string(v.Kind)), slog.String(semconv.Direction, string(v.Direction)),
		slog.Int64(semconv.Size, v.Size))
	l.text(semconv.Why, v.Reason)
	l.text(semconv.Hint, hint)
	l.both.LogAttrs(context.Background(), level, semconv.UnexpectedMessage.Message, l.scratch...)
}

// correlated adds the ids of the span in the context. The bridge to OpenTelemetry does so by itself.
type correlated struct{ slog.Handler }

// Handle implements slog.Handler.
func (h correlated) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// leveled drops records below a level.
type leveled struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h leveled) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
