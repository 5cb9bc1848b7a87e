//go:build unix && !linux

package wrap

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// fionread has one value on all systems that descend from BSD.
const fionread = 0x4004667f

var alsoRelayed []os.Signal

// pipe makes a pipe for the server: blocking, as a shell would make it, and inherited by nobody by accident.
func pipe() (r, w int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var p [2]int
	if err = unix.Pipe(p[:]); err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	return p[0], p[1], err
}

// interruptBlocked can do nothing here: no signal can be sent to a chosen thread without the C library.
func interruptBlocked() {}
