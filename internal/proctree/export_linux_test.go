package proctree

// ScanForChildren finds children as on a kernel that does not list them.
func ScanForChildren(pid int) (children []Process) {
	for _, child := range all() {
		if p, parent := stat(child); parent == pid {
			children = append(children, p)
		}
	}
	return children
}
