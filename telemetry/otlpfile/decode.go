package otlpfile

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// ReadTraces reads a line of spans. All must have the same origin, as they have where this package has written them.
func ReadTraces(line []byte) (Origin, []Span, error) {
	var data struct{ ResourceSpans []resourceItems }
	if err := json.Unmarshal(line, &data); err != nil {
		return Origin{}, nil, fmt.Errorf("a line of spans: %w", err)
	}
	var o Origin
	var all []Span
	for _, r := range data.ResourceSpans {
		for _, s := range r.ScopeSpans {
			o = r.origin(s.Scope)
			for i := range s.Spans {
				all = append(all, s.Spans[i].span())
			}
		}
	}
	return o, all, nil
}

// ReadLogs reads a line of log records.
func ReadLogs(line []byte) (Origin, []LogRecord, error) {
	var data struct{ ResourceLogs []resourceItems }
	if err := json.Unmarshal(line, &data); err != nil {
		return Origin{}, nil, fmt.Errorf("a line of log records: %w", err)
	}
	var o Origin
	var all []LogRecord
	for _, r := range data.ResourceLogs {
		for _, s := range r.ScopeLogs {
			o = r.origin(s.Scope)
			for i := range s.LogRecords {
				all = append(all, s.LogRecords[i].record())
			}
		}
	}
	return o, all, nil
}

// ReadAttributes reads a JSON array of attributes.
func ReadAttributes(list []byte) ([]attribute.KeyValue, error) {
	var all attributes
	if err := json.Unmarshal(list, &all); err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	return all.list(), nil
}

// The types below are those of OTLP's JSON, as far as this package writes it.

type resourceItems struct {
	Resource   struct{ Attributes attributes }
	ScopeSpans []struct {
		Scope scope
		Spans []jsonSpan
	}
	ScopeLogs []struct {
		Scope      scope
		LogRecords []jsonRecord
	}
	SchemaURL string
}

func (r *resourceItems) origin(s scope) Origin {
	return Origin{Resource: r.Resource.Attributes.list(), ResourceURL: r.SchemaURL, ScopeName: s.Name, ScopeVersion: s.Version}
}

type scope struct{ Name, Version string }

type jsonSpan struct {
	TraceID, SpanID, ParentSpanID, TraceState, Name string
	Flags                                           uint32
	Kind                                            int
	StartTimeUnixNano, EndTimeUnixNano              json.Number
	Attributes                                      attributes
	Events                                          []struct {
		Name         string
		TimeUnixNano json.Number
	}
	Links []struct {
		TraceID, SpanID string
		Flags           uint32
	}
	Status struct {
		Message string
		Code    int
	}
}

func (s *jsonSpan) span() Span {
	out := Span{
		TraceID: traceID(s.TraceID), SpanID: spanID(s.SpanID), ParentID: spanID(s.ParentSpanID),
		TraceState: s.TraceState, Flags: s.Flags, Name: s.Name, Kind: trace.SpanKind(s.Kind),
		Start: nanoseconds(s.StartTimeUnixNano), End: nanoseconds(s.EndTimeUnixNano), Attributes: s.Attributes.list(),
		Message: s.Status.Message,
	}
	switch s.Status.Code {
	case 1:
		out.Status = codes.Ok
	case 2:
		out.Status = codes.Error
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, Event{e.Name, nanoseconds(e.TimeUnixNano)})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, Link{traceID(l.TraceID), spanID(l.SpanID), l.Flags})
	}
	return out
}

type jsonRecord struct {
	TimeUnixNano    json.Number
	SeverityNumber  int
	SeverityText    string
	Body            value
	Attributes      attributes
	TraceID, SpanID string
	Flags           uint32
}

func (r *jsonRecord) record() LogRecord {
	return LogRecord{
		Time: nanoseconds(r.TimeUnixNano), Severity: r.SeverityNumber, SeverityText: r.SeverityText,
		Body: r.Body.attribute().AsString(), Attributes: r.Attributes.list(),
		TraceID: traceID(r.TraceID), SpanID: spanID(r.SpanID), Flags: r.Flags,
	}
}

// nanoseconds converts a time. Protobuf's JSON writes it as a text.
func nanoseconds(n json.Number) time.Time {
	v, err := n.Int64()
	if err != nil || v == 0 {
		return time.Time{}
	}
	return time.Unix(0, v)
}

type attributes []struct {
	Key   string
	Value value
}

func (a attributes) list() []attribute.KeyValue {
	var all []attribute.KeyValue
	for i := range a {
		all = append(all, attribute.KeyValue{Key: attribute.Key(a[i].Key), Value: a[i].Value.attribute()})
	}
	return all
}

type value struct {
	StringValue *string
	BoolValue   *bool
	IntValue    *json.Number // a text, or not
	DoubleValue *double
	ArrayValue  *struct{ Values []value }
	KVListValue *struct{ Values attributes }
	BytesValue  []byte
}

func (v *value) attribute() attribute.Value {
	switch {
	case v.StringValue != nil:
		return attribute.StringValue(*v.StringValue)
	case v.BoolValue != nil:
		return attribute.BoolValue(*v.BoolValue)
	case v.IntValue != nil:
		n, _ := v.IntValue.Int64() // 0 for what is none
		return attribute.Int64Value(n)
	case v.DoubleValue != nil:
		return attribute.Float64Value(float64(*v.DoubleValue))
	case v.ArrayValue != nil:
		return list(v.ArrayValue.Values)
	case v.KVListValue != nil:
		return attribute.MapValue(v.KVListValue.Values.list()...)
	case v.BytesValue != nil:
		return attribute.ByteSliceValue(v.BytesValue)
	}
	return attribute.Value{}
}

// list returns a list of texts where it is one, as all lists of a session are, and else a list of any values.
func list(all []value) attribute.Value {
	texts, values := make([]string, 0, len(all)), make([]attribute.Value, len(all))
	for i := range all {
		if values[i] = all[i].attribute(); values[i].Type() == attribute.STRING {
			texts = append(texts, values[i].AsString())
		}
	}
	if len(texts) == len(all) {
		return attribute.StringSliceValue(texts)
	}
	return attribute.SliceValue(values...)
}

// double is a floating-point number. Those that JSON cannot write are texts.
type double float64

// UnmarshalJSON implements json.Unmarshaler.
func (d *double) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(string(bytes.Trim(text, `"`)), 64)
	*d = double(f)
	return err
}

func traceID(text string) (id trace.TraceID) {
	if len(text) == hex.EncodedLen(len(id)) {
		_, _ = hex.Decode(id[:], []byte(text)) // an id that is damaged is none
	}
	return id
}

func spanID(text string) (id trace.SpanID) {
	if len(text) == hex.EncodedLen(len(id)) {
		_, _ = hex.Decode(id[:], []byte(text))
	}
	return id
}
