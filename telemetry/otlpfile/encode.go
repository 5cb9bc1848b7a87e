package otlpfile

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
)

// Traces returns what stands before and after the spans of a line. Between spans stands a comma.
func Traces(o *Origin) (before, after []byte) { return o.line("resourceSpans", "scopeSpans", "spans") }

// Logs returns what stands before and after the log records of a line. Between records stands a comma.
func Logs(o *Origin) (before, after []byte) { return o.line("resourceLogs", "scopeLogs", "logRecords") }

func (o *Origin) line(resources, scopes, items string) (before, after []byte) {
	e := encoder(nil)
	e.raw(`{"`, resources, `":[{"resource":{`)
	e.attributes(o.Resource)
	e.raw(`},"`, scopes, `":[{"scope":{"name":`)
	e.text(o.ScopeName)
	if o.ScopeVersion != "" {
		e.raw(`,"version":`)
		e.text(o.ScopeVersion)
	}
	e.raw(`},"`, items, `":[`)
	end := encoder(nil)
	end.raw(`]}]`)
	if o.ResourceURL != "" {
		end.raw(`,"schemaUrl":`)
		end.text(o.ResourceURL)
	}
	end.raw("}]}\n")
	return e, end
}

// AppendSpan appends a span as a JSON object.
func AppendSpan(dst []byte, s *Span) []byte {
	e := encoder(dst)
	e.raw(`{"traceId":`)
	e.id(s.TraceID[:])
	e.raw(`,"spanId":`)
	e.id(s.SpanID[:])
	e.optional(`,"traceState":`, s.TraceState)
	if s.ParentID.IsValid() {
		e.raw(`,"parentSpanId":`)
		e.id(s.ParentID[:])
	}
	e.flags(s.Flags)
	e.optional(`,"name":`, s.Name)
	e.number(`,"kind":`, int64(s.Kind)) // OTLP's numbers are OpenTelemetry's
	e.time(`,"startTimeUnixNano":`, s.Start)
	e.time(`,"endTimeUnixNano":`, s.End)
	if len(s.Attributes) > 0 {
		e.raw(`,`)
		e.attributes(s.Attributes)
	}
	e.events(s.Events)
	e.links(s.Links)
	e.status(s.Status, s.Message)
	e.raw(`}`)
	return e
}

// AppendLogRecord appends a log record as a JSON object.
func AppendLogRecord(dst []byte, r *LogRecord) []byte {
	e := encoder(dst)
	start := len(e)
	e.time(`,"timeUnixNano":`, r.Time)
	e.number(`,"severityNumber":`, int64(r.Severity))
	e.optional(`,"severityText":`, r.SeverityText)
	e.raw(`,"body":{"stringValue":`)
	e.text(r.Body)
	e.raw(`}`)
	if len(r.Attributes) > 0 {
		e.raw(`,`)
		e.attributes(r.Attributes)
	}
	e.flags(r.Flags)
	if r.TraceID.IsValid() {
		e.raw(`,"traceId":`)
		e.id(r.TraceID[:])
		e.raw(`,"spanId":`)
		e.id(r.SpanID[:])
	}
	e.raw(`}`)
	e[start] = '{' // in place of the first comma
	return e
}

// AppendAttributes appends a JSON array of attributes.
func AppendAttributes(dst []byte, all []attribute.KeyValue) []byte {
	e := encoder(dst)
	e.list(all)
	return e
}

// encoder appends JSON. Like protobuf's own encoder it leaves out members that are zero.
type encoder []byte

func (e *encoder) raw(parts ...string) {
	for _, p := range parts {
		*e = append(*e, p...)
	}
}

func (e *encoder) id(b []byte) { *e = append(hex.AppendEncode(append(*e, '"'), b), '"') }

// optional appends a member, unless its value is empty.
func (e *encoder) optional(member, value string) {
	if value != "" {
		e.raw(member)
		e.text(value)
	}
}

func (e *encoder) number(member string, n int64) {
	if n != 0 {
		e.raw(member)
		*e = strconv.AppendInt(*e, n, 10)
	}
}

func (e *encoder) flags(flags uint32) { e.number(`,"flags":`, int64(flags)) }

// time appends a time in nanoseconds: 64-bit integers are texts in protobuf's JSON.
func (e *encoder) time(member string, t time.Time) {
	if n := t.UnixNano(); !t.IsZero() && n > 0 {
		e.raw(member, `"`)
		*e = append(strconv.AppendInt(*e, n, 10), '"')
	}
}

func (e *encoder) events(all []Event) {
	if len(all) == 0 {
		return
	}
	e.raw(`,"events":[`)
	for i, event := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{`)
		start := len(*e)
		e.time(`,"timeUnixNano":`, event.Time)
		e.optional(`,"name":`, event.Name)
		e.endOf(start)
	}
	e.raw(`]`)
}

// endOf ends an object whose members begin at start, each with a comma.
func (e *encoder) endOf(start int) {
	if len(*e) > start {
		*e = append((*e)[:start], (*e)[start+1:]...)
	}
	e.raw(`}`)
}

func (e *encoder) links(all []Link) {
	if len(all) == 0 {
		return
	}
	e.raw(`,"links":[`)
	for i, link := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{"traceId":`)
		e.id(link.TraceID[:])
		e.raw(`,"spanId":`)
		e.id(link.SpanID[:])
		e.flags(link.Flags)
		e.raw(`}`)
	}
	e.raw(`]`)
}

// status appends how a span went: OTLP's numbers of the codes are not OpenTelemetry's.
func (e *encoder) status(code codes.Code, message string) {
	e.raw(`,"status":{`)
	start := len(*e)
	e.optional(`,"message":`, message)
	switch code {
	case codes.Ok:
		e.raw(`,"code":1`)
	case codes.Error:
		e.raw(`,"code":2`)
	}
	e.endOf(start)
}

func (e *encoder) attributes(all []attribute.KeyValue) {
	e.raw(`"attributes":`)
	e.list(all)
}

func (e *encoder) list(all []attribute.KeyValue) {
	e.raw(`[`)
	for i, a := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.raw(`{"key":`)
		e.text(string(a.Key))
		e.raw(`,"value":{`)
		e.value(a.Value)
		e.raw(`}}`)
	}
	e.raw(`]`)
}

// value appends the member for a value's type. A session has values of five types; one of any other type is a text.
func (e *encoder) value(v attribute.Value) {
	switch v.Type() {
	case attribute.BOOL:
		e.raw(`"boolValue":`, strconv.FormatBool(v.AsBool()))
	case attribute.INT64:
		e.raw(`"intValue":"`)
		*e = append(strconv.AppendInt(*e, v.AsInt64(), 10), '"')
	case attribute.FLOAT64:
		e.raw(`"doubleValue":`)
		e.double(v.AsFloat64())
	case attribute.STRINGSLICE:
		e.raw(`"arrayValue":{"values":[`)
		for i, text := range v.AsStringSlice() {
			if i > 0 {
				e.raw(`,`)
			}
			e.raw(`{"stringValue":`)
			e.text(text)
			e.raw(`}`)
		}
		e.raw(`]}`)
	default:
		e.raw(`"stringValue":`)
		e.text(v.String())
	}
}

func (e *encoder) double(f float64) {
	switch {
	case math.IsNaN(f):
		e.raw(`"NaN"`)
	case math.IsInf(f, 1):
		e.raw(`"Infinity"`)
	case math.IsInf(f, -1):
		e.raw(`"-Infinity"`)
	default:
		*e = strconv.AppendFloat(*e, f, 'g', -1, 64)
	}
}

const hexDigits = "0123456789abcdef"

// text appends a string. What is not UTF-8 is replaced, since JSON cannot hold it.
func (e *encoder) text(s string) {
	b := append(*e, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
		}
	}
	*e = append(b, '"')
}
