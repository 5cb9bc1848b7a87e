package telemetry_test

import (
	"encoding/json"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry"
)

func TestOmit(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                                `{}`,
		`{"a":1}`:                           `{"a":1}`,
		`{"_meta":{"x":[1,{"y":2}]}}`:       `{}`,
		`{"_meta":1,"a":2}`:                 `{"a":2}`,
		`{"_meta":1,"_meta":2,"a":3,"b":4}`: `{"a":3,"b":4}`,
		`{"a":1,"_meta":2}`:                 `{"a":1}`,
		`{"a":1, "_meta":2, "b":3}`:         `{"a":1, "b":3}`,
		`{"\u005fmeta":1,"a":2}`:            `{"a":2}`,
		`{"_Meta":1,"meta":2,"__meta":3}`:   `{"_Meta":1,"meta":2,"__meta":3}`,
		`{"description":"x","messages":[{"description":"y","_meta":{}}]}`: `{"messages":[{"description":"y"}]}`,
		`[{"_meta":1},{"a":"_meta","b":["_meta",{"_meta":[]}]}]`:          `[{},{"a":"_meta","b":["_meta",{}]}]`,
		`{"a":["description",1e999]}`:                                     `{"a":["description",1e999]}`,
		`"_meta"`:                                                         `"_meta"`,
		`{"a":"b`:                                                         `{"a":"b`, // cut off, as are all that follow
		`{"a":1,"_meta":{"x":"y`:                                          `{"a":1`,
		`{"a":1,"_meta":`:                                                 `{"a":1`,
		`{"a":1,"_meta"`:                                                  `{"a":1`,
		`{"a":{"_meta":1,"b":[tru`:                                        `{"a":{"b":[tru`,
		`{"a":{"_meta":12`:                                                `{"a":{`,
		``:                                                                ``,
	} {
		if got := string(telemetry.Omit([]byte(raw))); got != want {
			t.Errorf("Omit(%s) = %s, want %s", raw, got, want)
		}
	}
}

func FuzzOmit(f *testing.F) {
	f.Add([]byte(`{"a":{"_meta":1,"b":[true,{"_meta":null}]},"description":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		out := telemetry.Omit(raw)
		var before, after any
		if json.Unmarshal(raw, &before) != nil {
			return
		}
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("%q became %q: %v", raw, out, err)
		}
		if holdsMeta(after) {
			t.Fatalf("%q became %q", raw, out)
		}
		if again := telemetry.Omit(out); string(again) != string(out) {
			t.Fatalf("%q became %q, then %q", raw, out, again)
		}
	})
}

func holdsMeta(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "_meta" || holdsMeta(member) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if holdsMeta(item) {
				return true
			}
		}
	}
	return false
}
