package telemetry_test

import (
	"io"
	"log"
	"os"
	"testing"

	"google.golang.org/grpc/grpclog"
)

// TestMain silences gRPC. It must do so before the receivers in this process use gRPC, which is not safe later.
func TestMain(m *testing.M) {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}
