//go:build unix

package lockfile

import (
	"errors"
	"os"
	"syscall"
)

// Try locks an open file until it is closed, or its process ends. It returns ErrLocked if another has locked it.
func Try(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// tryShared locks an open file together with others that do the same.
func tryShared(f *os.File) error { return flock(f, syscall.LOCK_SH) }

func flock(f *os.File, how int) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return err
		}
	}
}

// openToLook opens a lock file. Anything else in its place, such as a named pipe, does not make it wait.
func openToLook(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}
