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

// TestConsoleColour has a terminal for stderr.
func TestConsoleColour(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
		coloured  bool
	}{
		{"a terminal", []string{"TERM=xterm"}, true},
		{"NO_COLOR", []string{"TERM=xterm", "NO_COLOR=1"}, false},
		{"NO_COLOR that is empty says nothing", []string{"TERM=xterm", "NO_COLOR="}, true},
		{"a dumb terminal", []string{"TERM=dumb"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := onTerminal(t, append(test.variables, "SPANPIPE_TELEMETRY=console"), func(c *mcptest.Client) {
				c.Tool("echo", nil)
				c.Tool("fail", nil)
			})
			if !strings.Contains(text, "tools/call fail") {
				t.Fatalf("the terminal shows %q", text)
			}
			green, red := strings.Contains(text, "\x1b[32mok\x1b[0m"), strings.Contains(text, "\x1b[31mtool_error\x1b[0m")
			if green != test.coloured || red != test.coloured || strings.Contains(text, "\x1b") != test.coloured {
				t.Errorf("the terminal shows %q", text)
			}
		})
	}
}

// onTerminal has a session with a terminal for stderr, and returns what it shows.
func onTerminal(t *testing.T, variables []string, talk func(*mcptest.Client)) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1)
	go func() { // ends when the last who has the terminal open has ended
		b, _ := io.ReadAll(screen) // ends with an error, as terminals do
		shown <- string(b)
	}()
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), newHome(t).in(variables...), func(cmd *exec.Cmd) { cmd.Stderr = tty })
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
