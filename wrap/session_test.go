package wrap_test

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// session is a host's side of a command: its process, and the other ends of its standard streams.
type session struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     *os.File // what the host writes
	out    *os.File // what the host reads
	stderr *lockedBuffer
	ended  chan error

	patience time.Duration // how long wait waits for the end, if not the usual
}

// open starts a command as a host does, with pipes.
func open(t *testing.T, line []string, change ...func(*exec.Cmd)) *session {
	t.Helper()
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, cmd: command(line), in: inW, out: outR, stderr: &lockedBuffer{}, ended: make(chan error, 1)}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = inR, outW, s.stderr
	for _, f := range change {
		f(s.cmd)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inR.Close()
	outW.Close()
	go func() { s.ended <- s.cmd.Wait() }() // ends with the process, or 10 s later if something holds stderr
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		inW.Close()
		outR.Close()
	})
	return s
}

// line reads one line from the server.
func (s *session) line() string {
	s.t.Helper()
	_ = s.out.SetReadDeadline(time.Now().Add(20 * time.Second))
	var b []byte
	for one := make([]byte, 1); ; {
		n, err := s.out.Read(one)
		if err != nil {
			s.t.Fatalf("waiting for a line after %q: %v; stderr: %s", b, err, s.stderr)
		}
		if n > 0 && one[0] == '\n' {
			return string(b)
		}
		b = append(b, one[:n]...)
	}
}

func (s *session) expect(want string) {
	s.t.Helper()
	if got := s.line(); got != want {
		s.t.Fatalf("the server wrote %q, want %q; stderr: %s", got, want, s.stderr)
	}
}

func (s *session) send(text string) {
	s.t.Helper()
	if _, err := s.in.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the process and returns how it ended.
func (s *session) wait() string {
	s.t.Helper()
	select {
	case <-s.ended:
		return s.cmd.ProcessState.String()
	case <-time.After(cmp.Or(s.patience, 30*time.Second)):
		s.t.Fatalf("the process does not end; stderr: %s", s.stderr)
		return ""
	}
}

func (s *session) expectEnd(want string) {
	s.t.Helper()
	if got := s.wait(); got != want {
		s.t.Fatalf("ended with %q, want %q; stderr: %s", got, want, s.stderr)
	}
}

// lockedBuffer may be read while a process still writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
