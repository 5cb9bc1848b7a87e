//go:build unix

package wrap

import (
	"os"

	"golang.org/x/sys/unix"
)

// hostEnd is the end that the host holds the other side of. Descriptors 0 to 2 are used as they are; another file,
// which a caller in this process may close at any time, is duplicated, and so is one that is kept. File.Fd is avoided:
// it may change the mode of the descriptor.
func hostEnd(f *os.File, null int, keep bool) (*end, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	e := &end{file: f, keep: keep, null: null}
	ctlErr := raw.Control(func(fd uintptr) {
		e.fd = int(fd)
		if e.dup = keep || fd > 2; e.dup {
			e.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		}
	})
	if err == nil {
		err = ctlErr
	}
	return e, err
}

// close lets go of the end, so that whoever holds the other side sees it.
func (e *end) close() { e.release(true) }

// abandon does the same under a pump that may be blocked in it: the number stays valid and leads nowhere. The pump
// itself closes the end when it has come out.
func (e *end) abandon() { e.release(false) }

func (e *end) release(final bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = final
	standard := e.file != nil && !e.dup
	if final && !standard {
		_ = unix.Close(e.fd)
	} else {
		_ = unix.Dup2(e.null, e.fd)
	}
	if e.dup && !e.keep {
		_ = e.file.Close() // its owner may have closed it already
	}
}

// buffered is how many bytes can be read without waiting.
func (e *end) buffered() int64 {
	n, err := unix.IoctlGetInt(e.fd, fionread)
	if err != nil {
		return 0
	}
	return int64(n)
}
