package otlptest

import (
	"encoding/hex"
	"strings"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it was exported. Ids are in hexadecimal, as traceparent writes them.
type Span struct {
	Origin
	Name       string
	Kind       SpanKind
	TraceID    string
	SpanID     string
	ParentID   string // empty for a root span
	Remote     bool   // the parent is marked as being in another process
	TraceState string
	Start, End time.Time
	Attrs      Attrs
	Dropped    uint32 // attributes that the SDK dropped
	Events     []Event
	Links      []Link
	Status     SpanStatus
	StatusText string
}

// Event is an event of a span.
type Event struct {
	Name  string
	Time  time.Time
	Attrs Attrs
}

// Link is a span's link to another span.
type Link struct {
	TraceID, SpanID string
	Attrs           Attrs
}

// SpanKind is a span's kind in lower case: "internal", "server", "client", "producer", "consumer" or "unspecified".
type SpanKind string

// The kinds that MCP's conventions use.
const (
	KindInternal SpanKind = "internal"
	KindServer   SpanKind = "server"
	KindClient   SpanKind = "client"
)

// SpanStatus is a span's status in lower case: "unset", "ok" or "error".
type SpanStatus string

// The statuses.
const (
	StatusUnset SpanStatus = "unset"
	StatusOK    SpanStatus = "ok"
	StatusError SpanStatus = "error"
)

// Duration is the time from the span's start to its end.
func (s Span) Duration() time.Duration { return s.End.Sub(s.Start) }

// ChildOf reports whether parent is the span's parent.
func (s Span) ChildOf(parent Span) bool {
	return s.TraceID == parent.TraceID && s.ParentID == parent.SpanID && parent.SpanID != ""
}

// remoteFlags are the bits of a span's flags that are both set if its parent is remote.
const remoteFlags = uint32(trace.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK | trace.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)

func newSpan(span *trace.Span, origin Origin) Span {
	out := Span{
		Origin:     origin,
		Name:       span.GetName(),
		Kind:       SpanKind(strings.ToLower(strings.TrimPrefix(span.GetKind().String(), "SPAN_KIND_"))),
		TraceID:    hex.EncodeToString(span.GetTraceId()),
		SpanID:     hex.EncodeToString(span.GetSpanId()),
		ParentID:   hex.EncodeToString(span.GetParentSpanId()),
		Remote:     span.GetFlags()&remoteFlags == remoteFlags,
		TraceState: span.GetTraceState(),
		Start:      timeOf(span.GetStartTimeUnixNano()),
		End:        timeOf(span.GetEndTimeUnixNano()),
		Attrs:      attrs(span.GetAttributes()),
		Dropped:    span.GetDroppedAttributesCount(),
		Status:     SpanStatus(strings.ToLower(strings.TrimPrefix(span.GetStatus().GetCode().String(), "STATUS_CODE_"))),
		StatusText: span.GetStatus().GetMessage(),
	}
	for _, event := range span.GetEvents() {
		out.Events = append(out.Events, Event{
			Name: event.GetName(), Time: timeOf(event.GetTimeUnixNano()), Attrs: attrs(event.GetAttributes()),
		})
	}
	for _, link := range span.GetLinks() {
		out.Links = append(out.Links, Link{
			TraceID: hex.EncodeToString(link.GetTraceId()), SpanID: hex.EncodeToString(link.GetSpanId()),
			Attrs: attrs(link.GetAttributes()),
		})
	}
	return out
}

// Spans returns every accepted span in order of arrival.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span(nil), r.spans...)
}

// SpansNamed returns the spans with a name, in order of arrival.
func (r *Receiver) SpansNamed(name string) []Span { return Named(r.Spans(), name) }

// Named returns the spans with a name.
func Named(spans []Span, name string) []Span {
	var out []Span
	for _, span := range spans {
		if span.Name == name {
			out = append(out, span)
		}
	}
	return out
}
