//go:build unix

package lockfile

import (
	"errors"
	"os"
	"syscall"
)

// Try locks an open file until it is closed, or its process ends. It returns ErrLocked if another has locked it.
func Try(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
