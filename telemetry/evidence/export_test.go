package evidence

import "time"

// Process is a process at a look, for tests.
type Process struct {
	PID, Parent      int
	Age, CPU         time.Duration
	Stopped, Running bool
	Program          string
	Args             []string
}

// Scripted makes a watcher look at what a function returns.
func (w *Watcher) Scripted(f func() []Process) {
	w.look = func(int, map[int]kind) tree {
		t := tree{kinds: map[int]kind{}}
		for _, p := range f() {
			t.processes = append(t.processes, process{p.PID, p.Parent, p.Age, p.CPU, p.Stopped, p.Running})
			t.kinds[p.PID] = kindOf(p.Program, p.Args)
		}
		return t
	}
}
