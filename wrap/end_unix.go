//go:build unix

package wrap

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// end is one end of a pump: a plain descriptor, in whatever mode the host has left it. Its number is only ever used
// while it is open: abandon puts the null device in its place instead of closing it under a system call.
type end struct {
	fd   int
	file *os.File // what Config gave; nil for a pipe of our own
	dup  bool     // fd is a duplicate of file's
	keep bool     // file is our stderr, which others write to as well: it is never closed
	null int      // the null device

	mu     sync.Mutex
	closed bool
}

func (e *end) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(e.fd, b)
		switch err {
		case unix.EAGAIN:
			e.wait(unix.POLLIN)
		case unix.EINTR:
		default:
			return n, err
		}
	}
}

// write writes all of b, or says how much of it went on.
func (e *end) write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(e.fd, b[done:])
		switch err {
		case nil:
			done += n
		case unix.EAGAIN:
			e.wait(unix.POLLOUT)
		case unix.EINTR:
		default:
			return done, err
		}
	}
	return done, nil
}

// wait is for descriptors that are in non-blocking mode. Others share that mode with us, so it is not ours to change.
func (e *end) wait(events int16) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(e.fd), Events: events}}, -1) // an error shows in the next read or write
}
