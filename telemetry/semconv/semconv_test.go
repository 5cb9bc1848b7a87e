package semconv_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestInstruments: every row is listed once, in the order of the declarations, and says what an instrument needs.
func TestInstruments(t *testing.T) {
	all, names := semconv.Instruments(), map[string]bool{}
	if first, last := all[0].Name, all[len(all)-1].Name; first != semconv.ServerOperationDuration.Name || last != semconv.TelemetryDropped.Name {
		t.Errorf("the list is from %s to %s", first, last)
	}
	for _, i := range all {
		if i.Name == "" || i.Unit == "" || i.Description == "" || i.Example == "" || names[i.Name] {
			t.Errorf("incomplete or listed twice: %+v", i)
		}
		if i.Observed && i.Form != semconv.Counter && i.Form != semconv.UpDownCounter {
			t.Errorf("%s: an observed %s cannot be made", i.Name, i.Form)
		}
		names[i.Name] = true
	}
	all[0].Name = "changed"
	if semconv.Instruments()[0].Name == "changed" {
		t.Error("a caller can change the list")
	}
}
