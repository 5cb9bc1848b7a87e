package otel

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// logs writes log records to the program's own logger and to OpenTelemetry's, if there is one. Keys are the names of
// attributes, not snake_case as in the rest of the program, so that a backend finds records and spans by the same keys.
type logs struct {
	own      *slog.Logger                  // the program's
	exported *slog.Logger                  // OpenTelemetry's
	level    slog.Level                    // the lowest that is exported
	reported map[record.ViolationKind]bool // at least once
}

// newLogs returns logs to the configured logger and, through OpenTelemetry's bridge for slog, to the provider.
func newLogs(cfg Config, provider log.LoggerProvider) *logs {
	return &logs{
		own: cfg.Logger, level: cfg.LogLevel, reported: map[record.ViolationKind]bool{},
		exported: otelslog.NewLogger(scope, otelslog.WithLoggerProvider(provider), otelslog.WithVersion(cfg.Version)),
	}
}

// write writes a record to both logs. The one to OpenTelemetry is in the context of the span that it is about, if there
// is one; the program's own shows the span's ids. Attributes that are empty are left out.
func (l *logs) write(at trace.SpanContext, level slog.Level, r semconv.Record, all ...slog.Attr) {
	all = l.export(at, level, r, all...)
	if at.IsValid() {
		all = append(all, slog.String("trace_id", at.TraceID().String()), slog.String("span_id", at.SpanID().String()))
	}
	l.own.LogAttrs(context.Background(), level, r.Message, all...)
}

// export writes a record to OpenTelemetry's log alone. It returns the attributes that are not empty.
func (l *logs) export(at trace.SpanContext, level slog.Level, r semconv.Record, all ...slog.Attr) []slog.Attr {
	all = slices.DeleteFunc(all, func(a slog.Attr) bool { return a.Key == "" || a.Value.Equal(slog.StringValue("")) })
	if level >= l.level {
		l.exported.LogAttrs(trace.ContextWithSpanContext(context.Background(), at), level, r.Message, all...)
	}
	return all
}

// ended reports an operation that has ended. At is the context of its span.
func (l *logs) ended(op *record.Operation, at trace.SpanContext) {
	var size slog.Attr
	if op.Answered {
		size = slog.Int64(semconv.ResponseSize, op.ResponseSize)
	}
	l.write(at, slog.LevelInfo, semconv.OperationFinished, append(about(op),
		slog.Float64(semconv.Duration, op.Duration.Seconds()), size,
		slog.String(semconv.ErrorType, op.ErrorType), slog.String(semconv.StatusCode, op.Code),
		slog.String(semconv.ErrorClass, string(op.Class)), slog.String(semconv.ErrorMessage, op.Content.Error))...)
}

// hanging reports an operation that has been open for long. Its duration includes the time in which the server waited
// for the user: the client has waited for all of it.
func (l *logs) hanging(op *record.Operation, at trace.SpanContext) {
	l.write(at, slog.LevelWarn, semconv.OperationHangs,
		append(about(op), slog.Float64(semconv.Duration, (op.Duration+op.InputWait).Seconds()))...)
}

// about returns the attributes that identify an operation.
func about(op *record.Operation) []slog.Attr {
	target := semconv.PromptName
	if op.Method == semconv.ToolsCall {
		target = semconv.ToolName
	}
	return []slog.Attr{
		slog.String(semconv.MethodName, op.Method), slog.String(semconv.Direction, string(op.Direction)),
		slog.String(target, op.Target), slog.String(semconv.RequestID, op.RequestID),
	}
}

// line reports what the server has logged. A line of stderr goes to OpenTelemetry only: the relay writes it to our
// stderr unchanged.
func (l *logs) line(n record.LogLine) {
	text := slog.String(semconv.Data, n.Text)
	if n.Source == record.FromStderr {
		l.export(trace.SpanContext{}, slog.LevelInfo, semconv.ServerStderr, text)
		return
	}
	l.write(trace.SpanContext{}, severity(n.Level), semconv.ServerMessage, text, slog.String(semconv.Logger, n.Logger))
}

// severity maps MCP's levels, which are those of syslog (RFC 5424). slog has four of the eight, and an unknown level
// is not worth an alarm.
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
	l.write(at, slog.LevelInfo, semconv.UnusualCall,
		slog.String(semconv.Anomaly, string(f.Kind)), slog.String(semconv.ToolName, f.Tool),
		slog.Float64(semconv.Seen, f.Seen), slog.Float64(semconv.Usual, f.Usual), slog.String(semconv.Unit, f.Unit),
		slog.String(semconv.Side, string(f.Side)))
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
	l.write(trace.SpanContext{}, level, semconv.UnexpectedMessage,
		slog.String(semconv.Violation, string(v.Kind)), slog.String(semconv.Direction, string(v.Direction)),
		slog.Int64(semconv.Size, v.Size), slog.String(semconv.Why, v.Reason), slog.String(semconv.Hint, hint))
}
