package proctree

import "io/fs"

// ScanForChildren finds children as on a kernel that does not list them.
func ScanForChildren(pid int) []Process { return childrenAmong(all(), pid) }

// MemoryLimitIn is MemoryLimit in a file system.
func MemoryLimitIn(root fs.FS, pid int) int64 { return memoryLimit(root, pid) }
