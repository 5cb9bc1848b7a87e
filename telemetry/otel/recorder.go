package otel

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// Recorder receives every span that ends and every log record, whole: also those that a sampler or a level keeps from
// being exported, and without the limits of the SDK. It is called from the goroutine that calls the sink and must not
// block. What it is given is valid until it returns.
type Recorder interface {
	Span(s *otlpfile.Span)
	LogRecord(r *otlpfile.LogRecord)
}

// tee is a tracer whose spans go to a recorder and to the SDK's tracer. Both see the same ids. Without an SDK's tracer,
// because nothing is exported, it makes the ids itself.
type tee struct {
	embedded.Tracer
	sdk      trace.Tracer // may be nil
	recorder Recorder
	spare    []attribute.KeyValue // room for the attributes of a span, which has them only shortly before its end
}

// Start implements trace.Tracer.
func (t *tee) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent, config := trace.SpanContextFromContext(ctx), trace.NewSpanStartConfig(options...)
	s := &teeSpan{tee: t, Span: noop.Span{}}
	if t.sdk != nil {
		ctx, s.Span = t.sdk.Start(ctx, name, options...)
		s.ids = s.Span.SpanContext()
	} else {
		s.ids = newIDs(parent)
	}
	s.data = otlpfile.Span{
		TraceID: s.ids.TraceID(), SpanID: s.ids.SpanID(), ParentID: parent.SpanID(), TraceState: s.ids.TraceState().String(),
		Flags: flags(s.ids, parent), Name: name, Kind: config.SpanKind(), Start: config.Timestamp(),
	}
	if s.data.Kind == trace.SpanKindUnspecified {
		s.data.Kind = trace.SpanKindInternal // as the SDK does
	}
	for _, l := range config.Links() {
		s.data.Links = append(s.data.Links, otlpfile.Link{
			TraceID: l.SpanContext.TraceID(), SpanID: l.SpanContext.SpanID(), Flags: flags(l.SpanContext, l.SpanContext),
		})
	}
	return trace.ContextWithSpan(ctx, s), s
}

// newIDs makes the ids of a span: those of its parent's trace, or of a new one.
func newIDs(parent trace.SpanContext) trace.SpanContext {
	config := trace.SpanContextConfig{
		TraceID: parent.TraceID(), TraceFlags: trace.FlagsSampled, TraceState: parent.TraceState(),
	}
	for !config.TraceID.IsValid() {
		binary.NativeEndian.PutUint64(config.TraceID[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(config.TraceID[8:], rand.Uint64())
	}
	for !config.SpanID.IsValid() {
		binary.NativeEndian.PutUint64(config.SpanID[:], rand.Uint64())
	}
	return trace.NewSpanContext(config)
}

// flags returns OTLP's: those of the first context, and whether the second one came from another process
// (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
func flags(c, from trace.SpanContext) uint32 {
	const hasIsRemote, isRemote = 0x100, 0x200
	f := uint32(c.TraceFlags()) | hasIsRemote
	if from.IsRemote() {
		f |= isRemote
	}
	return f
}

// teeSpan is a span of both. Methods that this package does not use are those of the SDK's span alone.
type teeSpan struct {
	trace.Span // the SDK's; it does nothing if there is none, or a sampler has dropped it
	tee        *tee
	ids        trace.SpanContext
	data       otlpfile.Span
}

// SpanContext implements trace.Span.
func (s *teeSpan) SpanContext() trace.SpanContext { return s.ids }

// IsRecording implements trace.Span. A span that is not sampled is recorded all the same.
func (s *teeSpan) IsRecording() bool { return true }

// SetAttributes implements trace.Span.
func (s *teeSpan) SetAttributes(all ...attribute.KeyValue) {
	s.Span.SetAttributes(all...)
	if s.data.Attributes == nil {
		s.data.Attributes, s.tee.spare = s.tee.spare, nil
	}
	s.data.Attributes = append(s.data.Attributes, all...)
}

// AddEvent implements trace.Span.
func (s *teeSpan) AddEvent(name string, options ...trace.EventOption) {
	s.Span.AddEvent(name, options...)
	config := trace.NewEventConfig(options...)
	s.data.Events = append(s.data.Events, otlpfile.Event{Name: name, Time: config.Timestamp()})
}

// SetStatus implements trace.Span.
func (s *teeSpan) SetStatus(code codes.Code, description string) {
	s.Span.SetStatus(code, description)
	s.data.Status, s.data.Message = code, description
}

// End implements trace.Span.
func (s *teeSpan) End(options ...trace.SpanEndOption) {
	s.Span.End(options...)
	config := trace.NewSpanEndConfig(options...)
	s.data.End = config.Timestamp()
	s.tee.recorder.Span(&s.data)
	s.tee.spare, s.data.Attributes = s.data.Attributes[:0], nil
}
