//go:build unix

package cmd_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestConsoleColor: the console uses colors on a terminal, unless a variable says no.
func TestConsoleColor(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		color     bool
	}{
		{"a terminal", []string{"TERM=xterm"}, true},
		{"NO_COLOR", []string{"TERM=xterm", "NO_COLOR=1"}, false},
		{"an empty NO_COLOR", []string{"TERM=xterm", "NO_COLOR="}, true},
		{"a dumb terminal", []string{"TERM=dumb"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := wrapped(t, cast.As(t, "server"))
			text := onTerminal(t, line, append(test.variables, "SPANPIPE_TELEMETRY=console"), func(c *mcptest.Client) {
				c.Tool("echo", nil)
				c.Tool("fail", nil)
			})
			if !strings.Contains(text, "tools/call fail") {
				t.Fatalf("the terminal shows no call: %q", text)
			}
			for _, escape := range []string{"\x1b[2mok\x1b[0m", "\x1b[31mfailed: tool error\x1b[0m", "\x1b"} {
				if strings.Contains(text, escape) != test.color {
					t.Errorf("the terminal shows %q, want %q in it: %v", text, escape, test.color)
				}
			}
		})
	}
}

// onTerminal runs a session whose stderr is a terminal, and returns what the terminal shows.
func onTerminal(t *testing.T, line, variables []string, talk func(*mcptest.Client)) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1)
	go func() { // ends when the last process that has the terminal open has ended
		b, _ := io.ReadAll(screen) // a terminal ends with an error
		shown <- string(b)
	}()
	h := mcptest.Open(t, line, newHome(t).in(variables...),
		func(cmd *exec.Cmd) { cmd.Stderr = tty })
	talk(mcptest.Connect(h))
	h.CloseInput()
	h.Wait()
	closeAll(t, tty)
	text := <-shown
	closeAll(t, screen)
	return text
}

func closeAll(t *testing.T, files ...*os.File) {
	t.Helper()
	for _, f := range files {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
