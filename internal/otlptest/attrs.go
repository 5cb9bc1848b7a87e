package otlptest

import (
	"fmt"
	"sort"
	"strings"

	common "go.opentelemetry.io/proto/otlp/common/v1"
)

// Attrs are attributes by key. A value is a string, bool, int64, float64, []byte, []any, Attrs (a map), or nil (an
// attribute without a value).
type Attrs map[string]any

// String returns the string at key, or "" if there is none or it is of another type.
func (a Attrs) String(key string) string {
	text, _ := a[key].(string)
	return text
}

// Int returns the integer at key, or 0.
func (a Attrs) Int(key string) int64 {
	number, _ := a[key].(int64)
	return number
}

// Has reports whether there is an attribute at key, whatever its value.
func (a Attrs) Has(key string) bool {
	_, ok := a[key]
	return ok
}

// Match reports whether a has every attribute of want with an equal value. Values are compared as fmt prints them with
// their types, so slices compare too; an int in want equals an int64.
func (a Attrs) Match(want Attrs) bool {
	for key, value := range want {
		if number, ok := value.(int); ok {
			value = int64(number)
		}
		got, ok := a[key]
		if !ok || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", value) {
			return false
		}
	}
	return true
}

// key returns a text that two Attrs share if and only if they are equal.
func (a Attrs) key() string {
	pairs := make([]string, 0, len(a))
	for key, value := range a {
		pairs = append(pairs, fmt.Sprintf("%q=%#v", key, value))
	}
	sort.Strings(pairs)
	return strings.Join(pairs, ",")
}

func attrs(pairs []*common.KeyValue) Attrs {
	out := make(Attrs, len(pairs))
	for _, pair := range pairs {
		out[pair.GetKey()] = value(pair.GetValue())
	}
	return out
}

func value(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return v.BytesValue
	case *common.AnyValue_ArrayValue:
		list := make([]any, 0, len(v.ArrayValue.GetValues()))
		for _, item := range v.ArrayValue.GetValues() {
			list = append(list, value(item))
		}
		return list
	case *common.AnyValue_KvlistValue:
		return attrs(v.KvlistValue.GetValues())
	default:
		return nil
	}
}
