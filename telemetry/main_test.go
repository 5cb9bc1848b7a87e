package telemetry_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry"
)

func TestMain(m *testing.M) {
	telemetry.Silence() // before the receivers of the tests, which are in this process, use gRPC
	os.Exit(m.Run())
}
