package proctree

import "iter"

// Info is what is known of a process.
type Info struct {
	PID, Parent int
	Start       int64    // when it started, in a unit of the system's; 0 if that is not known
	Program     string   // the file name of its executable
	Args        []string // its command line; empty if that may not be read. A process can write another over it
}

// maxAncestors bounds a walk: ids that are used again could make a circle of parents.
const maxAncestors = 64

// Ancestors returns the parent of a process, the parent's parent, and so on. It ends with the system's first process, or
// where a parent has ended: the system may have given its id to another process, which then started later than its child.
func Ancestors(pid int) iter.Seq[Info] {
	return func(yield func(Info) bool) {
		look := Looker()
		child, ok := look(pid)
		for range maxAncestors {
			if !ok || child.Parent <= 0 || child.Parent == child.PID {
				return
			}
			var parent Info
			if parent, ok = look(child.Parent); !ok || parent.Start > child.Start || !yield(parent) {
				return
			}
			child = parent
		}
	}
}
