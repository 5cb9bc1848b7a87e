// Package otlpfile writes spans, log records and metrics as OpenTelemetry's file exporters do, and reads the first two:
// OTLP JSON, one message a line (https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/). Ids are hexadecimal and
// enumerations are numbers (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
//
// It owns the format and nothing else: it opens no file and knows no record. Its functions are pure, so a test compares
// what they write with what OpenTelemetry's exporters make of the same data. It has types of its own and does not import
// the SDK, so that those who only read what was stored need not either.
package otlpfile

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Origin is what all spans and log records of a session have in common.
type Origin struct {
	Resource     []attribute.KeyValue
	ResourceURL  string // of the schema of the resource's attributes; may be empty
	ScopeName    string
	ScopeVersion string
}

// Span is a span that has ended.
type Span struct {
	TraceID    trace.TraceID
	SpanID     trace.SpanID
	ParentID   trace.SpanID // zero: none
	TraceState string
	Flags      uint32 // OTLP's: those of W3C trace context in the lowest byte

	Name       string
	Kind       trace.SpanKind
	Start, End time.Time
	Attributes []attribute.KeyValue
	Events     []Event
	Links      []Link
	Status     codes.Code
	Message    string // of the status
}

// Event is something that happened during a span.
type Event struct {
	Name string
	Time time.Time
}

// Link refers to another span.
type Link struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
	Flags   uint32
}

// LogRecord is a log record.
type LogRecord struct {
	Time         time.Time
	Severity     int // OpenTelemetry's number: 9 is INFO
	SeverityText string
	EventName    string
	Body         string
	Attributes   []attribute.KeyValue
	TraceID      trace.TraceID // zero: it is about no span
	SpanID       trace.SpanID
	Flags        uint32
}
