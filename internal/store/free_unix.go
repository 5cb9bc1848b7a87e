//go:build linux || darwin

package store

import "golang.org/x/sys/unix"

// Free returns how many bytes this user may still write to the disk of a directory, or -1 if that is not known.
func Free(dir string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize) //nolint:unconvert // the types differ between systems
}
