//go:build unix

package store

import (
	"io/fs"
	"os"
	"syscall"
)

// linked reports whether a file has other names, which may be outside of the store: it is not to be written to.
func linked(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return true
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || stat.Nlink > 1
}

// private reports whether a file belongs to this user and no other user can read or change it.
func private(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}

// rename replaces a file.
func rename(root *os.Root, from, to string) error { return root.Rename(from, to) }
