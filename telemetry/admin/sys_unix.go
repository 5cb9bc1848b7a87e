//go:build unix

package admin

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// listenPrivately listens at the path of a unix socket that only the user can open at any time: the mode is that
// of its creation, not one that is set afterwards. The mask is the whole process's for that moment, in which nothing
// else makes files: the server is started before or after.
func listenPrivately(path string) (net.Listener, error) {
	const ownerOnly = 0o177 // 077, and no execution, which has no meaning for a socket
	defer syscall.Umask(syscall.Umask(ownerOnly))
	return net.Listen("unix", path)
}

// inUse reports whether another process listens on the address.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// tryLock locks a file until it is closed, or its process ends. It returns errLocked if another has locked it.
func tryLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
