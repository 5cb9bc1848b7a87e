package past_test

import (
	"encoding/json"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/past"
)

// TestSketchJSON: a sketch is read as it was written, one without values too. What no writer wrote is an error and no panic.
func TestSketchJSON(t *testing.T) {
	for _, values := range [][]float64{nil, {1}, {3, 4000, 1e30}} {
		var s, read past.Sketch
		for _, v := range values {
			s.Add(v)
		}
		text, err := json.Marshal(s)
		if err == nil {
			err = json.Unmarshal(text, &read)
		}
		if err != nil || read.N() != len(values) || read.Quantile(1) != s.Quantile(1) {
			t.Errorf("%v is read from %s as %v (%v)", values, text, read, err)
		}
	}
	for _, text := range []string{"[]", "[-1]", "[0,-1]", "[192,1,1]", "[9223372036854775807,1]", "7", "null", `["x"]`} {
		var s past.Sketch
		if err := json.Unmarshal([]byte(text), &s); err == nil {
			t.Errorf("%s is taken for a sketch", text)
		}
	}
}
