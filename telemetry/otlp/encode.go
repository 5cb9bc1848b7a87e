package otlp

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// spanExporter encodes spans as OTLP and sends them with a client of the SDK's. The SDK's exporter makes a protobuf
// message of each span first, and of each of its attributes: a third of all allocations of a call. The numbers below are
// those of https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto,
// and a test compares the result with the SDK's.
type spanExporter struct {
	client otlptrace.Client
	buffer encoder // reused: the client has copied it when it returns
}

// newSpanSender starts a client and returns an exporter that uses it.
func newSpanSender(client otlptrace.Client) (sdktrace.SpanExporter, error) {
	return &spanExporter{client: client}, client.Start(context.Background())
}

// ExportSpans implements sdktrace.SpanExporter. All spans have the same resource.
func (x *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e, of := x.buffer[:0], spans[0].Resource()
	resource, url := e.open(1), of.SchemaURL()
	e.attributes(1, of.Attributes())
	e.close(resource)
	for len(spans) > 0 {
		scope, n := spans[0].InstrumentationScope(), 0
		inScope := e.open(2)
		e.scope(scope)
		for n < len(spans) && spans[n].InstrumentationScope() == scope {
			e.span(spans[n])
			n++
		}
		e.text(3, scope.SchemaURL)
		e.close(inScope)
		spans = spans[n:]
	}
	e.text(3, url)
	x.buffer = e
	encoded := &tracepb.ResourceSpans{} // protobuf sends fields that a message does not know as they are
	encoded.ProtoReflect().SetUnknown([]byte(e))
	if err := x.client.UploadTraces(ctx, []*tracepb.ResourceSpans{encoded}); err != nil {
		return fmt.Errorf("traces export: %w", err)
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (x *spanExporter) Shutdown(ctx context.Context) error { return x.client.Stop(ctx) }

// encoder appends fields of protobuf messages. Like protobuf's own it leaves out what is zero.
type encoder []byte

// open starts a field that is a message. Its length, of which close inserts all but the first byte, is not known yet.
func (e *encoder) open(field protowire.Number) (start int) {
	*e = append(protowire.AppendTag(*e, field, protowire.BytesType), 0)
	return len(*e)
}

func (e *encoder) close(start int) {
	size := len(*e) - start
	for more := protowire.SizeVarint(uint64(size)) - 1; more > 0; more-- {
		*e = append(*e, 0)
	}
	copy((*e)[len(*e)-size:], (*e)[start:start+size])
	protowire.AppendVarint((*e)[:start-1], uint64(size))
}

// text appends a string. A string that is not UTF-8 would make the collector reject the whole batch.
func (e *encoder) text(field protowire.Number, s string) {
	if s != "" {
		*e = protowire.AppendString(protowire.AppendTag(*e, field, protowire.BytesType), strings.ToValidUTF8(s, "\uFFFD"))
	}
}

func (e *encoder) bytes(field protowire.Number, b []byte) {
	*e = protowire.AppendBytes(protowire.AppendTag(*e, field, protowire.BytesType), b)
}

func (e *encoder) number(field protowire.Number, n int64) {
	if n != 0 {
		*e = protowire.AppendVarint(protowire.AppendTag(*e, field, protowire.VarintType), uint64(n))
	}
}

func (e *encoder) time(field protowire.Number, t time.Time) {
	*e = protowire.AppendFixed64(protowire.AppendTag(*e, field, protowire.Fixed64Type), uint64(max(0, t.UnixNano())))
}

func (e *encoder) scope(s instrumentation.Scope) {
	start := e.open(1)
	e.text(1, s.Name)
	e.text(2, s.Version)
	e.attributes(3, s.Attributes.ToSlice())
	e.close(start)
}

func (e *encoder) span(s sdktrace.ReadOnlySpan) {
	start := e.open(2)
	ids, parent := s.SpanContext(), s.Parent()
	e.ids(ids)
	e.text(3, ids.TraceState().String())
	if id := parent.SpanID(); id.IsValid() {
		e.bytes(4, id[:])
	}
	e.text(5, s.Name())
	e.number(6, int64(s.SpanKind())) // OTLP's numbers are OpenTelemetry's
	e.time(7, s.StartTime())
	e.time(8, s.EndTime())
	e.attributes(9, s.Attributes())
	e.number(10, int64(s.DroppedAttributes()))
	for _, event := range s.Events() {
		e.event(event)
	}
	e.number(12, int64(s.DroppedEvents()))
	for _, link := range s.Links() {
		e.link(link)
	}
	e.number(14, int64(s.DroppedLinks()))
	e.status(s.Status())
	e.flags(16, ids, parent)
	e.close(start)
}

// ids appends the fields that spans and links have in common.
func (e *encoder) ids(c trace.SpanContext) {
	traceID, spanID := c.TraceID(), c.SpanID()
	e.bytes(1, traceID[:])
	e.bytes(2, spanID[:])
}

func (e *encoder) event(event sdktrace.Event) {
	start := e.open(11)
	e.time(1, event.Time)
	e.text(2, event.Name)
	e.attributes(3, event.Attributes)
	e.number(4, int64(event.DroppedAttributeCount))
	e.close(start)
}

func (e *encoder) link(link sdktrace.Link) {
	start := e.open(13)
	e.ids(link.SpanContext)
	e.attributes(4, link.Attributes)
	e.number(5, int64(link.DroppedAttributeCount))
	e.flags(6, link.SpanContext, link.SpanContext)
	e.close(start)
}

// status appends how a span went: OTLP's numbers of the codes are not those of the SDK.
func (e *encoder) status(s sdktrace.Status) {
	start := e.open(15)
	e.text(2, s.Description)
	switch s.Code {
	case codes.Ok:
		e.number(3, int64(tracepb.Status_STATUS_CODE_OK))
	case codes.Error:
		e.number(3, int64(tracepb.Status_STATUS_CODE_ERROR))
	}
	e.close(start)
}

// flags appends the flags of the first context, and whether the second one came from another process.
func (e *encoder) flags(field protowire.Number, c, from trace.SpanContext) {
	flags := uint32(c.TraceFlags()) | uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if from.IsRemote() {
		flags |= uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	*e = protowire.AppendFixed32(protowire.AppendTag(*e, field, protowire.Fixed32Type), flags)
}

// attributes appends each attribute as a field.
func (e *encoder) attributes(field protowire.Number, all []attribute.KeyValue) {
	for _, a := range all {
		start := e.open(field)
		e.text(1, string(a.Key))
		value := e.open(2)
		e.value(a.Value)
		e.close(value)
		e.close(start)
	}
}

// value appends the field of a value's type, also if the value is zero. The spans of a session have values of five types;
// one of any other type would be sent as text.
func (e *encoder) value(v attribute.Value) {
	switch v.Type() {
	case attribute.BOOL:
		*e = protowire.AppendVarint(protowire.AppendTag(*e, 2, protowire.VarintType), protowire.EncodeBool(v.AsBool()))
	case attribute.INT64:
		*e = protowire.AppendVarint(protowire.AppendTag(*e, 3, protowire.VarintType), uint64(v.AsInt64()))
	case attribute.FLOAT64:
		*e = protowire.AppendFixed64(protowire.AppendTag(*e, 4, protowire.Fixed64Type), math.Float64bits(v.AsFloat64()))
	case attribute.STRINGSLICE:
		list := e.open(5)
		for _, text := range v.AsStringSlice() {
			element := e.open(1)
			e.value(attribute.StringValue(text))
			e.close(element)
		}
		e.close(list)
	default:
		text := strings.ToValidUTF8(v.String(), "\uFFFD")
		*e = protowire.AppendString(protowire.AppendTag(*e, 1, protowire.BytesType), text)
	}
}
