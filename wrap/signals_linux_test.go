package wrap_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func signalRows() []row {
	rows := []row{
		{"TERM, HUP, USR1, USR2, INT, QUIT, ABRT, ALRM, VTALRM, IO, PWR and the real-time signals sent to our pid",
			"each reaches the server exactly once", alike(testEachSignal)},
		{"HUP and INT sent to our pid, of a host that ignores them", "reach a server that listens for them nevertheless",
			alike(testIgnoredByHost)},
		{"CONT, WINCH, URG, CHLD, PIPE sent to our pid", "affects neither", alike(testHarmless)},
		{"TERM to the whole group", "reaches the server twice, from the host and from us (see the limits)", testGroupTerm},
		{"Ctrl-C and Ctrl-\\ at a terminal", "reach the server exactly once", alike(testTerminalKeys)},
		{"INT sent to our pid while we are the terminal's foreground", "is taken for Ctrl-C, and lost (see the limits)",
			testKillInForeground},
		{"INT sent to our pid while we are in the terminal's background", "reaches the server exactly once",
			alike(testKillInBackground)},
		{"Ctrl-Z at a terminal, then fg", "wrapper and server stop and go on together", alike(testSuspend)},
		{"a terminal that hangs up", "ends the session", alike(testHangUp)},
		{"a signal that comes while the server starts", "is not lost", testEarlySignal},
		{"TERM under a server that ignores it", "nothing happens; the session goes on", alike(testIgnoredTerm)},
		{"a server that answers TERM with a last line", "the line arrives, then its exit code", alike(testLastWords)},
	}
	return rows
}

var handedOn = []syscall.Signal{
	syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGINT, syscall.SIGQUIT,
	syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO, syscall.SIGPWR,
	35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
	51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64,
}

// playSignals prints the signals that it receives, and what it reads from stdin.
func playSignals([]string) int {
	ch := make(chan os.Signal, 256)
	for _, sig := range handedOn {
		signal.Notify(ch, sig)
	}
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
		close(lines)
	}()
	fmt.Println("ready")
	for {
		select {
		case sig := <-ch:
			fmt.Println("got", int(sig.(syscall.Signal)))
		case text, ok := <-lines:
			if !ok {
				return 0
			}
			fmt.Println("heard", text)
		}
	}
}

// expectQuiet checks that the server writes nothing more by itself: after a second signal, its line would precede the
// response.
func expectQuiet(s *session) {
	s.t.Helper()
	time.Sleep(30 * time.Millisecond)
	s.send("mark\n")
	s.expect("heard mark")
}

func testEachSignal(t *testing.T, with prefix) {
	s := open(t, with(as("signals")))
	eachOnce(s, handedOn)
}

// eachOnce sends every signal, and expects the server to get it once.
func eachOnce(s *session, signals []syscall.Signal) {
	s.t.Helper()
	s.expect("ready")
	for _, sig := range signals {
		if err := s.cmd.Process.Signal(sig); err != nil {
			s.t.Fatal(err)
		}
		s.expect(fmt.Sprint("got ", int(sig)))
		expectQuiet(s)
	}
	s.in.Close()
	s.expectEnd("exit status 0")
}

func testIgnoredByHost(t *testing.T, with prefix) {
	line := with(as("signals"))
	s := open(t, append(sh(`trap '' HUP INT; exec "$@"`), append([]string{"sh"}, line...)...))
	eachOnce(s, []syscall.Signal{syscall.SIGHUP, syscall.SIGINT})
}

func testHarmless(t *testing.T, with prefix) {
	s := open(t, with(as("signals")))
	s.expect("ready")
	for _, sig := range []syscall.Signal{syscall.SIGCONT, syscall.SIGWINCH, syscall.SIGURG, syscall.SIGCHLD, syscall.SIGPIPE} {
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	expectQuiet(s)
	s.in.Close()
	s.expectEnd("exit status 0")
}

func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func testGroupTerm(t *testing.T) {
	s := open(t, wrapped(as("signals")), ownGroup)
	s.expect("ready")
	if err := unix.Kill(-s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.expect("got 15")
	// The second may fall together with the first, when both are pending at once.
	time.Sleep(30 * time.Millisecond)
	s.send("mark\n")
	if got := s.line(); got != "got 15" && got != "heard mark" {
		t.Errorf("the server wrote %q", got)
	}
	s.in.Close()
	s.expectEnd("exit status 0")
}

// onTerminal starts a command on a terminal of its own.
func onTerminal(t *testing.T, line []string) (*session, *os.File) {
	t.Helper()
	cmd := command(line)
	cmd.Env = append(os.Environ(), "PS1=", "TERM=dumb")
	master, err := pty.StartWithAttrs(cmd, &pty.Winsize{Rows: 24, Cols: 200}, &syscall.SysProcAttr{Setsid: true, Setctty: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, cmd: cmd, in: master, out: master, stderr: &lockedBuffer{}, ended: make(chan error, 1)}
	go func() { s.ended <- cmd.Wait() }() // ends with the process
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		master.Close()
	})
	return s, master
}

// expectWithin reads lines until one holds the text: a terminal echoes what is typed.
func expectWithin(s *session, want string) {
	s.t.Helper()
	for range 20 {
		if strings.Contains(s.line(), want) {
			return
		}
	}
	s.t.Fatalf("%q does not come", want)
}

func testTerminalKeys(t *testing.T, with prefix) {
	s, terminal := onTerminal(t, with(as("signals")))
	expectWithin(s, "ready")
	for key, want := range map[string]string{"\x03": "got 2", "\x1c": "got 3"} {
		_, _ = terminal.WriteString(key)
		expectWithin(s, want)
		time.Sleep(30 * time.Millisecond)
		_, _ = terminal.WriteString("mark\n")
		for got := s.line(); !strings.Contains(got, "heard mark"); got = s.line() {
			if strings.Contains(got, "got") {
				t.Errorf("the key arrived a second time: %s", got)
			}
		}
	}
	_, _ = terminal.WriteString("\x04")
	s.expectEnd("exit status 0")
}

// testKillInForeground keeps the limit as it is documented: a signal to our pid alone looks like a key of the
// terminal's.
func testKillInForeground(t *testing.T) {
	s, terminal := onTerminal(t, wrapped(as("signals")))
	expectWithin(s, "ready")
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		_ = s.cmd.Process.Signal(sig)
	}
	time.Sleep(30 * time.Millisecond)
	_, _ = terminal.WriteString("mark\n")
	for got := s.line(); !strings.Contains(got, "heard mark"); got = s.line() {
		if strings.Contains(got, "got") {
			t.Errorf("the signal reached the server: %s", got)
		}
	}
	_, _ = terminal.WriteString("\x04")
	s.expectEnd("exit status 0")
}

// testKillInBackground has a shell with job control put the command into a group of its own, behind the terminal's
// foreground.
func testKillInBackground(t *testing.T, with prefix) {
	up := t.TempDir() + "/up"
	server := sh(`trap 'echo got 2; exit' INT; : >"` + up + `"; while :; do sleep 0.05; done`)
	script := `set -m; "$@" </dev/null & while [ ! -e "` + up + `" ]; do sleep 0.05; done; kill -INT $!; wait; echo "all done"`
	line := append([]string{"/bin/bash", "-c", script, "bash"}, with(server)...)
	s, _ := onTerminal(t, line)
	expectWithin(s, "got 2")
	expectWithin(s, "all done")
	s.expectEnd("exit status 0")
}

func testSuspend(t *testing.T, with prefix) {
	script := `set -m; "$@"; echo "stopped with $?"; fg >/dev/null; echo "ended with $?"`
	s, terminal := onTerminal(t, append([]string{"/bin/bash", "-c", script, "bash"}, with(as("signals"))...))
	expectWithin(s, "ready")
	_, _ = terminal.WriteString("\x1a")
	expectWithin(s, "stopped with 148")
	time.Sleep(100 * time.Millisecond)
	_, _ = terminal.WriteString("hello\n")
	expectWithin(s, "heard hello")
	_, _ = terminal.WriteString("\x04")
	expectWithin(s, "ended with 0")
	s.expectEnd("exit status 0")
}

// testHangUp has a server that stays when its input ends: the system ends the input first, and the signal comes after
// it, so that what other servers make of it is a matter of chance, bare or not.
func testHangUp(t *testing.T, with prefix) {
	s, terminal := onTerminal(t, with(sh("cat; exec sleep 1000")))
	_, _ = terminal.WriteString("hello\n")
	expectWithin(s, "hello")
	terminal.Close()
	s.expectEnd("signal: hangup")
}

func testEarlySignal(t *testing.T) {
	// TERM as soon as the wrapper listens for it: before its server is there, or just after.
	for range 20 {
		s := open(t, wrapped([]string{"/bin/sleep", "1000"}))
		pid := s.cmd.Process.Pid
		eventually(t, "the wrapper listens", func() bool {
			b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, rest, _ := strings.Cut(string(b), "SigCgt:\t")
			return strings.HasPrefix(rest, "fffffff") || len(childrenOf(pid)) > 0
		})
		_ = unix.Kill(pid, syscall.SIGTERM)
		s.expectEnd("signal: terminated")
	}
}

func testIgnoredTerm(t *testing.T, with prefix) {
	s := open(t, with(sh(`trap '' TERM; echo ready; while read x; do echo "heard $x"; done`)))
	s.expect("ready")
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	expectQuiet(s)
	s.in.Close()
	s.expectEnd("exit status 0")
}

func testLastWords(t *testing.T, with prefix) {
	s := open(t, with(sh(`trap 'echo goodbye; exit 9' TERM; echo ready; while :; do sleep 0.05; done`)))
	s.expect("ready")
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expect("goodbye")
	s.expectEnd("exit status 9")
}
