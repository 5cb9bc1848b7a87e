package cmd_test

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

const (
	childSignal  = syscall.SIGCHLD
	urgentSignal = syscall.SIGURG
)

// bareAndWrapped runs the same test without the product and with it, in each of its modes, and compares what comes of it.
func bareAndWrapped(t *testing.T, server []string, run func(t *testing.T, h *mcptest.Host) string) {
	t.Helper()
	want := run(t, mcptest.Open(t, server, newHome(t).in()))
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			if got := run(t, open(t, server, mode.variables...)); got != want {
				t.Errorf("%s, without us %s", got, want)
			}
		})
	}
}

// end is how a process has ended, in words. That a core was dumped is not told: whether it is, is up to the machine.
func end(h *mcptest.Host) string {
	return strings.TrimSuffix(h.Wait().String(), " (core dumped)")
}

func TestExitCodes(t *testing.T) {
	for _, code := range []string{"0", "1", "2", "42", "99", "125", "126", "127", "128", "143", "255"} {
		t.Run(code, func(t *testing.T) {
			for _, mode := range modes {
				h := open(t, cast.As(t, "exit", code), mode.variables...)
				if got, want := end(h), "exit status "+code; got != want {
					t.Errorf("%s: %s, want %s", mode.name, got, want)
				}
				if got := h.Stderr.String(); got != "" {
					t.Errorf("%s: stderr: %s", mode.name, got)
				}
			}
		})
	}
}

// TestDeathBySignal has the server die, and expects the product to die of the same.
func TestDeathBySignal(t *testing.T) {
	for _, name := range []string{"HUP", "INT", "QUIT", "ABRT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1"} {
		t.Run(name, func(t *testing.T) {
			server := []string{"/bin/sh", "-c", "ulimit -c 0; kill -" + name + " $$; exit 55"}
			bareAndWrapped(t, server, func(_ *testing.T, h *mcptest.Host) string { return end(h) })
		})
	}
}

// TestSignalsReachTheServer sends the product what hosts send servers.
func TestSignalsReachTheServer(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2} {
		t.Run(signal.String(), func(t *testing.T) {
			bareAndWrapped(t, cast.As(t, "signal"), func(t *testing.T, h *mcptest.Host) string {
				t.Helper()
				if got := h.Line(); got != "ready" {
					t.Fatalf("the server said %q", got)
				}
				if err := h.Cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("the server heard %q, and then: %s", h.Rest(), end(h))
			})
		})
	}
}

// TestClientLeaves has the client go away in the ways that clients do, while a call is running.
func TestClientLeaves(t *testing.T) {
	for _, test := range []struct {
		name  string
		leave func(t *testing.T, h *mcptest.Host)
	}{
		{"closing the server's input", func(_ *testing.T, h *mcptest.Host) { h.CloseInput() }},
		{"closing both", func(_ *testing.T, h *mcptest.Host) { h.CloseInput(); _ = h.Out.Close() }},
		{"SIGTERM", func(_ *testing.T, h *mcptest.Host) { _ = h.Cmd.Process.Signal(syscall.SIGTERM) }},
		{"input closed, then SIGTERM", func(_ *testing.T, h *mcptest.Host) {
			h.CloseInput()
			_ = h.Cmd.Process.Signal(syscall.SIGTERM)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, mode := range modes {
				h := open(t, cast.As(t, "server"), mode.variables...)
				c := mcptest.Connect(h)
				c.Ask("tools/call", mcptest.Object{"name": "hang"})
				c.Call("ping", nil) // the call before has arrived
				test.leave(t, h)
				if got := end(h); got != "exit status 0" && got != "signal: terminated" {
					t.Errorf("%s: %s", mode.name, got)
				}
			}
		})
	}
}

// TestClientStopsReading has the server write to a client that no longer reads: it must die of it, as it would without us,
// and not go on for nobody.
func TestClientStopsReading(t *testing.T) {
	bareAndWrapped(t, []string{"/bin/sh", "-c", "while :; do echo line; done"}, func(t *testing.T, h *mcptest.Host) string {
		t.Helper()
		h.Line()
		if err := h.Out.Close(); err != nil {
			t.Fatal(err)
		}
		return end(h)
	})
}

// TestKilledOutright has the host kill the product alone: the server must not outlive it.
func TestKilledOutright(t *testing.T) {
	h := open(t, cast.As(t, "process"), "SPANPIPE_TELEMETRY=console")
	server := readProcess(t, h)
	if err := h.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	mcptest.Eventually(t, "the server ends", func() bool { return syscall.Kill(server.PID, 0) == syscall.ESRCH })
}

// TestServerThatCannotStart compares with what a shell does: 127 and 126.
func TestServerThatCannotStart(t *testing.T) {
	for _, mode := range modes {
		h := open(t, []string{"no-such-program-anywhere"}, mode.variables...)
		if code := h.Wait().ExitCode(); code != 127 {
			t.Errorf("%s: exit code %d", mode.name, code)
		}
		if _, err := exec.LookPath("/etc/passwd"); err == nil {
			t.Skip("/etc/passwd can be run here")
		}
		h = open(t, []string{"/etc/passwd"}, mode.variables...)
		if code := h.Wait().ExitCode(); code != 126 {
			t.Errorf("%s: exit code %d", mode.name, code)
		}
	}
}
