package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const (
	handshake = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},` +
		`"clientInfo":{"name":"c","version":"1"}}}` + "\n"
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"
	agreed      = `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}`
	slowCall    = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}` + "\n"
)

// answering is a server that answers initialize, reads a call, says so on stderr, and goes on as the script does.
func answering(script string) []string {
	return []string{"/bin/sh", "-c", "read x; echo '" + agreed + "'; read x; echo reached >&2; " + script}
}

// TestOutcome checks what a collector receives about the end of a session, and which side it blames.
func TestOutcome(t *testing.T) {
	crash := func(*mcptest.Host) {}
	closeAtEnd := func(h *mcptest.Host) { h.Rest(); h.CloseInput() }
	signal := func(sig syscall.Signal, group bool) func(*mcptest.Host) {
		return func(h *mcptest.Host) {
			pid := h.Cmd.Process.Pid
			if group {
				pid = -pid
			}
			_ = syscall.Kill(pid, sig)
		}
	}
	const obeys = "trap 'exit 0' TERM INT; while :; do sleep 0.02; done"
	for _, test := range []struct {
		name    string
		server  []string
		act     func(*mcptest.Host)
		session string // error.type of the session
		call    string // likewise of the call
		cause   string
		failure string // the span that says that the server has failed
	}{
		{"a crash with a call open", answering("exit 3"), crash, "server_exit", "server_exit", "server_ended", "mcp.session.failed"},
		{"a crash, and the client closes its end at once", answering("kill -SEGV $$"), closeAtEnd,
			"server_exit", "server_exit", "server_ended", "mcp.session.failed"},
		{"INT, which the server obeys", answering(obeys), signal(syscall.SIGINT, false), "", "abandoned", "signaled", ""},
		{"TERM to the group, which kills the server", answering("exec sleep 1000"), signal(syscall.SIGTERM, true),
			"", "abandoned", "signaled", ""},
		{"the client closes its end", answering("read x"), (*mcptest.Host).CloseInput, "", "abandoned", "client_left", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			variables := append(r.Env(otlptest.GRPC), "SPANPIPE_TELEMETRY=otlp")
			h := mcptest.Open(t, wrapped(t, test.server), newHome(t).in(variables...), func(c *exec.Cmd) {
				c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			})
			h.Say(handshake)
			h.Line()
			h.Say(slowCall)
			mcptest.Eventually(t, "the call arrives", func() bool { return strings.Contains(h.Stderr.String(), "reached") })
			test.act(h)
			h.Wait()
			checkOutcome(t, r, test.session, test.cause, test.failure)
			if got := r.WaitSpan(t, "tools/call slow").Attrs.String(semconv.ErrorType); got != test.call {
				t.Errorf("the call's error.type = %q, want %q", got, test.call)
			}
		})
	}
}

// checkOutcome checks a session's error.type and cause, and the only span of a failure.
func checkOutcome(t *testing.T, r *otlptest.Receiver, session, cause, failure string) {
	t.Helper()
	if p := r.Series(semconv.ServerSessionDuration.Name, nil); len(p) != 1 || p[0].Attrs.String(semconv.ErrorType) != session {
		t.Errorf("the session's duration: %+v, want error.type %q", p, session)
	}
	ended := slices.DeleteFunc(r.Records(), func(l otlptest.Record) bool { return l.Text() != semconv.SessionEnded.Message })
	if len(ended) != 1 || ended[0].Attrs.String(semconv.ExitCause) != cause || (ended[0].Severity > 9) != (failure != "") {
		t.Errorf("records of the end: %+v, want one with the cause %s", ended, cause)
	}
	for _, span := range r.Spans() {
		_, says := span.Attrs[semconv.Exit]
		if says != (span.Name == failure) {
			t.Errorf("span %s has %v", span.Name, span.Attrs)
		}
	}
	if failure != "" && len(r.SpansNamed(failure)) != 1 {
		t.Errorf("no span %s: %s", failure, r.Summary())
	}
}

// TestNotStarted checks what a collector receives about a server that cannot be started, or crashes at its start.
func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name, command, reason, text, error string
		code                               int
	}{
		{"not found", "no-such-program-anywhere", "not_started", "no such file or directory", "not_started", 127},
		{"not executable", file("plain", "", 0o600), "not_started", "permission denied", "not_started", 126},
		{"no interpreter", file("script", "#!/no/such/interpreter\n", 0o700), "not_started", "no such file or directory",
			"not_started", 126},
		{"crashes at once", file("crash", "#!/bin/sh\nexit 9\n", 0o700), "code", "", "server_exit", 9},
	} {
		for _, propagate := range []string{"off", "env"} { // env builds the exporters before the start
			t.Run(test.name+" "+propagate, func(t *testing.T) {
				r := otlptest.Start(t, otlptest.Config{})
				h := open(t, []string{test.command}, append(r.Env(otlptest.GRPC), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_PROPAGATE="+propagate)...)
				wantExit(t, h, test.code)
				cause := map[bool]string{true: "not_started", false: "server_ended"}[test.reason == "not_started"]
				checkOutcome(t, r, test.error, cause, semconv.SessionSpan)
				exits := otlptest.Attrs{semconv.Exit: test.reason, semconv.ExitCode: fmt.Sprint(test.code), semconv.InFlight: false}
				if got := r.Value(semconv.ServerExits.Name, exits); got != 1 {
					t.Errorf("%v exits %v: %s", got, exits, r.Summary())
				}
				for _, l := range r.Records() {
					if l.Text() == semconv.SessionEnded.Message && l.Attrs.String(semconv.ViolationReason) != test.text {
						t.Errorf("the reason is %q, want %q", l.Attrs.String(semconv.ViolationReason), test.text)
					}
				}
				if r.Contains([]byte(dir)) {
					t.Error("the collector received the command's path")
				}
			})
		}
	}
}

// TestServerStopsReading has a client that is blocked in the middle of a large call.
func TestServerStopsReading(t *testing.T) {
	for _, test := range []struct{ name, call, record string }{
		{"the call is known", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{"text":"`,
			semconv.OperationHangs.Message},
		{"the call is not known", `{"params":{"name":"slow","arguments":{"text":"`, semconv.StreamBlocked.Message},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			server := []string{"/bin/sh", "-c", "read x; echo '" + agreed + "'; exec sleep 1000"}
			h := open(t, server, append(r.Env(otlptest.GRPC), "SPANPIPE_TELEMETRY=otlp", "SPANPIPE_HANG_AFTER=1s")...)
			h.Say(handshake)
			h.Line()
			h.Say(initialized)
			go func() { _, _ = h.In.WriteString(test.call + strings.Repeat("x", 1<<20) + "\n") }() // ends with the process
			var hint string
			r.Wait(t, 30*time.Second, "the record "+test.record, func() bool {
				for _, l := range r.Records() {
					if l.Text() == test.record {
						hint = l.Attrs.String(semconv.Hint)
						return true
					}
				}
				return false
			})
			if !strings.Contains(hint, "does not read its stdin") {
				t.Errorf("the hint is %q", hint)
			}
			_ = h.Cmd.Process.Signal(syscall.SIGTERM)
			h.Wait()
			if n := r.Value(semconv.ProtocolViolations.Name, nil); n != 0 {
				t.Errorf("%v violations: %s", n, r.Summary())
			}
			if test.record == semconv.OperationHangs.Message {
				span := r.WaitSpan(t, "tools/call slow")
				if span.Attrs[semconv.Undelivered] != true || span.Attrs.String(semconv.ErrorType) != "abandoned" {
					t.Errorf("the call's span has %v", span.Attrs)
				}
			}
		})
	}
}
