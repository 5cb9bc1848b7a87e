package wrap_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/wrap"
)

func endingRows() []row {
	const server, client, signaled = "the server", "the client", "a signal"
	return []row{
		{"the server exits, with 0 or not", server, testEnding(server, sh("exit 0"), nil)},
		{"the server crashes, and the client closes its input as soon as its output ends", server,
			testEnding(server, sh("exit 3"), func(s *session) { _, _ = io.ReadAll(s.out); s.in.Close() })},
		{"the server closes its output and lives on, and the client closes its input as soon as it notices", server,
			testEnding(server, sh("exec >&-; read x"), func(s *session) { _, _ = io.ReadAll(s.out); s.in.Close() })},
		{"the server closes its input, and the client sends TERM as soon as it notices", server,
			testEnding(server, sh("exec <&-; exec sleep 1000"), func(s *session) {
				awaitHangup(s)
				_ = s.cmd.Process.Signal(syscall.SIGTERM)
			})},
		{"the server crashes, and the client sends TERM as soon as its output ends", server,
			testEnding(server, sh("exit 3"), func(s *session) {
				_, _ = io.ReadAll(s.out)
				_ = s.cmd.Process.Signal(syscall.SIGTERM)
			})},
		{"the client closes the server's input, which makes it exit", client,
			testEnding(client, as("cat"), func(s *session) { s.in.Close() })},
		{"the client closes the server's input, which makes it fail", client,
			testEnding(client, sh("cat; exit 1"), func(s *session) { s.in.Close() })},
		{"the client closes its reading end", client,
			testEnding(client, as("poll"), func(s *session) { s.out.Close() })},
		{"the client closes the server's input, and sends TERM because the server goes on", client,
			testEnding(client, sh("cat; echo end; exec sleep 1000"), func(s *session) {
				s.in.Close()
				s.expect("end")
				_ = s.cmd.Process.Signal(syscall.SIGTERM)
			})},
		{"TERM, INT and HUP sent to our pid, which the server obeys", signaled, testSignaled(false)},
		{"TERM, INT and HUP sent to the group, which the server obeys", signaled, testSignaled(true)},
	}
}

// playEnded is a wrapper that prints what ended the session.
func playEnded(args []string) int {
	s, code := start(args)
	if s == nil {
		return code
	}
	status := s.Wait()
	fmt.Fprint(os.Stderr, map[wrap.End]string{
		wrap.ServerEnded: "the server", wrap.ClientLeft: "the client", wrap.Signaled: "a signal", wrap.HostDied: "the host's death",
	}[status.End])
	return 0
}

// testEnding has the session ended many times over, since its goroutines may be scheduled in any order.
func testEnding(want string, server []string, act func(*session)) func(*testing.T) {
	return func(t *testing.T) {
		concurrently(10, func(int) {
			s := open(t, append(as("ended", "--"), server...))
			if act != nil {
				act(s)
			}
			s.expectEnd("exit status 0")
			if got := s.stderr.String(); !strings.HasSuffix(got, want) { // a server may have more to say
				t.Errorf("ended by %q, want %q", got, want)
			}
		})
	}
}

// testSignaled has servers that die of the signal, exit with 0, and exit with the code of a shell.
func testSignaled(group bool) func(*testing.T) {
	return func(t *testing.T) {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			for _, server := range []string{
				"echo up; exec sleep 1000",
				"trap 'exit 0' TERM INT HUP; echo up; while :; do sleep 0.01; done",
				fmt.Sprintf("trap 'exit %d' TERM INT HUP; echo up; while :; do sleep 0.01; done", 128+int(sig)),
			} {
				act := func(s *session) {
					s.expect("up")
					pid := s.cmd.Process.Pid
					if group {
						pid = -pid
					}
					_ = unix.Kill(pid, sig)
				}
				concurrently(2, func(int) {
					s := open(t, append(as("ended", "--"), sh(server)...), ownGroup)
					act(s)
					s.expectEnd("exit status 0")
					if got := s.stderr.String(); !strings.HasSuffix(got, "a signal") {
						t.Errorf("%v, %s: ended by %q", sig, server, got)
					}
				})
			}
		}
	}
}

// awaitHangup waits until the session's input has lost its reader.
func awaitHangup(s *session) {
	raw, err := s.in.SyscallConn()
	if err != nil {
		s.t.Error(err)
		return
	}
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}}
		for fds[0].Revents == 0 {
			if _, err := unix.Poll(fds, 20_000); err != nil && err != unix.EINTR {
				s.t.Error(err)
				return
			}
		}
	})
}
