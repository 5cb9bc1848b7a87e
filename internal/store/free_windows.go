package store

import "golang.org/x/sys/windows"

// Free returns how many bytes this user may still write to the disk of a directory, or -1 if that is not known.
func Free(dir string) int64 {
	path, err := windows.UTF16PtrFromString(dir)
	var free uint64
	if err != nil || windows.GetDiskFreeSpaceEx(path, &free, nil, nil) != nil {
		return -1
	}
	return int64(free) //nolint:gosec // no disk has 2^63 bytes
}
