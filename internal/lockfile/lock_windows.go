package lockfile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Try locks an open file until it is closed, or its process ends. It returns ErrLocked if another has locked it.
func Try(f *os.File) error { return lock(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// tryShared locks an open file together with others that do the same.
func tryShared(f *os.File) error { return lock(f, 0) }

// lock locks a byte that lies behind those of any file: Windows lets no one else read what is locked.
func lock(f *os.File, how uint32) error {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// openToLook opens a lock file. A symbolic link, which only an administrator can make, is followed to a file that is then
// only opened.
func openToLook(path string) (*os.File, error) { return os.Open(path) }
