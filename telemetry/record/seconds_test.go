package record_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestSeconds: a duration has no more digits in seconds than it has.
func TestSeconds(t *testing.T) {
	if s := record.Seconds(2522 * time.Millisecond); s != 2.522 {
		t.Error(s)
	}
}
