package wrap_test

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// chain is what npx makes of a command: a program that starts a shell that starts the server.
var chain = sh(`sh -c 'sh -c "echo up; cat" ; exit $?' ; exit $?`)

func killRows() []row {
	return []row{
		{"KILL to the wrapper", "kills the server; what that had started sees its pipes end", testKilled},
		{"a host that sends only the end of input to a chain like npx → sh → node", "all of it ends", testChain(func(s *session) { s.in.Close() })},
		{"a host that sends only TERM to such a chain", "nothing is left", testChain(func(s *session) { _ = s.cmd.Process.Signal(syscall.SIGTERM) })},
		{"a host that sends only KILL", "nothing is left", testChain(func(s *session) {
			_ = s.cmd.Process.Kill()
			s.in.Close() // the host knows that its server is dead
		})},
		{"TERM to the group, on such a chain", "nothing is left", testGroup(syscall.SIGTERM)},
		{"KILL to the group, on such a chain", "nothing is left", testGroup(syscall.SIGKILL)},
		{"KILL to the group of a server that ignores everything else", "nothing is left", testStubbornGroup},
	}
}

func testKilled(t *testing.T) {
	entry, change := mark(t)
	s := open(t, wrapped(sh(`trap '' TERM HUP INT; echo up; while :; do sleep 0.05; done`)), change)
	s.expect("up")
	pid := server(t, s)
	_ = s.cmd.Process.Kill()
	s.expectEnd("signal: killed")
	eventually(t, "the server dies too", func() bool { return !alive(pid) })
	eventually(t, "nothing is left", func() bool { return len(withEnvironment(entry)) == 0 })
}

func testChain(stop func(*session)) func(*testing.T) {
	return alike(func(t *testing.T, with prefix) {
		entry, change := mark(t)
		s := open(t, with(chain), change, func(c *exec.Cmd) { c.Stderr = nil }) // bare, what is left would hold it
		s.expect("up")
		stop(s)
		s.wait()
		if with(nil) == nil { // bare: whatever it is that hosts see today
			return
		}
		eventually(t, "nothing is left", func() bool { return len(withEnvironment(entry)) == 0 })
	})
}

func testGroup(sig syscall.Signal) func(*testing.T) {
	return alike(func(t *testing.T, with prefix) {
		entry, change := mark(t)
		s := open(t, with(chain), change, ownGroup)
		s.expect("up")
		_ = unix.Kill(-s.cmd.Process.Pid, sig)
		if got := s.wait(); !strings.HasPrefix(got, "signal: ") {
			t.Errorf("ended with %s", got)
		}
		eventually(t, "nothing is left", func() bool { return len(withEnvironment(entry)) == 0 })
	})
}

func testStubbornGroup(t *testing.T) {
	entry, change := mark(t)
	s := open(t, wrapped(sh(`trap '' TERM HUP INT; sh -c 'echo up; while :; do sleep 0.05; done'; exit 1`)), change,
		func(c *exec.Cmd) { ownGroup(c) })
	s.expect("up")
	_ = unix.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	s.in.Close()
	_ = unix.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	s.expectEnd("signal: killed")
	eventually(t, "nothing is left", func() bool { return len(withEnvironment(entry)) == 0 })
}
