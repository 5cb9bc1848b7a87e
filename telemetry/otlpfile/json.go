package otlpfile

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

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

// integer appends a 64-bit integer, which is a text in protobuf's JSON.
func (e *encoder) integer(n int64) { *e = append(strconv.AppendInt(append(*e, '"'), n, 10), '"') }

// time appends a time in nanoseconds. One before 1970 is zero in OTLP.
func (e *encoder) time(member string, t time.Time) {
	if n := t.UnixNano(); n > 0 {
		e.raw(member)
		e.integer(n)
	}
}

// endOf ends an object whose members begin at start, each with a comma.
func (e *encoder) endOf(start int) {
	if len(*e) > start {
		*e = append((*e)[:start], (*e)[start+1:]...)
	}
	e.raw(`}`)
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
		e.raw(`,"value":`)
		e.value(a.Value)
		e.raw(`}`)
	}
	e.raw(`]`)
}

// value appends an AnyValue: an object with a member for the value's type, which is there also if the value is zero.
func (e *encoder) value(v attribute.Value) {
	e.raw(`{`)
	switch v.Type() {
	case attribute.EMPTY:
	case attribute.BOOL:
		e.raw(`"boolValue":`, strconv.FormatBool(v.AsBool()))
	case attribute.INT64:
		e.raw(`"intValue":`)
		e.integer(v.AsInt64())
	case attribute.FLOAT64:
		e.raw(`"doubleValue":`)
		e.double(v.AsFloat64())
	case attribute.BOOLSLICE:
		array(e, v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		array(e, v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		array(e, v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.STRINGSLICE:
		array(e, v.AsStringSlice(), attribute.StringValue)
	case attribute.SLICE:
		array(e, v.AsSlice(), func(v attribute.Value) attribute.Value { return v })
	case attribute.MAP:
		e.raw(`"kvlistValue":{"values":`)
		e.list(v.AsMap())
		e.raw(`}`)
	case attribute.BYTESLICE:
		e.raw(`"bytesValue":"`)
		*e = append(base64.StdEncoding.AppendEncode(*e, v.AsByteSlice()), '"')
	case attribute.STRING:
		e.raw(`"stringValue":`)
		e.text(v.AsString())
	}
	e.raw(`}`)
}

// array appends the member of a list whose elements are values of one type.
func array[T any](e *encoder, all []T, toValue func(T) attribute.Value) {
	e.raw(`"arrayValue":{"values":[`)
	for i, v := range all {
		if i > 0 {
			e.raw(`,`)
		}
		e.value(toValue(v))
	}
	e.raw(`]}`)
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

// text appends a string. What is not UTF-8, which JSON cannot hold, is replaced as package otlp does.
func (e *encoder) text(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	b, done := append(*e, '"'), 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[done:i]...)
		if done = i + 1; c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	*e = append(append(b, s[done:]...), '"')
}
