//go:build unix

package store

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether a file belongs to this user and no other user can read or change it.
func private(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
