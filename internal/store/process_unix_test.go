//go:build unix

package store_test

import "syscall"

func setMask(mask int) { syscall.Umask(mask) }

// limitFiles sets the size at which writing to a file fails.
func limitFiles(n uint64) {
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
	set(&limit.Cur, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}

// set sets a limit, which is a signed number on FreeBSD.
func set[T int64 | uint64](limit *T, n uint64) { *limit = T(n) }
