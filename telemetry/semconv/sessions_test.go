package semconv_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

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
