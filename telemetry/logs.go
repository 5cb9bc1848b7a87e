package telemetry

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// records writes log records of what happens in the session: to the program's own logger, and where the policy allows it to
// the collector. Keys are the attributes' names, not snake_case as in the rest of the program, so that a backend finds
// records and spans by the same words.
type records struct {
	logger *slog.Logger
	remote *slog.Logger // the collector alone: for what has been on stderr already
	told   map[session.Violation]bool
	hangs  map[*session.Operation]time.Duration // when an open operation is to be reported next
	after  time.Duration
	attrs  []slog.Attr // scratch: a record copies what it is given
}

func newRecords(cfg Config, e *exports) *records {
	handler, remote := slog.Handler(correlated{cfg.Logger.Handler()}), slog.DiscardHandler
	if e.logging {
		bridge := otelslog.NewHandler(scopeName, otelslog.WithLoggerProvider(e.logger), otelslog.WithVersion(cfg.Version))
		remote = leveled{bridge, cfg.LogLevel}
		handler = slog.NewMultiHandler(handler, remote)
	}
	return &records{
		logger: slog.New(handler), remote: slog.New(remote), told: map[session.Violation]bool{},
		hangs: map[*session.Operation]time.Duration{}, after: cfg.HangAfter,
	}
}

// operation records a finished operation.
func (r *records) operation(op *session.Operation, at trace.SpanContext) {
	delete(r.hangs, op)
	ctx := trace.ContextWithSpanContext(context.Background(), at)
	if !r.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	r.about(op)
	r.attrs = append(r.attrs, slog.Float64(semconv.Duration, op.Duration().Seconds()))
	if op.Answered {
		r.attrs = append(r.attrs, slog.Int64(semconv.ResponseSize, op.ResponseSize))
	}
	r.text(semconv.ErrorType, op.ErrorType)
	r.text(semconv.StatusCode, op.Code)
	r.text(semconv.ErrorClass, string(op.Class))
	r.text(semconv.ErrorMessage, shownError(op))
	r.logger.LogAttrs(ctx, slog.LevelInfo, semconv.OperationFinished.Message, r.attrs...)
}

// about begins the attributes of a record with which operation it is about.
func (r *records) about(op *session.Operation) {
	r.attrs = append(r.attrs[:0], slog.String(semconv.MethodName, op.Method), slog.String(semconv.Direction, op.Dir.String()))
	if op.Method == semconv.ToolsCall {
		r.text(semconv.ToolName, op.Target)
	} else {
		r.text(semconv.PromptName, op.Target)
	}
	r.text(semconv.RequestID, op.ID.Text)
}

func (r *records) text(key, value string) {
	if value != "" {
		r.attrs = append(r.attrs, slog.String(key, value))
	}
}

// hanging reports an operation that has been open for long, while it is: after the configured time, and again each time that
// it has lasted twice as long. The place of its span is asked for only then.
func (r *records) hanging(op *session.Operation, now time.Duration, place func(*session.Operation) trace.SpanContext) {
	next, seen := r.hangs[op]
	if !seen {
		next = op.Start + r.after
	}
	if now < next {
		return
	}
	r.hangs[op] = op.Start + 2*(now-op.Start)
	r.about(op)
	r.attrs = append(r.attrs, slog.Float64(semconv.Duration, (now-op.Start).Seconds()))
	r.logger.LogAttrs(trace.ContextWithSpanContext(context.Background(), place(op)), slog.LevelWarn, semconv.OperationHangs.Message, r.attrs...)
}

// message records a log message of the server's, if those were asked for.
func (r *records) message(n *session.Note) {
	data := shown(n.Message.Extra).Data
	if data == "" {
		return
	}
	attrs := []slog.Attr{slog.String(semconv.Data, data)}
	if n.Message.Extra.Logger != "" {
		attrs = append(attrs, slog.String(semconv.Logger, n.Message.Extra.Logger))
	}
	r.logger.LogAttrs(context.Background(), severity(n.Message.Extra.Level), semconv.ServerMessage.Message, attrs...)
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

// stderr records a line that the server has written to stderr.
func (r *records) stderr(line string) {
	r.remote.LogAttrs(context.Background(), slog.LevelInfo, semconv.ServerStderr.Message, slog.String(semconv.Data, line))
}

// found reports what stands out: what was seen, and what had been usual.
func (r *records) found(f *anomaly.Finding, at trace.SpanContext) {
	attrs := []slog.Attr{
		slog.String(semconv.Anomaly, string(f.Kind)), slog.String(semconv.ToolName, f.Tool),
		slog.Float64(semconv.Seen, f.Seen), slog.Float64(semconv.Usual, f.Usual), slog.String(semconv.Unit, f.Unit),
	}
	if f.From != "" {
		attrs = append(attrs, slog.String(semconv.FromTool, f.From))
	}
	if f.Side != "" {
		attrs = append(attrs, slog.String(semconv.Side, string(f.Side)))
	}
	r.logger.LogAttrs(trace.ContextWithSpanContext(context.Background(), at), slog.LevelInfo, semconv.UnusualCall.Message, attrs...)
}

// violated reports the first violation of each kind in a session; the metric counts them all.
func (r *records) violated(n *session.Note) {
	if r.told[n.Violation] {
		return
	}
	r.told[n.Violation] = true
	level, hint := slog.LevelInfo, ""
	switch n.Violation {
	case session.Noise, session.InvalidJSON, session.NotJSONRPC:
		level = slog.LevelWarn
		if n.Message.Dir == session.ToClient {
			hint = "a stdio server may write nothing but JSON-RPC messages to stdout; logs belong on stderr"
		}
	case session.ForeignFraming:
		level, hint = slog.LevelWarn, "this is not newline-delimited JSON-RPC; the bytes pass, but nothing can be measured"
	}
	attrs := []slog.Attr{
		slog.String(semconv.Violation, string(n.Violation)), slog.String(semconv.Direction, n.Message.Dir.String()),
		slog.Int64(semconv.Size, n.Message.Size),
	}
	if n.Message.Reason != "" {
		attrs = append(attrs, slog.String(semconv.Why, n.Message.Reason))
	}
	if hint != "" {
		attrs = append(attrs, slog.String(semconv.Hint, hint))
	}
	r.logger.LogAttrs(context.Background(), level, semconv.UnexpectedMessage.Message, attrs...)
}

// correlated adds the ids of the span in the context, which the bridge to OpenTelemetry finds there itself.
type correlated struct{ slog.Handler }

// Handle implements slog.Handler.
func (h correlated) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// leveled lets records pass from a level on.
type leveled struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h leveled) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
