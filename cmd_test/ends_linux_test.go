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

// compareToBare runs a server without spanpipe and with it, in each mode, and compares what run returns.
func compareToBare(t *testing.T, server []string, run func(t *testing.T, h *mcptest.Host) string) {
	t.Helper()
	want := run(t, mcptest.Open(t, server, newHome(t).in()))
	for _, mode := range allModes() {
		t.Run(mode.name, func(t *testing.T) {
			if got := run(t, mode.open(t, server)); got != want {
				t.Errorf("got %s; without spanpipe %s", got, want)
			}
		})
	}
}

// end waits for a process and describes its end. It omits whether a core was dumped, which depends on the machine.
func end(h *mcptest.Host) string {
	return strings.TrimSuffix(h.Wait().String(), " (core dumped)")
}

// TestExitCodes: spanpipe exits with the server's code.
func TestExitCodes(t *testing.T) {
	for _, code := range []string{"0", "1", "2", "42", "99", "125", "126", "127", "128", "143", "255"} {
		t.Run(code, func(t *testing.T) {
			for _, mode := range allModes() {
				h := mode.open(t, cast.As(t, "exit", code))
				if got, want := end(h), "exit status "+code; got != want {
					t.Errorf("%s: got %s, want %s", mode.name, got, want)
				}
				got, want, lines := h.Stderr.String(), "", 0
				if mode.command != nil {
					lines = 2 // what is recorded, and what was
				}
				if mode.variables != nil { // the console's only line
					want, lines = "session ended by the server", lines+1
				}
				if strings.Count(got, "\n") != lines || !strings.Contains(got, want) {
					t.Errorf("%s: stderr = %q, want %d lines, with %q", mode.name, got, lines, want)
				}
			}
		})
	}
}

// TestDeathBySignal: when a signal kills the server, spanpipe dies of the same signal.
func TestDeathBySignal(t *testing.T) {
	for _, name := range []string{"HUP", "INT", "QUIT", "ABRT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1"} {
		t.Run(name, func(t *testing.T) {
			server := []string{"/bin/sh", "-c", "ulimit -c 0; kill -" + name + " $$; exit 55"}
			compareToBare(t, server, func(_ *testing.T, h *mcptest.Host) string { return end(h) })
		})
	}
}

// TestSignalsReachTheServer: spanpipe forwards the signals that MCP clients send to servers.
func TestSignalsReachTheServer(t *testing.T) {
	for _, signal := range []syscall.Signal{
		syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			compareToBare(t, cast.As(t, "signal"), func(t *testing.T, h *mcptest.Host) string {
				t.Helper()
				if got := h.Line(); got != "ready" {
					t.Fatalf("got %q from the server, want ready", got)
				}
				if err := h.Cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("output %q, then %s", h.Rest(), end(h))
			})
		})
	}
}

// TestClientLeaves: clients leave in several ways while a call is running. Each ends the session.
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
			for _, mode := range allModes() {
				h := mode.open(t, cast.As(t, "server"))
				c := mcptest.Connect(h)
				c.Ask("tools/call", mcptest.Object{"name": "hang"})
				c.Call("ping", nil) // its response proves that the call before has arrived
				test.leave(t, h)
				if got := end(h); got != "exit status 0" && got != "signal: terminated" {
					t.Errorf("%s: got %s, want exit status 0 or SIGTERM", mode.name, got)
				}
			}
		})
	}
}

// TestClientStopsReading: a server that writes to a client which has closed its end must fail, as it would without
// spanpipe, instead of running on without a reader.
func TestClientStopsReading(t *testing.T) {
	server := []string{"/bin/sh", "-c", "while :; do echo line; done"}
	compareToBare(t, server, func(t *testing.T, h *mcptest.Host) string {
		t.Helper()
		h.Line()
		if err := h.Out.Close(); err != nil {
			t.Fatal(err)
		}
		return end(h)
	})
}

// TestKilled: the server does not outlive spanpipe when KILL hits spanpipe alone.
func TestKilled(t *testing.T) {
	h := open(t, cast.As(t, "process"), "SPANPIPE_TELEMETRY=console")
	server := readProcess(t, h)
	if err := h.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	mcptest.Eventually(t, "the server ends", func() bool { return syscall.Kill(server.PID, 0) == syscall.ESRCH })
}

// TestServerThatCannotStart: the exit codes are those of a shell, 127 and 126.
func TestServerThatCannotStart(t *testing.T) {
	for _, mode := range allModes() {
		h := mode.open(t, []string{"no-such-program-anywhere"})
		if code := h.Wait().ExitCode(); code != 127 {
			t.Errorf("%s: exit code = %d, want 127", mode.name, code)
		}
		if _, err := exec.LookPath("/etc/passwd"); err == nil {
			t.Skip("/etc/passwd is executable")
		}
		h = mode.open(t, []string{"/etc/passwd"})
		if code := h.Wait().ExitCode(); code != 126 {
			t.Errorf("%s: exit code = %d, want 126", mode.name, code)
		}
	}
}
