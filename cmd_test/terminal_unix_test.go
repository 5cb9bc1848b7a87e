//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
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
