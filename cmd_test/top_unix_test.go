//go:build unix

package cmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// window is a terminal of tmux in which a shell runs a program and then says how it ended.
type window struct {
	t   *testing.T
	dir string // of the socket, the program's pid, and the terminal's settings before and after it
}

// newWindow runs a command in a terminal. Its last line is the exit status.
func newWindow(t *testing.T, width, height int, env []string, command ...string) *window {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		peerMissing(t, "tmux is not installed: it is the terminal")
	}
	dir, err := os.MkdirTemp("/tmp", "spanpipe-top") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	w := &window{t: t, dir: dir}
	t.Cleanup(func() {
		_, _ = w.run("kill-server")
		_ = os.RemoveAll(dir)
	})
	script := `cd "$0"; stty -g >before; sh -c 'echo $$ >pid; exec "$@"' sh "$@"; code=$?; stty -g >after
echo "ended with $code"; exec sleep 600`
	words := append([]string{"-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"env", "-i", "TERM=screen-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	words = append(append(words, "sh", "-c", script, dir), command...)
	if out, err := w.run(words...); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return w
}

func (w *window) run(words ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", filepath.Join(w.dir, "tmux")}, words...)...)
	cmd.Env = append(minimalEnviron(), "LANG=C.UTF-8", "TERM=xterm")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a command of tmux that cannot fail.
func (w *window) must(words ...string) string {
	w.t.Helper()
	out, err := w.run(words...)
	if err != nil {
		w.t.Fatalf("tmux %v: %v: %s", words, err, out)
	}
	return out
}

// screen returns the text on the screen.
func (w *window) screen() string { w.t.Helper(); return w.must("capture-pane", "-p") }

// press presses keys, named as tmux names them.
func (w *window) press(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.must("send-keys", key)
	}
}

// shows waits until the screen has a text.
func (w *window) shows(texts ...string) string {
	w.t.Helper()
	var screen string
	for _, text := range texts {
		deadline := time.Now().Add(patience) // only a failing test waits that long
		for !strings.Contains(screen, text) {
			if time.Now().After(deadline) {
				w.t.Fatalf("%q does not come:\n%s", text, screen)
			}
			time.Sleep(20 * time.Millisecond)
			screen = w.screen()
		}
	}
	return screen
}

// restored checks that the program has ended with a code and left the terminal as it was.
func (w *window) restored(code int) {
	w.t.Helper()
	screen := w.shows(fmt.Sprintf("ended with %d\n", code))
	if strings.Contains(screen, "━━─·") {
		w.t.Errorf("the view is still on the screen:\n%s", screen)
	}
	if modes := strings.TrimSpace(w.must("display", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); modes != "0 1 0" {
		w.t.Errorf("alternate screen, cursor, mouse: %s", modes)
	}
	before, after := w.file("before"), w.file("after")
	if before != after || before == "" {
		w.t.Errorf("the terminal's settings were %s and are %s", before, after)
	}
}

func (w *window) file(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// signal sends a signal to the program.
func (w *window) signal(s syscall.Signal) {
	w.t.Helper()
	var pid int
	if _, err := fmt.Sscan(w.file("pid"), &pid); err != nil {
		w.t.Fatal(err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		w.t.Fatal(err)
	}
}

// filledStore fills a store: a run of three sessions that are live, of which one has a call that hangs, and one that has ended.
func filledStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	servers := storetest.Servers()
	start := time.Now().Add(-30 * time.Minute)
	for i, s := range []storetest.Session{
		{Server: servers[0], Run: "a", Start: start, Calls: 60, Every: 10 * time.Second, End: storetest.Running},
		{Server: servers[1], Run: "a", Start: start.Add(time.Second), Calls: 60, Every: 10 * time.Second, End: storetest.Running},
		{Server: servers[2], Run: "a", Start: start.Add(2 * time.Second), Calls: 40, Every: 10 * time.Second, Open: true, End: storetest.Running},
		{Server: servers[3], Run: "b", Start: start.Add(-20 * time.Hour), Calls: 30, Every: 10 * time.Second, End: storetest.Closed},
	} {
		s.Client, s.Seed = record.Peer{Name: "claude-code", Version: "2.1.240"}, uint64(i+1)
		writer, err := storetest.Make(dir, s)
		if err != nil {
			t.Fatal(err)
		}
		if s.End == storetest.Running { // until the test has ended
			t.Cleanup(func() { writer.Close(context.Background(), nil) })
		}
	}
	return dir
}

// topIn runs the view of a store.
func topIn(t *testing.T, width, height int, dir string, env []string, flags ...string) *window {
	t.Helper()
	return newWindow(t, width, height, append(env, "SPANPIPE_DIR="+dir), append([]string{binary(t), "top"}, flags...)...)
}

// TestTop presses keys in a real terminal and looks at its screens.
func TestTop(t *testing.T) {
	w := topIn(t, 80, 24, filledStore(t), nil)
	w.shows("1 Sessions   2 Tools   3 Live", "1 hung", "Hung     postgres", "├─ filesystem", "└─ postgres", "playwright")
	w.press("Enter")
	w.shows("3 servers", "OPERATION", "▌")
	w.press("Enter")
	w.shows("last byte", "request   180 B")
	w.press("Escape")
	w.shows("OUTCOME")
	w.press("Escape")
	w.shows("SESSION          WHEN")
	w.press("!")
	w.shows("WHAT NEEDS A LOOK")
	w.press("Enter")
	w.shows("answer    no byte yet", "No answer for")
	w.press("a")
	w.shows("gen_ai.tool.name")
	w.press("Escape")
	w.shows("WHAT NEEDS A LOOK")
	w.press("Escape")
	w.shows("SESSION          WHEN")
	w.press("2")
	w.shows("TOOL                        CALLS↓", "github search_code")
	w.press("3")
	w.shows("OPEN NOW", "ENDED      SERVER", "following")
	w.press("/")
	for _, key := range []string{"f", "a", "i", "l", "e", "d"} {
		w.press(key)
	}
	w.shows("/ failed█", "rate limited")
	w.press("Enter")
	if screen := w.shows("/ failed   esc drops it"); strings.Contains(screen, "  ok") {
		t.Errorf("what went well passes the filter:\n%s", screen)
	}
	w.press("Escape")
	w.shows("/ filter  n next not ok") // only then: an Escape and a key at once are another key
	w.press("1", "?")
	w.shows("Filter: words that all must match")
	w.press("?", "n", "y")
	w.shows("copied: spanpipe show 20")
	w.press("g", "Enter")
	w.shows("OUTCOME")
	w.press("Enter")
	w.shows("last byte")
	w.must("send-keys", "Escape", "Escape") // at once, which a terminal writes like alt-esc
	w.shows("SESSION          WHEN")
	w.press("q")
	w.restored(0)
}

// TestTopResize checks that the selected row stays selected while the terminal changes its size, below what it needs and
// back.
func TestTopResize(t *testing.T) {
	w := topIn(t, 80, 24, filledStore(t), nil)
	w.shows("└─ postgres", "1 hung")
	w.press("Down", "Down")
	w.shows("▌  2 ├─ github")
	for _, size := range [][2]int{{140, 40}, {60, 15}, {100, 18}} {
		w.must("resize-window", "-x", fmt.Sprint(size[0]), "-y", fmt.Sprint(size[1]))
		w.shows("▌  2 ├─ github")
		mcptest.Eventually(t, "the rail is as wide as the terminal", func() bool {
			return strings.Contains(w.screen(), "\n"+strings.Repeat("─", size[0])+"\n ⏎ open")
		})
	}
	w.must("resize-window", "-x", "52", "-y", "12")
	w.shows("spanpipe: top needs 60 × 15, this is 52 × 12")
	w.must("resize-window", "-x", "80", "-y", "24")
	w.shows("▌  2 ├─ github")
	w.press("C-c")
	w.restored(0)
}

// TestTopSignals checks that the terminal is restored when a signal ends the view, whose status is that of a program that
// the signal has killed.
func TestTopSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			w := topIn(t, 80, 24, filledStore(t), nil)
			w.shows("├─ filesystem")
			w.signal(s)
			w.restored(128 + int(s))
		})
	}
}

// TestTopLive checks that a session appears while it runs, and its calls as they end.
func TestTopLive(t *testing.T) {
	dir := t.TempDir()
	w := topIn(t, 80, 24, dir, nil)
	w.shows("No sessions yet.")
	w.press("3")
	cmd := exec.Command(binary(t), "demo", "--delay", "10ms")
	newHome(t).in("SPANPIPE_DIR="+dir, "SPANPIPE_TELEMETRY=local")(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.shows("→ initialize", "→ tools/list", "following")
	w.press("1")
	w.shows("closed", "▌")
	w.press("q")
	w.restored(0)
}

// TestTopPlainScreens checks screens without color, and without UTF-8.
func TestTopPlainScreens(t *testing.T) {
	dir := filledStore(t)
	color := regexp.MustCompile(`\x1b\[[0-9;]*[34][0-7][;m]`)
	w := topIn(t, 80, 24, dir, nil)
	w.shows("1 hung", "×")
	if screen := w.must("capture-pane", "-p", "-e"); !color.MatchString(screen) {
		t.Errorf("no colors:\n%q", screen)
	}
	w = topIn(t, 80, 24, dir, []string{"NO_COLOR=1"})
	w.shows("1 hung", "×")
	if screen := w.must("capture-pane", "-p", "-e"); color.MatchString(screen) || !strings.Contains(screen, "\x1b[7m") {
		t.Errorf("colors, or nothing in reverse, in spite of NO_COLOR:\n%q", screen)
	}
	w = topIn(t, 80, 24, dir, []string{"LANG=C"})
	w.shows("1 Sessions   2 Tools   3 Live", "1 hung", "github")
	for _, key := range []string{"1", "2", "3", "?", "?", "!", "1", "Enter"} {
		w.press(key)
		for _, r := range w.screen() {
			if r > '~' {
				t.Fatalf("after %s there is %q on a screen without UTF-8:\n%s", key, r, w.screen())
			}
		}
	}
}

// TestTopPlain checks the view for screen readers, in a terminal and into a pipe.
func TestTopPlain(t *testing.T) {
	dir := filledStore(t)
	for _, how := range [][]string{{"--plain"}, nil} { // a terminal that can do nothing gets it by itself
		env := map[bool][]string{true: nil, false: {"TERM=dumb"}}[how != nil]
		w := topIn(t, 80, 40, dir, env, how...)
		w.shows("3 sessions are live, of 1 client.", "Hung: postgres", "\n>")
		w.press("help", "Enter")
		w.shows("sessions, tools, live: list a view.")
		w.press("sessions", "Enter")
		w.shows("Session 1: filesystem in claude-code, live")
		w.press("tools", "Enter")
		w.shows("github search_code:", "more: type next.")
		w.press("show 3 1", "Enter")
		w.shows("Operation 1 of postgres: initialize, ok.")
		if how != nil {
			w.press("quit", "Enter")
		} else {
			w.press("C-d")
			w.shows("\n>\nended with")
		}
		w.restored(0)
	}
	cmd := exec.Command(binary(t), "top", "--plain")
	newHome(t).in("SPANPIPE_DIR=" + dir)(cmd)
	if _, err := cmd.StdinPipe(); err != nil { // it stays open, so that the view goes on
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, _ := out.Read(line)
	if text := string(line[:n]); !strings.HasPrefix(text, "3 sessions are live") || strings.Contains(text, "> ") {
		t.Errorf("into a pipe: %q", text)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGINT: %v", err)
	}
	for input, want := range map[string]string{"": "3 sessions are live", "sessions\nq\n": "Session 1: filesystem"} {
		cmd := exec.Command(binary(t), "top", "--plain")
		newHome(t).in("SPANPIPE_DIR=" + dir)(cmd)
		cmd.Stdin = strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("with the input %q: %v, %s", input, err, out)
		}
	}
}

// TestTopGrown: nothing of the view is left in a window that has grown meanwhile, of which tmux would keep a row.
func TestTopGrown(t *testing.T) {
	for name, leave := range map[string]func(*window){
		"q":    func(w *window) { w.press("q"); w.restored(0) },
		"term": func(w *window) { w.signal(syscall.SIGTERM); w.restored(128 + int(syscall.SIGTERM)) },
	} {
		t.Run(name, func(t *testing.T) { grown(t, leave) })
	}
}

func grown(t *testing.T, leave func(*window)) {
	t.Helper()
	w := newWindow(t, 80, 24, []string{"SPANPIPE_DIR=" + filledStore(t)}, "sh", "-c", `seq 100; exec "$0" top`, binary(t))
	w.shows("├─ filesystem")
	w.must("resize-window", "-x", "120", "-y", "24")
	mcptest.Eventually(t, "the view is as wide as the terminal", func() bool {
		return strings.Contains(w.screen(), "\n"+strings.Repeat("─", 120)+"\n ⏎ open")
	})
	leave(w)
	if screen := w.must("capture-pane", "-p", "-S", "-"); strings.Contains(screen, "claude-code") || strings.Contains(screen, "──") {
		t.Errorf("a part of the view is left:\n%s", screen)
	}
}

// TestNarrow: a message that is longer than the terminal is wide goes on below.
func TestNarrow(t *testing.T) {
	w := newWindow(t, 80, 10, []string{"SPANPIPE_DIR=" + t.TempDir()}, binary(t), "tail")
	w.shows("spanpipe: hint: a session is stored if SPANPIPE_TELEMETRY=local is set where a\n  client starts its server\n")
}

// TestTopWithoutTerminal checks what top says where it cannot draw.
func TestTopWithoutTerminal(t *testing.T) {
	for _, test := range []struct{ shell, want string }{
		{`"$0" top </dev/null`, "spanpipe: top needs a terminal on stdin\nspanpipe: hint: to follow without one: spanpipe tail, or "},
		{`"$0" top | cat`, "spanpipe: top needs a terminal on stdout\nspanpipe: hint: "},
		{`"$0" top --filter sttus:x`, "spanpipe: --filter sttus:x: sttus: is no filter; did you mean status: ?\n"},
		{`"$0" top --since yesterdy`, "spanpipe: --since yesterdy: "},
	} {
		w := newWindow(t, 120, 10, []string{"SPANPIPE_DIR=" + t.TempDir()}, "sh", "-c", test.shell, binary(t))
		w.shows(test.want, "ended with ")
	}
}
