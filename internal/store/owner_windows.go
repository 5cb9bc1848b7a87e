package store

import (
	"io/fs"
	"os"

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
