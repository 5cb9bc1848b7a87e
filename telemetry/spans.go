package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	// sessionSpanLimit ends the session's span when no answer comes. A span is exported when it ends: one that lasted as
	// long as the session would leave its children without a parent in the picture until then, and for good if we are killed.
	sessionSpanLimit = 5 * time.Second
	// rollover bounds the operations of one trace: backends refuse, or choke on, traces of any size.
	rollover = 1000
)

// spans makes spans. A span is made when its operation ends, in one go; only where somebody needs its context before, a
// child that starts, is it made earlier. So what is open costs no span.
type spans struct {
	cfg     Config
	tracer  trace.Tracer
	on      bool
	clock   *clock
	lost    *losses
	peers   *peers
	content *content
	id      string            // mcp.session.id: stdio has none, so it is a random one of this process
	ambient trace.SpanContext // what TRACEPARENT of our environment says
	trace   trace.SpanContext // of the session's span in the current trace
	open    trace.Span        // the session's span while it is open
	opened  time.Duration
	count   int // operations in the current trace
	scratch []attribute.KeyValue
}

// tracked is what is kept with an open operation.
type tracked struct {
	parent trace.SpanContext // of the operation in whose course it was started
	span   trace.Span        // its own, if made before its end
	target *measurement      // what it is counted under while it is open
}

// of returns what is kept with an operation.
func of(op *session.Operation) *tracked {
	t, _ := op.Data.(*tracked)
	if t == nil {
		t = &tracked{}
		op.Data = t
	}
	return t
}

func newSpans(cfg Config, e *exports, clock *clock, p *peers, c *content) *spans {
	s := &spans{cfg: cfg, tracer: e.tracer, on: e.tracing, clock: clock, lost: e.lost, peers: p, content: c, id: instanceID()}
	s.ambient = contextFrom(cfg)
	if s.on && cfg.TraceScope != TraceOperation {
		s.root(0)
	}
	return s
}

// root starts a session span, and with it a new trace, linked to the one before. The first belongs to whoever started us,
// if the environment says who that is.
func (s *spans) root(at time.Duration) {
	ctx, options := context.Background(), []trace.SpanStartOption{trace.WithTimestamp(s.clock.at(at))}
	if s.trace.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: s.trace}))
	} else if s.ambient.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, s.ambient)
	}
	_, s.open = s.tracer.Start(ctx, semconv.SessionSpan, options...)
	s.trace, s.opened, s.count = s.open.SpanContext(), at, 0
	s.lost.open.Add(1)
}

// begun ends the session's span: the server has answered for the first time, or it is not going to.
func (s *spans) begun(at time.Duration) {
	if s.open == nil {
		return
	}
	s.scratch = append(s.scratch[:0], attribute.String(semconv.NetworkTransport, semconv.TransportPipe))
	s.text(semconv.ProtocolVersion, s.peers.protocol)
	if !stateless(s.peers.protocol) {
		s.text(semconv.SessionID, s.id)
	}
	s.text(semconv.ClientName, s.peers.clientName)
	s.text(semconv.ClientVersion, s.peers.clientVersion)
	s.text(semconv.ServerName, s.peers.serverName)
	s.text(semconv.ServerVersion, s.peers.serverVersion)
	s.open.SetAttributes(s.scratch...)
	s.open.End(trace.WithTimestamp(s.clock.at(at)))
	s.open = nil
	s.lost.open.Add(-1)
}

// advance ends a session span that has waited long enough.
func (s *spans) advance(now time.Duration) {
	if s.open != nil && now-s.opened > sessionSpanLimit {
		s.begun(s.opened + sessionSpanLimit)
	}
}

// started settles the parent of an operation that was started in the course of another, whose span is made for that.
func (s *spans) started(op *session.Operation) {
	if !s.on || op.Parent == nil {
		return
	}
	of(op).parent = s.contextOf(op.Parent)
}

// finished makes the span of an operation, complete, and says where it is.
func (s *spans) finished(op *session.Operation) trace.SpanContext {
	if !s.on {
		return trace.SpanContext{}
	}
	s.contextOf(op)
	span := of(op).span
	if span.IsRecording() {
		s.describe(span, op)
	}
	span.End(trace.WithTimestamp(s.clock.at(op.End)))
	return span.SpanContext()
}

// start makes the span of an operation at its place: below the operation it belongs to, below the remote parent that the
// request names, or below the session.
func (s *spans) start(op *session.Operation) trace.Span {
	kind := trace.SpanKindServer
	if op.Dir == session.ToClient {
		kind = trace.SpanKindClient
	}
	options := make([]trace.SpanStartOption, 0, 4)
	options = append(options, trace.WithTimestamp(s.clock.at(op.Start)), trace.WithSpanKind(kind))
	ctx := context.Background()
	if remote := remoteParent(op); remote.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
		if s.trace.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: s.trace}))
		}
	} else if parent := of(op).parent; parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, parent)
	} else if s.trace.IsValid() {
		if s.count++; s.count > rollover {
			s.begun(op.Start)
			s.root(op.Start)
			s.begun(op.Start)
		}
		ctx = trace.ContextWithSpanContext(ctx, s.trace)
	} else if s.ambient.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: s.ambient}))
	}
	_, span := s.tracer.Start(ctx, spanName(op), options...)
	return span
}

// spanName is the method with the tool's or prompt's name, never a URI. A method that is not MCP's is chosen by a peer
// and stays out of the name, as the conventions ask for low cardinality.
func spanName(op *session.Operation) string {
	switch {
	case !semconv.KnownMethod(op.Method):
		return semconv.Other
	case op.Target != "" && (op.Method == semconv.ToolsCall || op.Method == semconv.PromptsGet):
		return op.Method + " " + op.Target
	}
	return op.Method
}

// remoteParent reads params._meta.traceparent and tracestate (SEP-414, W3C trace context).
func remoteParent(op *session.Operation) trace.SpanContext {
	if op.Request == nil || op.Request.Traceparent == "" {
		return trace.SpanContext{}
	}
	return extract(op.Request.Traceparent, op.Request.Tracestate)
}

// contextFrom reads TRACEPARENT and TRACESTATE, the environment's form of W3C trace context. What is in a state is as free as
// in a peer's.
func contextFrom(cfg Config) trace.SpanContext {
	parent, _ := cfg.Lookup("TRACEPARENT")
	state, _ := cfg.Lookup("TRACESTATE")
	if cfg.Clean != nil && state != "" {
		state = cfg.Clean([]byte(state))
	}
	return extract(parent, state)
}

func extract(parent, state string) trace.SpanContext {
	carrier := propagation.MapCarrier{"traceparent": parent, "tracestate": state}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// environment is the session's context in the form of an environment, for the server.
func (s *spans) environment() []string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), s.trace), carrier)
	var env []string
	for _, key := range carrier.Keys() {
		env = append(env, strings.ToUpper(key)+"="+carrier.Get(key))
	}
	return env
}

// describe sets what is known of the operation on its span.
func (s *spans) describe(span trace.Span, op *session.Operation) {
	s.scratch = s.scratch[:0]
	s.identity(op)
	s.outcome(op)
	s.scratch = s.content.attributes(s.scratch, op)
	span.SetAttributes(s.scratch...)
	for _, e := range op.Events {
		span.AddEvent(e.Name, trace.WithTimestamp(s.clock.at(e.At)))
	}
	if op.ErrorType != "" {
		span.SetStatus(codes.Error, shownError(op))
	}
}

func (s *spans) identity(op *session.Operation) {
	s.text(semconv.MethodName, op.Method)
	s.text(semconv.NetworkTransport, semconv.TransportPipe)
	s.text(semconv.ProtocolVersion, op.Protocol)
	if !stateless(op.Protocol) {
		s.text(semconv.SessionID, s.id)
	}
	s.text(semconv.RequestID, op.ID.Text)
	switch op.Method {
	case semconv.ToolsCall:
		s.text(semconv.ToolName, op.Target)
		s.text(semconv.OperationName, semconv.ExecuteTool)
	case semconv.PromptsGet, semconv.Complete:
		s.text(semconv.PromptName, op.Target)
	}
	if op.Request != nil {
		s.text(semconv.JSONRPCVersion, op.Request.JSONRPC)
	}
	if op.Batch {
		s.scratch = append(s.scratch, attribute.Bool(semconv.Batch, true))
	}
}

func (s *spans) outcome(op *session.Operation) {
	s.text(semconv.ErrorType, op.ErrorType)
	s.text(semconv.StatusCode, op.Code)
	s.text(semconv.ErrorClass, string(op.Class))
	s.text(semconv.TaskStatus, op.TaskStatus)
	s.scratch = append(s.scratch, attribute.Int64(semconv.RequestSize, op.RequestSize))
	if op.Answered {
		s.scratch = append(s.scratch, attribute.Int64(semconv.ResponseSize, op.ResponseSize))
	}
	if op.Answered && op.RoundTrips == 1 {
		s.scratch = append(s.scratch,
			attribute.Float64(semconv.Wait, (op.FirstByte-op.Start).Seconds()),
			attribute.Float64(semconv.Transfer, max(op.End-op.FirstByte, 0).Seconds()))
	}
	if op.RoundTrips > 1 {
		s.scratch = append(s.scratch, attribute.Int(semconv.RoundTrips, op.RoundTrips))
	}
	if op.InputWait > 0 {
		s.scratch = append(s.scratch, attribute.Float64(semconv.InputWait, op.InputWait.Seconds()))
	}
	if op.Progress > 0 {
		s.scratch = append(s.scratch, attribute.Int(semconv.ProgressCount, op.Progress))
	}
	if op.Ambiguous {
		s.scratch = append(s.scratch, attribute.Bool(semconv.Ambiguous, true))
	}
	if op.IDMismatch {
		s.scratch = append(s.scratch, attribute.Bool(semconv.IDMismatch, true))
	}
}

func (s *spans) text(key, value string) {
	if value != "" {
		s.scratch = append(s.scratch, attribute.String(key, value))
	}
}

// stateless says whether a protocol version has no sessions: 2026-07-28 and later. Versions are dates.
func stateless(protocol string) bool { return protocol >= "2026-07-28" }

// notification makes the short span of a notification, below the operation it belongs to if there is one. Progress,
// cancellations and log messages are events or counts: a span for each would drown the calls.
func (s *spans) notification(n *session.Note) {
	if !s.on {
		return
	}
	switch n.Message.Method {
	case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
		return
	}
	m := n.Message
	op := session.Operation{
		Dir: m.Dir, Method: m.Method, Start: m.Last, End: m.Last, RequestSize: m.Size, Request: m.Extra, RoundTrips: 1,
		Protocol: s.peers.protocol, Batch: m.Batch,
	}
	if n.Operation != nil {
		op.Data = &tracked{parent: s.contextOf(n.Operation)}
	}
	span := s.start(&op)
	if span.IsRecording() {
		s.describe(span, &op)
	}
	span.End(trace.WithTimestamp(s.clock.at(op.End)))
}

// contextOf says where an operation's span is, and makes it if it is not made yet.
func (s *spans) contextOf(op *session.Operation) trace.SpanContext {
	if !s.on {
		return trace.SpanContext{}
	}
	t := of(op)
	if t.span == nil {
		t.span = s.start(op)
	}
	return t.span.SpanContext()
}
