package backup

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// names returns how many names a file has. Windows has hard links, too; no installer of a client makes them.
func names(fs.FileInfo) uint64 { return 1 }

// keepOwner does nothing: a new file inherits what its directory gives.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// rename replaces a file.
func rename(from, to string) error { return patiently(func() error { return os.Rename(from, to) }) }

// patiently does what Windows may refuse for as long as another process has a file open: a client, a backup, a scanner. As the
// go command does, it tries again for two seconds.
func patiently(do func() error) error {
	for last := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := do()
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) || time.Now().After(last) {
			return err
		}
	}
}

// syncDir does nothing: Windows has no such call.
func syncDir(string) {}
