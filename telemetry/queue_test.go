package telemetry_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry"
)

// TestMessageBesideLines: such a message is not left until the next one comes.
func TestMessageBesideLines(t *testing.T) {
	select {
	case <-telemetry.MessageBesideLines():
	case <-time.After(10 * time.Second):
		t.Error("nobody comes for the message")
	}
}
