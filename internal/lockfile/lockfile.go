// Package lockfile proves that a process lives: it keeps a file locked for life, and the system unlocks it however the
// process ends. Ids of processes and ports are used again, and mean nothing in another container.
//
// A lock belongs to the open file. Go opens files so that a child process does not inherit them, so a child that outlives
// its parent does not keep the parent's lock.
package lockfile

import (
	"errors"
	"os"
	"time"
)

// ErrLocked is the error of Try for a file that another process has locked.
var ErrLocked = errors.New("locked by another process")

// State is what a lock file says about the process that made it.
type State int

// The states.
const (
	Unknown State = iota // the file cannot be opened, or files cannot be locked there
	Held                 // its process lives
	Free                 // its process has ended, or there is no such file
)

// Look returns the state of a lock file. It changes nothing and follows no symbolic link. While it looks, which takes
// microseconds, it shares the lock with others that look, and Try may fail: see Take.
func Look(path string) State {
	f, err := openToLook(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Free
	case err != nil:
		return Unknown
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Unknown
	}
	switch err := tryShared(f); {
	case err == nil:
		return Free
	case errors.Is(err, ErrLocked):
		return Held
	}
	return Unknown
}

// Take locks an open file as Try does, and tries again for a while: a process that only looks at the lock has it for a
// moment. One that lives keeps it, which is still ErrLocked.
func Take(f *os.File) error {
	const tries, pause = 50, 2 * time.Millisecond
	for n := 1; ; n++ {
		if err := Try(f); !errors.Is(err, ErrLocked) || n == tries {
			return err
		}
		time.Sleep(pause)
	}
}
