package telemetry_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestMain silences gRPC. It must do so before the receivers in this process use gRPC, which is not safe later.
func TestMain(m *testing.M) {
	otlp.DiscardLibraryLogs()
	os.Exit(m.Run())
}
