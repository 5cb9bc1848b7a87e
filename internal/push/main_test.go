package push_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

func TestMain(m *testing.M) {
	otlp.DiscardLibraryLogs() // before the tests' receivers use gRPC
	goleak.VerifyTestMain(m)
}
