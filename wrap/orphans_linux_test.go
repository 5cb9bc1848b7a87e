package wrap_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func orphanRows() []row {
	silent := " </dev/null >/dev/null 2>&1 &"
	return []row{
		{"a child in our session that goes within 500 ms", "ends by itself", testOrphan("(sleep 0.05; echo done >$OUT)"+silent, "done")},
		{"a child in our session that stays", "gets TERM after 500 ms", testOrphan(linger("exit"), "term")},
		{"a child that ignores TERM", "gets KILL after another 500 ms", testOrphan(linger("stay"), "term")},
		{"a child that holds stdout", "the client sees the end after 500 ms", testHolder("", "sleep 1000 &", 0)},
		{"a child that holds stderr", "does not delay us", testHolder("", "sleep 1000 </dev/null >/dev/null &", 0)},
		{"a daemon with a session of its own", "is left alone", testHolder("", daemon(silent), 1)},
		{"a daemon with a session of its own that holds stdout", "is left alone; the client sees the end after 500 ms",
			testHolder("", daemon(" &"), 1)},
		{"any child, with KeepOrphans", "is left alone", testHolder("keep", "sleep 1000 </dev/null >/dev/null 2>&1 &", 1)},
		{"a job that the shell had before it became the wrapper", "is left alone", testJobBefore},
		{"orphans that end while the session lasts", "are reaped: no zombie stays", testReaping},
		{"TERM from the host while orphans are waited for", "ends the waiting", testHurry},
	}
}

// mark gives the processes of a test a variable by which they can be found.
func mark(t *testing.T) (string, func(*exec.Cmd)) {
	entry := fmt.Sprintf("MARK=%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), " ", "_"))
	t.Cleanup(func() {
		for _, pid := range withEnvironment(entry) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	})
	out := t.TempDir() + "/out"
	return entry, func(c *exec.Cmd) {
		c.Env = append(os.Environ(), entry, "OUT="+out)
		c.Args = append(c.Args[:len(c.Args):len(c.Args)], out)
	}
}

// linger starts a process that records SIGTERM and then ends or not, and waits until it runs.
func linger(what string) string {
	return strings.Join(as("linger", what), " ") + ` </dev/null >/dev/null 2>&1 &` + untilUp
}

// daemon starts a process with a session of its own, and waits until it has one.
func daemon(redirections string) string {
	return `setsid sh -c ': >$OUT.up; exec sleep 1000'` + redirections + untilUp
}

// untilUp is how a server waits for what it has started.
const untilUp = ` while [ ! -e $OUT.up ]; do sleep 0.05; done;`

func playLinger(args []string) int {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGTERM)
	out := os.Getenv("OUT")
	_ = os.WriteFile(out+".up", nil, 0o600)
	<-ch
	_ = os.WriteFile(out, []byte("term"), 0o600)
	if args[0] == "stay" {
		select {}
	}
	return 0
}

// testOrphan runs a server that starts something and ends; nothing may be left, and what that wrote is as wanted. On a
// busy machine it may not run before it is killed, so it has three tries.
func testOrphan(script, want string) func(*testing.T) {
	return func(t *testing.T) {
		var b []byte
		var err error
		for try := 0; try < 3 && len(b) == 0; try++ {
			entry, change := mark(t)
			s := open(t, wrapped(sh(script+" exit 3")), change)
			s.expectEnd("exit status 3")
			expectLeft(t, entry, 0)
			b, err = os.ReadFile(s.cmd.Args[len(s.cmd.Args)-1])
		}
		if strings.TrimSpace(string(b)) != want {
			t.Errorf("it wrote %q, want %q; %v", b, want, err)
		}
	}
}

// testHolder runs a server that starts something that stays, and ends: the client sees the end of stdout soon, and so
// many processes are left.
func testHolder(option, script string, left int) func(*testing.T) {
	return func(t *testing.T) {
		entry, change := mark(t)
		s := open(t, wrapped(sh(script+" echo last; exit 3"), option), change, func(c *exec.Cmd) { c.Stderr = nil })
		b, err := io.ReadAll(s.out)
		if string(b) != "last\n" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		s.expectEnd("exit status 3")
		expectLeft(t, entry, left)
	}
}

func testJobBefore(t *testing.T) {
	entry, change := mark(t)
	line := append(sh(`sleep 1000 </dev/null >/dev/null 2>&1 & exec "$@"`), append([]string{"sh"}, wrapped(sh("exit 3"))...)...)
	s := open(t, line, func(c *exec.Cmd) { change(c); c.Args = c.Args[:len(c.Args)-1] })
	s.expectEnd("exit status 3")
	expectLeft(t, entry, 1) // the job
}

func testReaping(t *testing.T) {
	s := open(t, wrapped(sh(`for i in 1 2 3 4 5; do (sleep 2 & sleep 2.1 &); done; echo $$; read x`)))
	pid, _ := strconv.Atoi(s.line())
	eventually(t, "the wrapper adopts", func() bool { return len(childrenOf(s.cmd.Process.Pid)) > 1 })
	eventually(t, "the wrapper reaps", func() bool {
		kids := childrenOf(s.cmd.Process.Pid)
		return len(kids) == 1 && kids[0] == pid
	})
	s.in.Close()
	s.expectEnd("exit status 1")
}

func testHurry(t *testing.T) {
	entry, change := mark(t)
	s := open(t, wrapped(sh(`sh -c 'trap "" TERM; echo up; exec >&- 2>&-; while :; do sleep 0.05; done' & read x; exit 3`)), change)
	s.expect("up")
	pid := server(t, s)
	s.in.Close()
	eventually(t, "the server ends", func() bool { return !alive(pid) })
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	start := time.Now()
	s.expectEnd("exit status 3")
	t.Logf("ended %v after the signal", time.Since(start))
	expectLeft(t, entry, 0)
}
