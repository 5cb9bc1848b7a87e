package evidence

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// processes returns a process and its descendants, each after its parent.
func processes(root int) []process {
	began := time.Now()
	var all []process
	all = add(all, root, proctree.Parent(root), began)
	for i := 0; i < len(all) && len(all) < maxProcesses; i++ {
		for _, child := range proctree.Children(all[i].pid) {
			all = add(all, child.PID, all[i].pid, began)
		}
	}
	return all
}

// add adds a process, unless it has ended. Its age is that at the given time, when the look began.
func add(all []process, pid, parent int, began time.Time) []process {
	s, ok := proctree.StateOf(pid)
	if !ok || s.Letter == 'Z' || s.Letter == 'X' || len(all) == maxProcesses {
		return all
	}
	return append(all, process{
		pid: pid, parent: parent, age: s.Age - time.Since(began), cpu: s.CPU,
		stopped: s.Letter == 'T' || s.Letter == 't', running: s.Letter == 'R' || s.Letter == 'D' || s.Threads,
	})
}
