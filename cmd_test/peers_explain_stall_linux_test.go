package cmd_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// TestPeersExplainStall repeats the story of docs/explain.md: a real server is left waiting, is stopped, and waits for its
// client. What spanpipe shows of the session must be what the page says, but for times.
func TestPeersExplainStall(t *testing.T) {
	p, home, dir := newPeers(t), newHome(t), t.TempDir()
	h := mcptest.Open(t, wrapped(t, p.server("server-everything")),
		home.in("SPANPIPE_TELEMETRY=console,local", "SPANPIPE_DIR="+dir, "SPANPIPE_HANG_AFTER=2s", longFlush))
	c := rawClient{t: t, h: h}
	c.ask("initialize", `{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},"clientInfo":{"name":"desk","version":"1.0"}}`)
	c.answer()
	c.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	for !strings.Contains(h.Line(), "tools/list_changed") { // the tools that need sampling have been added
	}

	c.ask("tools/call", `{"name":"trigger-long-running-operation","arguments":{"duration":600,"steps":1}}`)
	c.hung("server idle")
	c.giveUp()

	server := proctree.Children(h.Cmd.Process.Pid)
	if len(server) != 1 {
		t.Fatalf("spanpipe has %d children", len(server))
	}
	if err := syscall.Kill(server[0].PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c.ask("tools/call", `{"name":"echo","arguments":{"message":"are you there?"}}`)
	c.hung("server stopped")
	_ = syscall.Kill(server[0].PID, syscall.SIGCONT)
	c.answer()

	c.ask("tools/call", `{"name":"trigger-sampling-request","arguments":{"prompt":"hello","maxTokens":5}}`)
	question := c.question("sampling/createMessage")
	c.ask("ping", `{}`)
	c.answer()
	c.id-- // the call, not the ping
	c.giveUp()
	c.say(`{"jsonrpc":"2.0","id":` + question + `,"error":{"code":-1,"message":"no"}}`) // else the server waits for a minute
	h.CloseInput()
	_ = h.Cmd.Process.Signal(syscall.SIGTERM) // it has a timer of ten minutes
	h.Wait()

	page, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	_, story, _ := strings.Cut(string(page), "<!-- story: stall -->")
	story, _, _ = strings.Cut(story, "\n<!-- ")
	for _, number := range []string{"2", "3", "4"} {
		args := []string{"show", "1", "--operation", number}
		text, _, _ := strings.Cut(stallShown(t, dir, args...), "\n\n") // what follows is the same for every call
		text = "$ spanpipe " + strings.Join(args, " ") + "\n" + text
		if !strings.Contains(stallPlain(story), stallPlain(strings.TrimSpace(text))) {
			t.Errorf("docs/explain.md does not show\n%s", text)
		}
	}
}

// hung waits until the console says why the last call hangs.
func (c *rawClient) hung(why string) {
	mcptest.Eventually(c.t, "hung: "+why, func() bool { return strings.Contains(c.h.Stderr.String(), "hung: "+why+"\n") })
}

// stallShown returns what a command shows at a terminal of 80 columns.
func stallShown(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Env = append(minimalEnviron(), "SPANPIPE_DIR="+dir, "TERM=dumb", "TZ=UTC")
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 40, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1)
	go func() { // ends when the command has ended and the terminal is closed
		var all []byte
		for b := make([]byte, 4096); ; {
			n, err := screen.Read(b)
			if all = append(all, b[:n]...); err != nil {
				shown <- strings.ReplaceAll(string(all), "\r\n", "\n")
				return
			}
		}
	}()
	cmd.Stdout, cmd.Stderr = tty, tty
	err = cmd.Run()
	closeAll(t, tty)
	text := <-shown
	closeAll(t, screen)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return text
}

var stallTimes = regexp.MustCompile(`\d+(\.\d+)?(µs|ms|s)\b`)

// stallPlain returns a text without times, and without the line breaks that depend on their lengths.
func stallPlain(text string) string {
	text = stallTimes.ReplaceAllString(text, "T")
	text = strings.ReplaceAll(text, "no CPU time", "T of CPU time")
	return strings.Join(strings.Fields(text), " ")
}
