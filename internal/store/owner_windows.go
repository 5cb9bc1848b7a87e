package store

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// linked reports whether a file has other names, which may be outside of the store: it is not to be written to.
func linked(f *os.File) bool {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info)
	return err != nil || info.NumberOfLinks > 1
}

// private reports whether a file is for this user alone. On Windows the permissions of the directory decide, which is that
// of the user's profile unless SPANPIPE_DIR names another.
func private(fs.FileInfo) bool { return true }

// rename replaces a file. Windows may refuse that for as long as another process has it open: a reader, a backup, a scanner.
// As the go command does, it tries again for two seconds.
func rename(root *os.Root, from, to string) error {
	for last := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := root.Rename(from, to)
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) || time.Now().After(last) {
			return err
		}
	}
}
