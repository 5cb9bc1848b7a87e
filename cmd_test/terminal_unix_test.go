//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestTerminalWithoutClient: where a person starts a server in a terminal, stderr says what it waits for and how to make
// a call, and the lines that it shows do make one.
func TestTerminalWithoutClient(t *testing.T) {
	for _, test := range []struct{ name, variable string }{
		{"telemetry off", "SPANPIPE_TELEMETRY=off"}, {"console", "SPANPIPE_TELEMETRY=console"},
	} {
		t.Run(test.name, func(t *testing.T) {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer keyboard.Close()
			line := wrapped(t, cast.As(t, "server"))
			cmd := exec.Command(line[0], line[1:]...)
			newHome(t).in(test.variable, longFlush)(cmd)
			var stderr bytes.Buffer
			cmd.Stdin, cmd.Stderr = tty, &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			closeAll(t, tty)
			const paste = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
				`"capabilities":{},"clientInfo":{"name":"me","version":"1"}}}` + "\n" +
				`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n" +
				`{"jsonrpc":"2.0","id":2,"method":"tools/list"}` + "\n"
			if _, err := keyboard.WriteString(paste); err != nil {
				t.Fatal(err)
			}
			answers := bufio.NewScanner(stdout)
			for _, id := range []string{`"id":1,"result"`, `"id":2,`} {
				if !answers.Scan() || !strings.Contains(answers.Text(), id) {
					t.Errorf("the answer to a pasted line is %q", answers.Text())
				}
			}
			if _, err := keyboard.WriteString("\x04"); err != nil { // Ctrl-D
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v; stderr: %s", err, &stderr)
			}
			for _, want := range []string{
				"spanpipe: waiting for an MCP client on this terminal; Ctrl-D ends the session\n", "\n" + paste,
				"\nspanpipe: hint: to use it without a client: spanpipe try -- your-server\n",
			} {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("%q is missing in:\n%s", want, &stderr)
				}
			}
		})
	}
}

// TestTerminalWithoutServer: where there is no server to talk to, nothing waits for a client.
func TestTerminalWithoutServer(t *testing.T) {
	for _, command := range []string{"no-such-server", "/"} {
		for _, variable := range []string{"SPANPIPE_TELEMETRY=off", "SPANPIPE_TELEMETRY=console"} {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(binary(t), "--", command)
			newHome(t).in(variable)(cmd)
			var stderr bytes.Buffer
			cmd.Stdin, cmd.Stderr = tty, &stderr
			if err := cmd.Run(); err == nil || strings.Contains(stderr.String(), "waiting") ||
				!strings.HasPrefix(stderr.String(), "spanpipe: starting ") {
				t.Errorf("%s, %s: %v; stderr:\n%s", variable, command, err, &stderr)
			}
			closeAll(t, tty, keyboard)
		}
	}
}

// atTerminal runs a command whose stderr, and whatever else change connects, is a terminal. It returns what was written there.
func atTerminal(t *testing.T, cmd *exec.Cmd, change func(tty *os.File)) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = tty
	change(tty)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	closeAll(t, tty)
	text, _ := io.ReadAll(screen) // fails with EIO when the last process has closed the terminal
	_ = cmd.Wait()                // the exit code is the caller's to check
	closeAll(t, screen)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// TestTerminalSaysWhere: the last line of a session that was stored says how to look at it, on a terminal. Where a client
// collects stderr, or nothing is stored, there is no such line.
func TestTerminalSaysWhere(t *testing.T) {
	line := wrapped(t, cast.As(t, "exit", "3"))
	for _, test := range []struct {
		sinks string
		want  string
	}{
		{"local", `^spanpipe: this session is stored; to look at it: spanpipe show [0-9a-f]{8}\n$`},
		{"local,console", `■ session ended .*\nspanpipe: this session is stored; to look at it: spanpipe show [0-9a-f]{8}\n$`},
		{"console", `■ session ended [^\n]*\n$`},
	} {
		cmd := exec.Command(line[0], line[1:]...)
		newHome(t).in("SPANPIPE_TELEMETRY="+test.sinks, "NO_COLOR=1")(cmd)
		got := atTerminal(t, cmd, func(*os.File) {})
		if !regexp.MustCompile(test.want).MatchString(got) || cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("%s: exit code %d, stderr:\n%s", test.sinks, cmd.ProcessState.ExitCode(), got)
		}
	}
	h := mcptest.Open(t, line, newHome(t).in("SPANPIPE_TELEMETRY=local"))
	wantExit(t, h, 3)
	if got := h.Stderr.String(); got != "" {
		t.Errorf("on a pipe, stderr is %q, want nothing", got)
	}
}

// TestTerminalOverview: a person who gives no command at all sees what there is. A client that does so gets an error.
func TestTerminalOverview(t *testing.T) {
	cmd := exec.Command(binary(t))
	newHome(t).in()(cmd)
	got := atTerminal(t, cmd, func(tty *os.File) { cmd.Stdin, cmd.Stdout = tty, tty })
	for _, want := range []string{"\n   spanpipe try -- command [args...] ", "\nWRAP A SERVER\n   wrap ", "\nLOOK AT SESSIONS\n   try "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != 2 || strings.Contains(got, "no server") {
		t.Errorf("exit code %d:\n%s", code, got)
	}
}
