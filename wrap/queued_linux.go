package wrap

import "golang.org/x/sys/unix"

// queued returns how many bytes of what was written to a pipe its reader has not taken yet, and whether the system says.
func (e *endpoint) queued() (n int64, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, false
	}
	queued, err := unix.IoctlGetInt(e.fd, unix.TIOCINQ) // either end of a pipe will do, see pipe(7)
	return int64(queued), err == nil
}
