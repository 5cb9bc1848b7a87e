package otlpfile

import (
	"encoding/base64"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Reader reads lines. What it returns does not refer to them. Texts that it has read before it does not copy again, so one
// for many lines is faster, and takes less memory. It is not safe for concurrent use.
type Reader struct {
	scanner
	held []attribute.KeyValue // of lists that are being read
	room int                  // for what is still to be read, see take
}

// Room that items take in memory, at least. A hostile line could otherwise take a hundred times its size: {} is a
// span. No line that is written by an encoder of OTLP takes as much as is given, see start.
const (
	spanRoom   = 512 // with the operation that is made of it
	recordRoom = 256
	itemRoom   = 128 // of anything else in a list
	perByte    = 8
	spareRoom  = 1 << 16
)

// ReadTraces reads a line of spans. All must have the same origin, as they have where this package has written them.
func ReadTraces(line []byte) (Origin, []Span, error) { return new(Reader).Traces(line) }

// ReadLogs reads a line of log records.
func ReadLogs(line []byte) (Origin, []LogRecord, error) { return new(Reader).Logs(line) }

// Traces reads a line of spans, as ReadTraces does.
func (r *Reader) Traces(line []byte) (o Origin, all []Span, err error) {
	r.start(line)
	r.line(&o, "resourceSpans", "scopeSpans", "spans", func() {
		r.take(spanRoom)
		all = append(all, r.span())
	})
	if err := r.end(); err != nil {
		return Origin{}, nil, fmt.Errorf("a line of spans: %w", err)
	}
	return o, all, nil
}

// Logs reads a line of log records, as ReadLogs does.
func (r *Reader) Logs(line []byte) (o Origin, all []LogRecord, err error) {
	r.start(line)
	r.line(&o, "resourceLogs", "scopeLogs", "logRecords", func() {
		r.take(recordRoom)
		all = append(all, r.record())
	})
	if err := r.end(); err != nil {
		return Origin{}, nil, fmt.Errorf("a line of log records: %w", err)
	}
	return o, all, nil
}

func (r *Reader) start(text []byte) {
	r.text, r.at, r.depth, r.err = text, 0, 0, nil
	r.held, r.room = r.held[:0], perByte*len(text)+spareRoom
}

// take takes room for an item. A line that needs more than there is cannot be read.
func (r *Reader) take(n int) {
	if r.room -= n; r.room < 0 {
		r.fail()
	}
}

// items calls f for each element of an array of items.
func (r *Reader) items(f func()) {
	r.array(func() {
		r.take(itemRoom)
		f()
	})
}

// line reads the message of a line. item reads an item.
func (r *Reader) line(o *Origin, resources, scopes, items string, item func()) {
	r.object(func(name []byte) {
		if string(name) != resources {
			r.value()
			return
		}
		r.array(func() { r.resource(o, scopes, items, item) })
	})
}

func (r *Reader) resource(o *Origin, scopes, items string, item func()) {
	r.object(func(name []byte) {
		switch string(name) {
		case "resource":
			r.object(func(name []byte) {
				if string(name) == "attributes" {
					o.Resource = r.attributes()
				} else {
					r.value()
				}
			})
		case "schemaUrl":
			o.ResourceURL = r.string()
		case scopes:
			r.array(func() { r.scope(o, items, item) })
		default:
			r.value()
		}
	})
}

func (r *Reader) scope(o *Origin, items string, item func()) {
	r.object(func(name []byte) {
		switch string(name) {
		case "scope":
			r.object(func(name []byte) {
				switch string(name) {
				case "name":
					o.ScopeName = r.string()
				case "version":
					o.ScopeVersion = r.string()
				default:
					r.value()
				}
			})
		case items:
			r.array(item)
		default:
			r.value()
		}
	})
}

func (r *Reader) span() (s Span) {
	r.object(func(name []byte) {
		switch string(name) {
		case "traceId":
			r.id(s.TraceID[:])
		case "spanId":
			r.id(s.SpanID[:])
		case "parentSpanId":
			r.id(s.ParentID[:])
		case "traceState":
			s.TraceState = r.string()
		case "flags":
			s.Flags = uint32(r.integer())
		case "name":
			s.Name = r.string()
		case "kind":
			s.Kind = trace.SpanKind(r.integer())
		case "startTimeUnixNano":
			s.Start = r.time()
		case "endTimeUnixNano":
			s.End = r.time()
		case "attributes":
			s.Attributes = r.attributes()
		default:
			r.spanRest(&s, name)
		}
	})
	return s
}

// spanRest reads the members that few spans have.
func (r *Reader) spanRest(s *Span, name []byte) {
	switch string(name) {
	case "events":
		r.items(func() { s.Events = append(s.Events, r.event()) })
	case "links":
		r.items(func() { s.Links = append(s.Links, r.link()) })
	case "status":
		r.object(func(name []byte) {
			switch string(name) {
			case "message":
				s.Message = r.string()
			case "code":
				s.Status = statuses[r.integer()]
			default:
				r.value()
			}
		})
	default:
		r.value()
	}
}

// statuses are OpenTelemetry's codes of OTLP's.
var statuses = map[int64]codes.Code{1: codes.Ok, 2: codes.Error}

func (r *Reader) event() (e Event) {
	r.object(func(name []byte) {
		switch string(name) {
		case "name":
			e.Name = r.string()
		case "timeUnixNano":
			e.Time = r.time()
		default:
			r.value()
		}
	})
	return e
}

func (r *Reader) link() (l Link) {
	r.object(func(name []byte) {
		switch string(name) {
		case "traceId":
			r.id(l.TraceID[:])
		case "spanId":
			r.id(l.SpanID[:])
		case "flags":
			l.Flags = uint32(r.integer())
		default:
			r.value()
		}
	})
	return l
}

func (r *Reader) record() (l LogRecord) {
	r.object(func(name []byte) {
		switch string(name) {
		case "timeUnixNano":
			l.Time = r.time()
		case "severityNumber":
			l.Severity = int(r.integer())
		case "severityText":
			l.SeverityText = r.string()
		case "eventName":
			l.EventName = r.string()
		case "body":
			l.Body = r.any().AsString()
		case "attributes":
			l.Attributes = r.attributes()
		case "traceId":
			r.id(l.TraceID[:])
		case "spanId":
			r.id(l.SpanID[:])
		case "flags":
			l.Flags = uint32(r.integer())
		default:
			r.value()
		}
	})
	return l
}

// time reads a time in nanoseconds.
func (r *Reader) time() time.Time {
	n := r.integer()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

func (r *Reader) attributes() []attribute.KeyValue {
	start := len(r.held)
	r.items(func() {
		var a attribute.KeyValue
		r.object(func(name []byte) {
			switch string(name) {
			case "key":
				a.Key = attribute.Key(r.string())
			case "value":
				a.Value = r.any()
			default:
				r.value()
			}
		})
		r.held = append(r.held, a)
	})
	all := append([]attribute.KeyValue(nil), r.held[start:]...)
	r.held = r.held[:start]
	return all
}

// any reads an AnyValue.
func (r *Reader) any() (v attribute.Value) {
	r.object(func(name []byte) {
		switch string(name) {
		case "stringValue":
			v = attribute.StringValue(r.string())
		case "boolValue":
			v = attribute.BoolValue(r.bool())
		case "intValue":
			v = attribute.Int64Value(r.integer())
		case "doubleValue":
			v = attribute.Float64Value(r.double())
		case "bytesValue":
			b, err := base64.StdEncoding.DecodeString(r.string())
			if v = attribute.ByteSliceValue(b); err != nil {
				r.fail()
			}
		case "arrayValue":
			v = list(r.values())
		case "kvlistValue":
			var all []attribute.KeyValue
			r.object(func(name []byte) {
				if string(name) == "values" {
					all = r.attributes()
				} else {
					r.value()
				}
			})
			v = attribute.MapValue(all...)
		default:
			r.value()
		}
	})
	return v
}

// values reads the values of an array's message.
func (r *Reader) values() (all []attribute.Value) {
	r.object(func(name []byte) {
		if string(name) == "values" {
			r.items(func() { all = append(all, r.any()) })
		} else {
			r.value()
		}
	})
	return all
}

// list returns a list of texts where it is one, as all lists of a session are, and else a list of any values.
func list(all []attribute.Value) attribute.Value {
	texts := make([]string, 0, len(all))
	for _, v := range all {
		if v.Type() != attribute.STRING {
			return attribute.SliceValue(all...)
		}
		texts = append(texts, v.AsString())
	}
	return attribute.StringSliceValue(texts)
}
