package cmd_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// flushing has a short session with a collector that never answers, up to the end of its output.
func flushing(t *testing.T, timeout string) *mcptest.Host {
	t.Helper()
	h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT="+timeout,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+collector(t, otlptest.GRPC, otlptest.Hang()), "OTEL_EXPORTER_OTLP_TIMEOUT=60000")
	mcptest.Connect(h).Tool("echo", nil)
	h.CloseInput()
	h.Rest()
	return h
}

// stillThere says that the product waits for its collector, now that the server has ended.
func stillThere(t *testing.T, h *mcptest.Host) {
	t.Helper()
	mcptest.Eventually(t, "the server has ended", func() bool { return len(proctree.Children(h.Cmd.Process.Pid)) == 0 })
	select {
	case <-h.Ended():
		t.Fatal("the product ended without waiting for the flush")
	case <-time.After(50 * time.Millisecond):
	}
}

func testFlushIsBounded(t *testing.T) {
	stillThere(t, flushing(t, "60s"))
	if code := flushing(t, "300ms").Wait().ExitCode(); code != 0 { // Wait is patient, but not for the exporters' minute
		t.Errorf("exit code %d; want the server's", code)
	}
}

func testFlushIsInterrupted(t *testing.T) {
	h := flushing(t, "60s")
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} { // two equal ones could become one
		stillThere(t, h)
		if err := h.Cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Errorf("exit code %d; want the server's", code)
	}
}
