//go:build unix

package wrap

import "golang.org/x/sys/unix"

// started closes the server's sides in our process: each pipe's end is the server's alone.
func (w *wires) started() {
	for _, f := range w.server {
		_ = f.Close()
	}
}

// undo takes everything back but leaves the host's descriptors as they were, for a start that failed.
func (w *wires) undo() {
	for _, e := range w.ends {
		if e.file == nil || e.dup {
			_ = unix.Close(e.fd)
		}
	}
	w.done()
}

// done lets go of the null device once no pump can need it.
func (w *wires) done() { _ = unix.Close(w.null) }

// clear makes sure that the descriptor after the server's last one is not the host's: the runtime may put a pipe of its
// own there in the child, before exec, and would overwrite what the server is to inherit.
func clear(fd int) (int, error) {
	for {
		flags, err := unix.FcntlInt(uintptr(fd+1), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			return fd, nil //nolint:nilerr // a descriptor that is not open is what is looked for
		}
		higher, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, fd+2)
		_ = unix.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = higher
	}
}
