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

func TestHasSessions(t *testing.T) {
	for protocol, want := range map[string]bool{
		"2024-11-05": true, "2025-11-25": true, "2026-07-27": true,
		"2026-07-28": false, "2026-10-01": false, "2027-01-01": false, "9999-12-31": false,
		"": true, "v2": true, "latest": true, "3": true, "DRAFT-2026-v1": true, "2026-7-28": true, "2026-07-28 ": true,
		"2026-07-28-draft": true, "2026-13-01": true, "2026-09-31": true, "20270101": true,
	} {
		if got := semconv.HasSessions(protocol); got != want {
			t.Errorf("%q: %v, want %v", protocol, got, want)
		}
	}
}
