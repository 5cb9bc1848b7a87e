//go:build unix

package backup

import (
	"io/fs"
	"os"
	"syscall"
)

// names returns how many names a file has.
func names(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink) //nolint:unconvert // narrower on some systems
	}
	return 1
}

// keepOwner gives a new file the owner and the group of another one.
func keepOwner(f *os.File, of fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	is, ok := info.Sys().(*syscall.Stat_t)
	want, also := of.Sys().(*syscall.Stat_t)
	if !ok || !also || is.Uid == want.Uid && is.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}

// rename replaces a file.
func rename(from, to string) error { return os.Rename(from, to) }

// patiently does something once: no other process can stand in its way.
func patiently(do func() error) error { return do() }

// syncDir writes names of a directory to the disk. Without it, a crash of the machine leaves the file as it was.
func syncDir(path string) {
	if f, err := os.Open(path); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
