package otel

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// processTree reads the resource usage of the server's process and its descendants: behind npx, the server is a
// grandchild of the process that was started.
type processTree struct {
	root int32

	mu      sync.Mutex        // readers may export at the same time
	running map[int32]cpuTime // by process, at the last reading
	ended   cpuTime           // of those that have ended since, as far as read

	final atomic.Pointer[cpuTime] // as the system reports it for the server that has ended; nil before
}

type cpuTime struct{ user, system float64 }

// usage is the resource usage of the whole tree.
type usage struct {
	cpu                          cpuTime
	memory, descriptors, threads int64
}

// finish takes the CPU time that the system reports for the server that has ended: the tree may have been read long
// before that, or never. Only the readings include processes that the server did not wait for, so the larger figure
// counts. finish does not wait for a reading, which may take long on a machine with many processes.
func (t *processTree) finish(e record.Exit) {
	t.final.Store(&cpuTime{user: e.UserTime.Seconds(), system: e.SystemTime.Seconds()})
}

// read sums up the usage of the tree. CPU time never decreases: that of processes that have ended is kept.
func (t *processTree) read(ctx context.Context) usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	var u usage
	now := map[int32]cpuTime{}
	for _, pid := range descendants(ctx, t.root) {
		p := &process.Process{Pid: pid} // NewProcess would read more than needed
		if cpu, err := p.TimesWithContext(ctx); err == nil {
			now[pid] = cpuTime{cpu.User, cpu.System}
		}
		if m, err := p.MemoryInfoWithContext(ctx); err == nil {
			u.memory += int64(m.RSS)
		}
		if n, err := p.NumFDsWithContext(ctx); err == nil {
			u.descriptors += int64(n)
		}
		if n, err := p.NumThreadsWithContext(ctx); err == nil {
			u.threads += int64(n)
		}
	}
	for pid, cpu := range t.running {
		if _, still := now[pid]; !still {
			t.ended.add(cpu)
		}
	}
	t.running, u.cpu = now, t.ended
	for _, cpu := range now {
		u.cpu.add(cpu)
	}
	if final := t.final.Load(); final != nil {
		u.cpu.user, u.cpu.system = max(u.cpu.user, final.user), max(u.cpu.system, final.system)
	}
	return u
}

func (c *cpuTime) add(other cpuTime) {
	c.user += other.user
	c.system += other.system
}

// descendants returns a process and its descendants. Process ids are reused while the tree is read, so that parents and
// children may seem to form a circle.
func descendants(ctx context.Context, root int32) []int32 {
	if root == 0 { // unknown; on some systems every process descends from it
		return nil
	}
	found, seen := []int32{root}, map[int32]bool{root: true}
	for i := 0; i < len(found); i++ {
		for _, child := range childrenOf(ctx, found[i]) {
			if !seen[child] {
				seen[child] = true
				found = append(found, child)
			}
		}
	}
	return found
}

// childrenOf returns the process ids of a process's children. Where proctree does not work it scans all processes.
func childrenOf(ctx context.Context, pid int32) (children []int32) {
	if proctree.Supported {
		for _, p := range proctree.Children(int(pid)) {
			children = append(children, int32(p.PID))
		}
		return children
	}
	all, _ := (&process.Process{Pid: pid}).ChildrenWithContext(ctx) // none: the process has ended
	for _, p := range all {
		children = append(children, p.Pid)
	}
	return children
}
