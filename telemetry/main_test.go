package telemetry_test

import (
	"io"
	"log"
	"os"
	"testing"

	"google.golang.org/grpc/grpclog"
)

// TestMain silences gRPC before the receivers of the tests, which run in this process, use it: it does not allow that later.
func TestMain(m *testing.M) {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}
