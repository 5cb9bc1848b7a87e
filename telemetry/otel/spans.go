package otel

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// maxTrace bounds the operations of one trace, and the children of one operation: backends refuse, or choke on, traces
// of any size.
const maxTrace = 1000

// spans creates the spans of a session and of its operations. Its methods do nothing if no spans are exported.
type spans struct {
	tracer  trace.Tracer // nil: no spans are made
	exports bool         // they leave the process, so that the server's own spans may become their children
	session record.Session
	ambient trace.SpanContext // of TRACEPARENT in our environment
	root    context.Context   // holds the session's span in the current trace; nil if there is none
	open    trace.Span        // the session's span while it is open
	count   int               // operations in the current trace
	scratch attributes        // reused: the SDK copies the attributes

	pending    atomic.Int64 // sampled spans that have started and not ended
	unrecorded atomic.Int64 // likewise all spans of the recorder
}

// newSpans starts the session's span, unless each operation has a trace of its own.
func newSpans(tracer trace.Tracer, cfg Config) *spans {
	s := &spans{
		tracer: tracer, exports: tracer != nil, session: cfg.Session, ambient: extract(cfg.Traceparent, cfg.Tracestate),
	}
	if cfg.Recorder != nil {
		s.tracer = &tee{sdk: tracer, recorder: cfg.Recorder}
	}
	if s.tracer != nil && cfg.TraceScope != TraceOperation {
		s.startSession(cfg.Session.Launched)
	}
	return s
}

// startSession starts a session span, and with it a new trace, linked to the one before. The first
// one is a child of the span that the environment names, if any.
func (s *spans) startSession(at time.Time) {
	ctx, options := context.Background(), []trace.SpanStartOption{trace.WithTimestamp(at)}
	if s.root != nil {
		options = append(options, trace.WithLinks(trace.LinkFromContext(s.root)))
	} else if s.ambient.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, s.ambient)
	}
	_, s.open = s.tracer.Start(ctx, semconv.SessionSpan, options...)
	s.root, s.count = trace.ContextWithSpanContext(context.Background(), s.open.SpanContext()), 0
	s.addPending(s.open, 1)
}

// sessionContext returns the context that holds the session's span in the current trace, or none.
func (s *spans) sessionContext() context.Context {
	if s.root == nil {
		return context.Background()
	}
	return s.root
}

// endSession ends the session's span, if it is open. Its attributes are what is known by then: the handshake names the
// peers, and the span ends with its response as a rule.
func (s *spans) endSession(at time.Time, until string) {
	if s.open == nil {
		return
	}
	s.scratch = protocolAttributes(s.scratch[:0], s.session.Protocol, s.session.ID)
	s.scratch.text(semconv.Requested, s.session.Requested)
	s.scratch = peerAttributes(s.scratch, s.session.Client, s.session.Server)
	s.scratch.text(semconv.SessionUntil, until)
	s.open.SetAttributes(s.scratch...)
	s.open.End(trace.WithTimestamp(at))
	s.addPending(s.open, -1)
	s.open = nil
}

// exit ends the session's span if it is still open, and says there if the server has failed. Where it has ended before,
// as a rule with the server's first response, a span of no duration says so in its place.
func (s *spans) exit(e record.Exit) {
	if s.tracer == nil {
		return
	}
	if e.Failed() {
		span := s.open
		if span == nil {
			_, span = s.tracer.Start(s.sessionContext(), semconv.SessionFailed, trace.WithTimestamp(e.Time))
			s.addPending(span, 1)
			s.open = span
		}
		s.scratch = exitAttributes(s.scratch[:0], e)
		s.scratch.text(semconv.ErrorType, sessionError(e))
		s.scratch.text(semconv.ExitCause, string(e.Cause))
		span.SetAttributes(s.scratch...)
		span.SetStatus(codes.Error, cmp.Or(e.Reason, e.Signal, "exit code "+strconv.Itoa(e.Code)))
	}
	s.endSession(e.Time, semconv.UntilSessionEnd)
}

// sessionChanged ends the session's span once the server has answered for the first time, or has been silent for long.
// A span is exported when it ends: if this one lasted as long as the session, its children would be shown without a
// parent until then, and forever if we are killed.
func (s *spans) sessionChanged(n record.Session) {
	s.session = n
	switch {
	case n.Ready:
		s.endSession(n.Time, semconv.UntilFirstResponse)
	case n.Silent:
		s.endSession(n.Launched.Add(record.SilentAfter), semconv.UntilSilence)
	}
}

// notification creates the span of a notification, of zero duration, as a child of the operation that it belongs to.
func (s *spans) notification(parent context.Context, n record.Notification) {
	op := &record.Operation{
		Direction: n.Direction, Method: n.Method, Resource: n.Resource, JSONRPC: n.JSONRPC, Protocol: n.Protocol,
		Batch: n.Batch, Traceparent: n.Traceparent, Tracestate: n.Tracestate, Start: n.Time, End: n.Time,
		RequestSize: n.Size, RoundTrips: 1, Content: record.Content{URI: n.URI},
	}
	s.finish(s.start(parent, op), op)
}

// hasSpan reports whether a notification has a span. Those of progress, cancellations and log messages would outnumber
// the calls: they are events or counts.
func hasSpan(notification string) bool {
	return notification != semconv.Progress && notification != semconv.Cancelled && notification != semconv.LogMessage
}

// start starts the span of an operation. Its parent is the remote span that the request names, else the operation
// during which it was started, else the session. Attributes are set at the end, when all of them are known. The result
// holds the span.
func (s *spans) start(parent context.Context, op *record.Operation) context.Context {
	if s.tracer == nil {
		return context.Background()
	}
	kind := asServer
	if op.Direction == record.ToClient {
		kind = asClient
	}
	options := append(make([]trace.SpanStartOption, 0, 4), trace.WithTimestamp(op.Start), kind)
	ctx := context.Background()
	if remote := extract(op.Traceparent, op.Tracestate); remote.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
		if s.root != nil {
			options = append(options, trace.WithLinks(trace.LinkFromContext(s.root)))
		}
	} else if p := trace.SpanContextFromContext(parent); p.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, p) // not in the parent's context: the chain would keep all ancestors
	} else if s.root != nil {
		if s.count == maxTrace {
			s.nextTrace(op.Start)
		}
		s.count++
		ctx = s.root
	} else if s.ambient.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: s.ambient}))
	}
	ctx, span := s.tracer.Start(ctx, spanName(op), options...)
	s.addPending(span, 1)
	return ctx
}

// The kinds of an operation's span. The server's process handles what the client asks, and is the client of what it
// asks itself.
var (
	asServer = trace.WithSpanKind(trace.SpanKindServer)
	asClient = trace.WithSpanKind(trace.SpanKindClient)
)

// nextTrace starts a new trace with a session span of zero duration.
func (s *spans) nextTrace(at time.Time) {
	s.endSession(at, semconv.UntilNextTrace)
	s.startSession(at)
	s.endSession(at, semconv.UntilNextTrace)
}

// finish sets the attributes, events and status of an operation's span, and ends it. The status is an
// error where error.type is set (https://opentelemetry.io/docs/specs/semconv/general/recording-errors/); its
// description is the error's message, which is empty unless it is captured.
func (s *spans) finish(ctx context.Context, op *record.Operation) {
	if s.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() { // false if a sampler has dropped it
		s.scratch = operationAttributes(s.scratch[:0], op, s.session.ID)
		s.scratch.text(semconv.ServerName, s.session.Server.Name)
		span.SetAttributes(s.scratch...)
		for _, e := range op.Events {
			span.AddEvent(e.Name, trace.WithTimestamp(e.Time))
		}
		if op.ErrorType != "" {
			span.SetStatus(codes.Error, op.Content.Error)
		}
	}
	span.End(trace.WithTimestamp(op.End))
	s.addPending(span, -1)
}

// addPending counts a span that starts or ends. One that is not sampled is not exported, and so cannot be lost there.
func (s *spans) addPending(span trace.Span, n int64) {
	if _, recorded := span.(*teeSpan); recorded {
		s.unrecorded.Add(n)
	}
	if s.exports && span.SpanContext().IsSampled() {
		s.pending.Add(n)
	}
}

// spanName returns the method with the tool's or prompt's name, never a URI. Methods other than
// MCP's are left out, since the conventions ask for names of low cardinality and a peer may choose any method.
func spanName(op *record.Operation) string {
	switch {
	case !semconv.KnownMethod(op.Method):
		return semconv.Other
	case op.Target != "" && (op.Method == semconv.ToolsCall || op.Method == semconv.PromptsGet):
		return op.Method + " " + op.Target
	}
	return op.Method
}

// environment returns the session's context as environment variables, for the server.
func (s *spans) environment() []string {
	carrier := propagation.MapCarrier{}
	if s.root != nil && s.exports {
		propagation.TraceContext{}.Inject(s.root, carrier)
	}
	var env []string
	for _, key := range carrier.Keys() {
		env = append(env, strings.ToUpper(key)+"="+carrier.Get(key))
	}
	return env
}

// extract reads W3C trace context, which a request carries in params._meta (SEP-414) and the environment in TRACEPARENT
// and TRACESTATE. It returns an invalid context for anything else.
func extract(parent, state string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": parent, "tracestate": state}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}
