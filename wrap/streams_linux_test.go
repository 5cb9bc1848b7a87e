package wrap_test

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func streamRows() []row {
	return []row{
		{"the client ends its input while calls run", "their responses still arrive", alike(testEndOfInput)},
		{"the client ends its input and the server ignores that", "the session goes on until the server ends", alike(testInputUnheeded)},
		{"the server closes stdout and lives on", "the client sees the end at once, and the exit when it happens", alike(testStdoutClosed)},
		{"the server closes stdin and lives on", "the client's next write is a broken pipe, and poll reports it at once",
			alike(testStdinClosed)},
		{"the client closes its reading end", "the server's next write is a broken pipe, and poll reports it at once",
			alike(testReaderGone)},
		{"the client closes its reading end while the server is blocked in a write", "the write is a broken pipe",
			alike(testReaderGoneWhileBlocked)},
		{"the server ends while the client writes", "the client's write is a broken pipe", alike(testServerGone)},
		{"a last line just before the exit", "is not lost, nor is what the server wrote before", alike(testLastLine)},
		{"a megabyte just before the exit, read slowly", "arrives whole", alike(testSlowReader)},
	}
}

// playPoll ends when poll reports that its stdout has lost its reader. It prints on stderr when it starts.
func playPoll([]string) int {
	println("polling")
	fds := []unix.PollFd{{Fd: 1}}
	for {
		n, err := unix.Poll(fds, 20_000)
		if err == unix.EINTR {
			continue
		}
		if n != 1 || fds[0].Revents&unix.POLLERR == 0 {
			return 1
		}
		return 6
	}
}

func testEndOfInput(t *testing.T, with prefix) {
	s := open(t, with(sh(`read x; cat; sleep 0.2; echo "response to $x"`)))
	s.send("call\n")
	s.in.Close()
	s.expect("response to call")
	s.expectEnd("exit status 0")
}

func testInputUnheeded(t *testing.T, with prefix) {
	s := open(t, with(sh(`trap 'exit 4' TERM; while read x; do :; done; echo "the end"; while :; do sleep 0.05; done`)))
	s.in.Close()
	s.expect("the end")
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expectEnd("exit status 4")
}

func testStdoutClosed(t *testing.T, with prefix) {
	s := open(t, with(sh(`echo last; exec >&-; read x; exit 8`)))
	s.expect("last")
	if b, err := io.ReadAll(s.out); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	select {
	case <-s.ended:
		t.Error("the session has ended with the server's stdout")
	case <-time.After(100 * time.Millisecond):
	}
	s.send("go\n")
	s.expectEnd("exit status 8")
}

func testStdinClosed(t *testing.T, with prefix) {
	s := open(t, with(sh(`trap 'exit 3' TERM; exec <&-; echo closed; while :; do sleep 0.05; done`)))
	s.expect("closed")
	fds := []unix.PollFd{{Fd: int32(s.in.Fd())}}
	for {
		n, err := unix.Poll(fds, 20_000)
		if err == unix.EINTR {
			continue
		}
		if n != 1 || fds[0].Revents&unix.POLLERR == 0 {
			t.Errorf("poll: %d, %v", n, fds)
		}
		break
	}
	if _, err := s.in.WriteString("hello\n"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the first write: %v", err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expectEnd("exit status 3")
}

func testReaderGone(t *testing.T, with prefix) {
	s := open(t, with(as("poll")))
	eventually(t, "the server polls", func() bool { return strings.Contains(s.stderr.String(), "polling") })
	s.out.Close()
	s.expectEnd("exit status 6")

	// A pump that is just being interrupted still takes what is written in that moment.
	s = open(t, with(sh(`echo ready; read x; for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.1; done`)))
	s.expect("ready")
	s.out.Close()
	s.send("go\n")
	s.expectEnd("signal: broken pipe")
}

func testReaderGoneWhileBlocked(t *testing.T, with prefix) {
	s := open(t, with(as("flood")))
	_ = settled(t, s.stderr.String)
	s.out.Close()
	s.expectEnd("signal: broken pipe")
}

func testServerGone(t *testing.T, with prefix) {
	s := open(t, with(sh(`read x; exit 2`)))
	s.send("go\n")
	var err error
	for b := make([]byte, 4096); err == nil; {
		_, err = s.in.Write(b)
	}
	if !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	s.expectEnd("exit status 2")
}

func testLastLine(t *testing.T, with prefix) {
	for range 50 {
		s := open(t, with(sh(`echo one; echo two; exit 5`)))
		b, err := io.ReadAll(s.out)
		if string(b) != "one\ntwo\n" || err != nil {
			t.Fatalf("%q, %v", b, err)
		}
		s.expectEnd("exit status 5")
	}
}

func testSlowReader(t *testing.T, with prefix) {
	const size = 1 << 20
	s := open(t, with(as("pour", "1048576")))
	total := 0
	for b := make([]byte, 32<<10); ; {
		n, err := s.out.Read(b)
		total += n
		if err != nil {
			break
		}
		time.Sleep(30 * time.Millisecond) // more than a second in all, so that the end of the server is long past
	}
	if total != size {
		t.Errorf("%d bytes of %d", total, size)
	}
	s.expectEnd("exit status 0")
}
