package otel

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	// sessionSpanLimit ends the session's span when no answer comes. A span is exported when it ends: one that lasted
	// as long as the session would leave its children without a parent in the picture until then, and for good if we
	// are killed.
	sessionSpanLimit = 5 * time.Second
	// maxTrace bounds the operations of one trace: backends refuse, or choke on, traces of any size.
	maxTrace = 1000
)

// spans makes spans. The span of an operation is made when the operation ends, complete, so that what is open costs
// none. Only where its context is needed before, by a child or a log record, is it made earlier.
type spans struct {
	tracer  trace.Tracer // nil: no spans are made
	session record.Session
	ambient trace.SpanContext // of TRACEPARENT in our environment
	trace   trace.SpanContext // of the session's span in the current trace
	open    trace.Span        // the session's span while it is open
	count   int               // operations in the current trace
	pending atomic.Int64      // spans that have begun and not ended; an open operation has begun one
	scratch attributes
}

// place is where an open operation's span belongs.
type place struct {
	parent trace.SpanContext // of the operation in whose course it was started
	span   trace.Span        // its own, if it was made before its end
}

func newSpans(tracer trace.Tracer, cfg Config) *spans {
	s := &spans{tracer: tracer, session: cfg.Session, ambient: extract(cfg.Traceparent, cfg.Tracestate)}
	if tracer != nil && cfg.TraceScope != TraceOperation {
		s.startSession(cfg.Session.Launched)
	}
	return s
}

// startSession starts a session span, and with it a new trace, linked to the one before. The first one is a child of
// the span that the environment names, if it does.
func (s *spans) startSession(at time.Time) {
	ctx, options := context.Background(), []trace.SpanStartOption{trace.WithTimestamp(at)}
	if s.trace.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: s.trace}))
	} else if s.ambient.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, s.ambient)
	}
	_, s.open = s.tracer.Start(ctx, semconv.SessionSpan, options...)
	s.trace, s.count = s.open.SpanContext(), 0
	s.pending.Add(1)
}

func (s *spans) endSession(at time.Time) {
	if s.open == nil {
		return
	}
	s.scratch = protocolAttributes(s.scratch[:0], s.session.Protocol, s.session.ID)
	s.scratch = peerAttributes(s.scratch, s.session.Client, s.session.Server)
	s.open.SetAttributes(s.scratch...)
	s.open.End(trace.WithTimestamp(at))
	s.open = nil
	s.pending.Add(-1)
}

// sessionChanged ends the session's span when the server has answered for the first time, or is not going to.
func (s *spans) sessionChanged(n record.Session) {
	s.session = n
	switch {
	case n.Ready:
		s.endSession(n.Time)
	case n.Silent:
		s.endSession(n.Launched.Add(sessionSpanLimit))
	}
}

// opened settles where the span of an operation belongs.
func (s *spans) opened(parent trace.SpanContext) place {
	if s.tracer != nil {
		s.pending.Add(1)
	}
	return place{parent: parent}
}

// contextOf returns the context of an operation's span, which is made if it is not made yet.
func (s *spans) contextOf(op *record.Operation, p *place) trace.SpanContext {
	if s.tracer == nil {
		return trace.SpanContext{}
	}
	if p.span == nil {
		p.span = s.start(op, p.parent)
	}
	return p.span.SpanContext()
}

// ended completes the span of an operation and returns its context.
func (s *spans) ended(op *record.Operation, p *place) trace.SpanContext {
	at := s.contextOf(op, p)
	if s.tracer != nil {
		s.finish(p.span, op)
		s.pending.Add(-1)
	}
	return at
}

// notification makes the short span of a notification, below the operation that it belongs to if there is one.
// Progress, cancellations and log messages are events or counts: a span for each would drown the calls.
func (s *spans) notification(n record.Notification, parent trace.SpanContext) {
	switch n.Method {
	case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
		return
	}
	if s.tracer == nil {
		return
	}
	op := &record.Operation{
		Direction: n.Direction, Method: n.Method, Resource: n.Resource, JSONRPC: n.JSONRPC, Protocol: n.Protocol,
		Batch: n.Batch, Traceparent: n.Traceparent, Tracestate: n.Tracestate, Start: n.Time, End: n.Time,
		RequestSize: n.Size, RoundTrips: 1, Content: record.Content{URI: n.URI},
	}
	s.finish(s.start(op, parent), op)
}

// start makes the span of an operation at its place: below the remote parent that the request names, below the
// operation that it belongs to, or below the session.
func (s *spans) start(op *record.Operation, parent trace.SpanContext) trace.Span {
	kind := trace.SpanKindServer
	if op.Direction == record.ToClient {
		kind = trace.SpanKindClient
	}
	options := append(make([]trace.SpanStartOption, 0, 4), trace.WithTimestamp(op.Start), trace.WithSpanKind(kind))
	ctx := context.Background()
	if remote := extract(op.Traceparent, op.Tracestate); remote.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
		if s.trace.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: s.trace}))
		}
	} else if parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, parent)
	} else if s.trace.IsValid() {
		if s.count == maxTrace {
			s.nextTrace(op.Start)
		}
		s.count++
		ctx = trace.ContextWithSpanContext(ctx, s.trace)
	} else if s.ambient.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: s.ambient}))
	}
	_, span := s.tracer.Start(ctx, spanName(op), options...)
	return span
}

// nextTrace begins a new trace of the session, whose span has no length.
func (s *spans) nextTrace(at time.Time) {
	s.endSession(at)
	s.startSession(at)
	s.endSession(at)
}

// finish sets what is known of an operation on its span, and ends the span.
func (s *spans) finish(span trace.Span, op *record.Operation) {
	if span.IsRecording() { // it is not if it was not sampled
		s.scratch = operationAttributes(s.scratch[:0], op, s.session.ID)
		span.SetAttributes(s.scratch...)
		for _, e := range op.Events {
			span.AddEvent(e.Name, trace.WithTimestamp(e.Time))
		}
		if op.ErrorType != "" {
			span.SetStatus(codes.Error, op.Content.Error)
		}
	}
	span.End(trace.WithTimestamp(op.End))
}

// spanName is the method with the tool's or prompt's name, never a URI. A method that is not MCP's is chosen by a peer
// and stays out of the name, as the conventions ask for low cardinality.
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
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), s.trace), carrier)
	var env []string
	for _, key := range carrier.Keys() {
		env = append(env, strings.ToUpper(key)+"="+carrier.Get(key))
	}
	return env
}

// extract reads W3C trace context, which a request carries in params._meta (SEP-414) and the environment in TRACEPARENT
// and TRACESTATE. What is not valid is no context.
func extract(parent, state string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": parent, "tracestate": state}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}
