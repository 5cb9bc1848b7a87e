//go:build unix

package cmd_test

import (
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// TestPushProgress: a terminal shows how far a push has come, and nothing of it is left at the end. A page does not go to
// a terminal.
func TestPushProgress(t *testing.T) {
	r, h := otlptest.Start(t, otlptest.Config{}), newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	terminal := func(change func(*exec.Cmd, io.Writer), args ...string) string {
		screen, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary(t), args...)
		h.in(r.Env(otlptest.HTTP)...)(cmd)
		change(cmd, tty)
		shown := make(chan string, 1)
		go func() { // ends when the command has ended and the terminal is closed
			b, _ := io.ReadAll(screen) // a terminal ends with an error
			shown <- string(b)
		}()
		_ = cmd.Run()
		closeAll(t, tty)
		text := <-shown
		closeAll(t, screen)
		return text
	}
	onStderr := func(cmd *exec.Cmd, tty io.Writer) { cmd.Stderr = tty }
	const clear = "\r\x1b[K"
	if text := terminal(onStderr, "push"); !strings.Contains(text, clear+"sending: session 1 of 1, ") || !strings.HasSuffix(text, clear) {
		t.Errorf("the terminal shows %q", text)
	}
	onStdout := func(cmd *exec.Cmd, tty io.Writer) { cmd.Stdout = tty }
	if text := terminal(onStdout, "export", "--format", "html"); text != "" {
		t.Errorf("the terminal shows %q", text)
	}
}
