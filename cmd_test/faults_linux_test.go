package cmd_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestFlushIsInterrupted has a host that says once more that it wants an end, after the server has ended: then the flush is
// over at once.
func TestFlushIsInterrupted(t *testing.T) {
	h := hungSession(t, "60s")
	mcptest.Eventually(t, "the server has ended", func() bool { return len(childrenOf(t, h.Cmd.Process.Pid)) == 0 })
	select {
	case <-h.Ended():
		t.Fatal("the product ended without the flush it was told to wait for")
	case <-time.After(50 * time.Millisecond): // it waits for the collector, which never answers
	}
	if err := h.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Errorf("exit code %d; want the server's", code)
	}
}
