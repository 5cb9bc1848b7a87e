//go:build unix

package terminal_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/top/terminal"
)

// failing is a source that fails, in one of two ways.
type failing struct {
	panics bool
	shown  <-chan struct{} // the view is on the screen
}

func (f failing) List([]store.Session) error { return nil }

func (f failing) Follow(ctx context.Context, what store.Following, report func([]store.Event) error) error {
	what.Listing(nil)
	if err := report(nil); err != nil {
		return err
	}
	<-f.shown
	if f.panics {
		panic("a defect\x1b[31m")
	}
	return os.ErrPermission
}

// TestFailures checks that the terminal is restored after a panic of the goroutine that reads the store, and that the view
// goes on after an error of the store.
func TestFailures(t *testing.T) {
	for name, panics := range map[string]bool{"panic": true, "error": false} {
		t.Run(name, func(t *testing.T) {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer keyboard.Close()
			defer tty.Close()
			if err := pty.Setsize(keyboard, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			var output mcptest.Buffer
			go func() { // ends when the terminal is closed
				for b := make([]byte, 4096); ; {
					n, err := keyboard.Read(b)
					if err != nil {
						return
					}
					_, _ = output.Write(b[:n])
				}
			}()
			shown, done := make(chan struct{}), make(chan error, 1)
			go func() { // ends with the view; waited for below
				done <- terminal.Run(terminal.Config{
					Source: failing{panics, shown}, In: tty, Out: tty, Environ: []string{"TERM=xterm-256color"}, Color: true,
					Top: top.Config{Now: time.Now(), HangAfter: time.Minute},
				})
			}()
			mcptest.Eventually(t, "the view is shown", func() bool { return strings.Contains(output.String(), "No sessions yet") })
			close(shown)
			if !panics {
				mcptest.Eventually(t, "the error is shown", func() bool {
					return strings.Contains(output.String(), "the store cannot be read any more: permission denied")
				})
				if _, err := keyboard.WriteString("q"); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-done; panics != (err != nil && strings.Contains(err.Error(), "the view has failed")) {
				t.Errorf("the view ended with %v", err)
			}
			if panics {
				mcptest.Eventually(t, "the panic is shown", func() bool { return strings.Contains(output.String(), `a defect\u001b[31m`) })
			}
			mcptest.Eventually(t, "the alternate screen is left and the cursor shown", func() bool {
				text := output.String()
				return strings.Contains(text, "\x1b[?1049l") && strings.LastIndex(text, "\x1b[?25h") > strings.LastIndex(text, "\x1b[?25l")
			})
			if after, err := term.GetState(int(tty.Fd())); err != nil || *after != *before {
				t.Errorf("the terminal's settings were %v and are %v, %v", before, after, err)
			}
		})
	}
}
