package otel

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// logs writes log records to the program's own logger and to OpenTelemetry's, if there is one. Keys are the names of
// attributes, not snake_case as in the rest of the program, so that a backend finds records and spans by the same keys.
type logs struct {
	own      *slog.Logger // the program's
	exported log.Logger   // OpenTelemetry's
	recorder Recorder     // may be nil
	level    slog.Level   // the lowest that is exported
	debug    bool         // either log takes records of level DEBUG
	reported map[record.ViolationKind]bool

	session record.Session
	started bool       // the session's start has been reported
	common  attributes // of every record: the session's id, the server's name and version
	totals  record.Totals

	definitions int // that have changed so far

	scratch attributes // reused: both loggers copy what they keep
}

// newLogs returns logs to the configured logger and to the provider.
func newLogs(cfg Config, provider log.LoggerProvider) *logs {
	return &logs{
		own: cfg.Logger, level: cfg.LogLevel, reported: map[record.ViolationKind]bool{}, session: cfg.Session,
		scratch:  make(attributes, 0, 32), // room for those of every operation
		debug:    cfg.LogLevel <= slog.LevelDebug || cfg.Logger.Enabled(context.Background(), slog.LevelDebug),
		recorder: cfg.Recorder,
		exported: provider.Logger(Scope, log.WithInstrumentationVersion(cfg.Version)),
		common:   commonAttributes(cfg.Session),
	}
}

// commonAttributes returns what every record of a session has.
func commonAttributes(s record.Session) attributes {
	var a attributes
	a.text(semconv.SessionID, s.ID)
	return serverAttributes(a, s.Server)
}

// write writes a record, with the attributes of every record, to both logs. The one to OpenTelemetry is in the context of
// the span that it is about, else of the session's, if there is one; the program's own shows the span's ids.
func (l *logs) write(ctx context.Context, at time.Time, level slog.Level, r semconv.Record, all attributes) {
	all = append(all, l.common...)
	l.export(ctx, at, level, r, all)
	l.print(ctx, level, r, all)
}

// print writes a record to the program's own log alone.
func (l *logs) print(ctx context.Context, level slog.Level, r semconv.Record, all attributes) {
	if !l.own.Enabled(ctx, level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, len(all)+3), slog.String(semconv.Event, r.Event))
	for _, a := range all {
		attrs = append(attrs, slog.Any(string(a.Key), a.Value.AsInterface()))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	l.own.LogAttrs(ctx, level, r.Message, attrs...)
}

// severityOffset is what separates slog's levels from OpenTelemetry's: both have four steps from one word to the next.
const severityOffset = int(log.SeverityInfo) - int(slog.LevelInfo)

// export writes a record to OpenTelemetry's log alone, with the time of what it is about, so that spans and log records
// keep their order when the machine's clock is set. It uses the log API and not the bridge for slog, which
// would convert each attribute once more.
func (l *logs) export(ctx context.Context, at time.Time, level slog.Level, r semconv.Record, all attributes) {
	if !r.Repeats {
		l.record(ctx, at, level, r, all)
	}
	severity := log.Severity(int(level) + severityOffset)
	if level < l.level || !l.exported.Enabled(ctx, log.EnabledParameters{Severity: severity, EventName: r.Event}) {
		return // nothing takes the record, so that it is not made
	}
	var rec log.Record
	rec.SetTimestamp(at)
	rec.SetSeverity(severity)
	rec.SetSeverityText(level.String())
	rec.SetEventName(r.Event)
	rec.SetBody(attribute.StringValue(r.Message))
	rec.AddAttributes(all...)
	l.exported.Emit(ctx, rec)
}

// record hands a record to the recorder, whatever its level.
func (l *logs) record(ctx context.Context, at time.Time, level slog.Level, r semconv.Record, all attributes) {
	if l.recorder == nil {
		return
	}
	rec := otlpfile.LogRecord{
		Time: at, Severity: int(level) + severityOffset, SeverityText: level.String(),
		EventName: r.Event, Body: r.Message, Attributes: all,
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		rec.TraceID, rec.SpanID, rec.Flags = span.TraceID(), span.SpanID(), uint32(span.TraceFlags())
	}
	l.recorder.LogRecord(&rec)
}

// sessionChanged takes the server's name and version for the records to come, and reports the session's start once it is
// known who takes part in it: the server has answered, or has been silent for long. The context is that of the session's
// span.
func (l *logs) sessionChanged(ctx context.Context, n record.Session) {
	if n.Server != l.session.Server {
		l.common = commonAttributes(n)
	}
	l.session = n
	if n.Ready || n.Silent {
		l.sessionStarted(ctx)
	}
}

func (l *logs) sessionStarted(ctx context.Context) {
	if l.started {
		return
	}
	l.started = true
	var a attributes
	a.text(semconv.ProtocolVersion, l.session.Protocol)
	a.text(semconv.ClientName, l.session.Client.Name)
	a.text(semconv.ClientVersion, l.session.Client.Version)
	l.write(ctx, l.session.Started, slog.LevelInfo, semconv.SessionStarted, a)
}

// sessionEnded reports the end of the server's process and what the session's operations add up to.
func (l *logs) sessionEnded(ctx context.Context, e record.Exit) {
	if e.Cause != record.NotStarted {
		l.sessionStarted(ctx)
	}
	var a attributes
	a = append(a, attribute.Float64(semconv.Duration, e.Lifetime.Seconds()),
		attribute.Int(semconv.Calls, l.totals.Calls), attribute.Int(semconv.Failures, l.totals.Failed))
	if l.totals.Answered() > 0 {
		a = append(a, attribute.Float64(semconv.P95, l.totals.P95().Seconds()))
	}
	a.text(semconv.ErrorType, sessionError(e))
	a.text(semconv.ExitCause, string(e.Cause))
	a.text(semconv.ViolationReason, e.Reason)
	a = append(exitAttributes(a, e), l.common...)
	level := slog.LevelInfo
	if e.Failed() {
		level = slog.LevelWarn
	}
	l.export(ctx, e.Time, level, semconv.SessionEnded, a)
	l.print(ctx, slog.LevelInfo, semconv.SessionEnded, a) // stderr has what the server wrote, and the error of its start
}

// opened reports an operation that has started, in the context of its span. Both logs leave out that level by default,
// and then it costs nothing.
func (l *logs) opened(ctx context.Context, op *record.Operation) {
	if l.debug {
		l.scratch = l.about(op)
		l.write(ctx, op.Start, slog.LevelDebug, semconv.OperationStarted, l.scratch)
	}
}

// open reports an operation that is still open to the recorder alone: who reads what it keeps would not see the operation
// before its end, nor ever if this process is killed.
func (l *logs) open(ctx context.Context, op *record.Operation) {
	if l.recorder == nil {
		return
	}
	a := append(l.about(op), attribute.Int64(semconv.Number, int64(op.Number)))
	if op.Parent > 0 {
		a = append(a, attribute.Int64(semconv.Parent, int64(op.Parent)))
	}
	a = append(append(a, attribute.Int64(semconv.RequestSize, op.RequestSize)), l.common...)
	l.record(ctx, op.Start, slog.LevelInfo, semconv.OperationOpen, a)
	l.scratch = a
}

// ended reports an operation that has ended, in the context of its span.
func (l *logs) ended(ctx context.Context, op *record.Operation) {
	l.totals.Add(op)
	a := l.about(op)
	a = append(a, attribute.Float64(semconv.Duration, op.Duration.Seconds()))
	if op.Answered {
		a = append(a, attribute.Int64(semconv.ResponseSize, op.ResponseSize))
	}
	a.text(semconv.ErrorType, op.ErrorType)
	a.text(semconv.StatusCode, op.Code)
	a.text(semconv.ErrorClass, string(op.Class))
	a.text(semconv.ErrorMessage, op.Content.Error)
	l.write(ctx, op.End, slog.LevelInfo, semconv.OperationFinished, a)
	l.scratch = a
}

// hanging reports an operation that has been open for long. Its duration is its own, as everywhere: the time in which
// the server waited for the user is no sign of trouble.
func (l *logs) hanging(ctx context.Context, op *record.Operation) {
	a := append(l.about(op), attribute.Float64(semconv.Duration, op.Duration.Seconds()))
	if op.Undelivered {
		a.text(semconv.Hint, unread(op.Direction))
	}
	l.write(ctx, op.Start.Add(op.Duration+op.InputWait), slog.LevelWarn, semconv.OperationHangs, stallAttributes(a, op))
}

// blocked reports that a stream is not being read. The context is that of the session's span, as for line.
func (l *logs) blocked(ctx context.Context, b record.Blockage) {
	var a attributes
	a.text(semconv.Direction, string(b.Direction))
	a = append(a, attribute.Float64(semconv.Duration, b.Duration.Seconds()))
	a.text(semconv.Hint, unread(b.Direction))
	l.write(ctx, b.Time, slog.LevelWarn, semconv.StreamBlocked, a)
}

// unread says what it means that a stream is not being read.
func unread(dir record.Direction) string {
	if dir == record.ToClient {
		return "the client does not read what the server writes: it hangs, or is suspended"
	}
	return "the server does not read its stdin: it hangs, or waits for something else"
}

// about returns the attributes that identify an operation. They are valid until the next call.
func (l *logs) about(op *record.Operation) attributes {
	a := l.scratch[:0]
	a.text(semconv.MethodName, op.Method)
	a.text(semconv.Direction, string(op.Direction))
	if op.Method == semconv.ToolsCall {
		a.text(semconv.ToolName, op.Target)
	} else {
		a.text(semconv.PromptName, op.Target)
	}
	a.text(semconv.RequestID, op.RequestID)
	return a
}

// line reports what the server has logged. A line of stderr goes to OpenTelemetry only: the relay writes it to our
// stderr unchanged.
func (l *logs) line(ctx context.Context, n record.LogLine) {
	var a attributes
	a.text(semconv.Data, n.Text)
	if n.Source == record.FromStderr {
		l.export(ctx, n.Time, slog.LevelInfo, semconv.ServerStderr, append(a, l.common...))
		return
	}
	a.text(semconv.Logger, n.Logger)
	l.write(ctx, n.Time, severity(n.Level), semconv.ServerMessage, a)
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

// finding reports an unusual call: what was seen, and what had been usual. One that stands out from weeks is a warning.
func (l *logs) finding(ctx context.Context, f record.Finding) {
	var a attributes
	a.text(semconv.Anomaly, string(f.Kind))
	a.text(semconv.ToolName, f.Tool)
	a.text(semconv.PromptName, f.Prompt)
	a.text(semconv.Resource, f.Resource)
	a = append(a, attribute.Float64(semconv.Seen, f.Seen), attribute.Float64(semconv.Usual, f.Usual))
	a.text(semconv.Unit, f.Unit)
	a.text(semconv.Side, string(f.Side))
	a.text(semconv.From, f.From)
	if !f.Since.IsZero() {
		a = append(a, attribute.String(semconv.Since, f.Since.UTC().Format(time.DateOnly)), attribute.Int(semconv.Sessions, f.Sessions))
	}
	level := slog.LevelInfo
	if f.Kind.OfPast() {
		level = slog.LevelWarn
	}
	l.write(ctx, f.Time, level, semconv.UnusualCall, a)
}

// definition reports that a definition is not what it was.
func (l *logs) definition(ctx context.Context, c record.DefinitionChange) {
	level, hint := slog.LevelInfo, ""
	if !c.Harmless() {
		if l.definitions++; l.definitions <= maxDefinitionWarnings {
			level = slog.LevelWarn
		}
		if l.definitions == 1 {
			hint = definitionHint
		}
	}
	var a attributes
	a.text(semconv.DefinitionChange, string(c.Change))
	a.text(semconv.DefinitionKind, string(c.Kind))
	a.text(semconv.DefinitionName, c.Name)
	a.text(semconv.DefinitionOld, c.OldName)
	a.text(semconv.DefinitionParts, c.PartsText())
	a.text(semconv.DefinitionSince, c.Since.UTC().Format(time.RFC3339))
	a.flag(semconv.DefinitionPinned, c.Pinned)
	a.text(semconv.Hint, hint)
	l.write(ctx, c.Time, level, semconv.DefinitionDiffers, a)
}

// maxDefinitionWarnings is how many changes of a session are warnings. When a server was updated, all of its tools may have
// changed.
const maxDefinitionWarnings = 5

// definitionHint is what to do about a definition that has changed.
const definitionHint = "look at what the server says now before you go on; spanpipe definitions lists changes, --accept pins"

// violation reports the first violation of each kind in a session, in the context of the operation that it concerns; the
// metric counts them all. Of late answers it reports each, as of which request it was and how late tells one from another;
// there are no more of them than of requests.
func (l *logs) violation(ctx context.Context, v record.Violation) {
	message := semconv.UnexpectedMessage
	switch {
	case v.Kind == record.LateResponse:
		message = semconv.LateAnswer
	case l.reported[v.Kind]:
		return
	}
	l.reported[v.Kind] = true
	kind := semconv.ViolationOf(string(v.Kind))
	level := slog.LevelInfo
	if kind.Level == slog.LevelWarn.String() {
		level = slog.LevelWarn
	}
	var a attributes
	a.text(semconv.Violation, string(v.Kind))
	a.text(semconv.Direction, string(v.Direction))
	a.text(semconv.MethodName, v.Method)
	if v.Kind == record.LateResponse { // the operation has ended, and its span with it
		a.count(semconv.Number, int64(v.Operation))
		a.text(semconv.Stall, string(record.AnsweredLate))
		a.seconds(semconv.StallLate, v.Late)
	}
	a.text(semconv.Sent, v.Sent)
	a.text(semconv.Awaited, v.Awaited)
	a.text(semconv.Requested, v.Requested)
	a.text(semconv.ProtocolVersion, v.Given)
	a.text(semconv.Supported, v.Supported)
	a = append(a, attribute.Int64(semconv.Size, v.Size))
	a.text(semconv.ViolationReason, cmp.Or(v.Reason, kind.Cause))
	a.text(semconv.Hint, kind.Hint(string(v.Direction)))
	l.write(ctx, v.Time, level, message, a)
}
