package proctree

// ScanForChildren finds children as on a kernel that does not list them.
func ScanForChildren(pid int) []Process { return childrenAmong(all(), pid) }
