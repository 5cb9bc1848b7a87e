package record_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// records are one of each type.
var records = []any{
	record.Session{}, record.Message{}, record.Notification{}, record.Violation{}, record.Finding{}, record.LogLine{},
	record.Exit{}, record.Operation{}, record.Blockage{},
}

// TestJSON checks, for every type of record, that one with all fields set survives JSON, with names in snake_case.
func TestJSON(t *testing.T) {
	for _, r := range records {
		typ := reflect.TypeOf(r)
		t.Run(typ.Name(), func(t *testing.T) {
			full := reflect.New(typ)
			fill(t, full.Elem())
			b, err := json.Marshal(full.Interface())
			if err != nil {
				t.Fatal(err)
			}
			read := reflect.New(typ)
			if err := json.Unmarshal(b, read.Interface()); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(full.Elem().Interface(), read.Elem().Interface()) {
				t.Errorf("%s became %+v", b, read.Elem())
			}
			var members map[string]any
			if err := json.Unmarshal(b, &members); err != nil || len(members) != typ.NumField() {
				t.Errorf("%d fields became %d members: %s", typ.NumField(), len(members), b)
			}
			for name := range members {
				if name != strings.ToLower(name) {
					t.Errorf("the name %s", name)
				}
			}
		})
	}
}

// TestJSONOmitsAbsent checks that what is absent takes no room in JSON. A time of an operation's end is absent while it
// is open.
func TestJSONOmitsAbsent(t *testing.T) {
	b, err := json.Marshal(record.Operation{Change: record.Opened, Number: 1, Direction: record.ToServer, Method: "ping"})
	const want = `{"change":"opened","number":1,"direction":"to_server","method":"ping","start":"0001-01-01T00:00:00Z"}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}

func TestDirection(t *testing.T) {
	if record.ToServer.Opposite() != record.ToClient || record.ToClient.Opposite() != record.ToServer {
		t.Error("opposites")
	}
}

// TestPlain checks that records are plain data: they can be shared because nothing in them can be followed to something
// that changes.
func TestPlain(t *testing.T) {
	for _, r := range records {
		if path := pointer(reflect.TypeOf(r)); path != "" {
			t.Errorf("%s", path)
		}
	}
}

// pointer returns the way to a type that is not plain data.
func pointer(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range t.NumField() {
			if path := pointer(t.Field(i).Type); path != "" {
				return t.Name() + "." + t.Field(i).Name + " " + path
			}
		}
	case reflect.Slice:
		return pointer(t.Elem())
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Chan, reflect.Func:
		return t.String()
	}
	return ""
}

// fill sets every field to a value that is not zero.
func fill(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint64:
		v.SetUint(4)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("a field of kind %s", v.Kind())
	}
}
