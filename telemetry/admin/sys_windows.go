package admin

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/windows"
)

// listenPrivately listens at the path of a unix socket. Who can open it depends on the directory: Windows has no modes.
func listenPrivately(path string) (net.Listener, error) { return net.Listen("unix", path) }

// inUse reports whether another process listens on the address, or has reserved it.
func inUse(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}

// tryLock locks a file until it is closed, or its process ends. It returns errLocked if another has locked it.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}
