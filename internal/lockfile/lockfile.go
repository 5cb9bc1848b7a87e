// Package lockfile proves that a process lives: it keeps a file locked for life, and the system unlocks it however the
// process ends. Ids of processes and ports are used again, and mean nothing in another container.
package lockfile

import (
	"errors"
	"os"
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

// Look returns the state of a lock file. It changes nothing.
func Look(path string) State {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Free
	case err != nil:
		return Unknown
	}
	defer func() { _ = f.Close() }()
	switch err := Try(f); {
	case err == nil:
		return Free
	case errors.Is(err, ErrLocked):
		return Held
	}
	return Unknown
}
