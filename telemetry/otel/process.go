package otel

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// processTree reads what the server's process and its descendants use: behind npx, the server is a grandchild of the
// process that was started.
type processTree struct {
	root int32

	mu      sync.Mutex        // two readers may export at the same time
	running map[int32]cpuTime // of the processes of the last reading
	ended   cpuTime           // of those that have ended since, as far as it was read

	final atomic.Pointer[cpuTime] // of the server, from the system, once it has ended; nil before
}

type cpuTime struct{ user, system float64 }

// usage is what the whole tree uses.
type usage struct {
	cpu                          cpuTime
	memory, descriptors, threads int64
}

func newProcessTree(pid int) *processTree { return &processTree{root: int32(pid)} }

// finish takes the CPU time that the system has counted for the server, for a session that is over before the tree was
// read or long after. What the server did not wait for is in the readings alone, so the larger figure counts. It does
// not wait for a reading, which may take long on a machine with many processes.
func (t *processTree) finish(e record.Exit) {
	t.final.Store(&cpuTime{user: e.UserTime.Seconds(), system: e.SystemTime.Seconds()})
}

// read sums up the tree. A process that ends while it is read counts with what was seen of it. CPU time never
// decreases: that of processes that have ended is kept.
func (t *processTree) read(ctx context.Context) usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	var u usage
	now := map[int32]cpuTime{}
	for _, pid := range descendants(ctx, t.root) {
		p := &process.Process{Pid: pid} // NewProcess would read things that are not needed
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

// descendants returns a process and its descendants. Process ids are used again, so that what is read one after the
// other can make a circle of them.
func descendants(ctx context.Context, root int32) []int32 {
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

// scanForChildren looks for a process's children among all processes of the machine.
func scanForChildren(ctx context.Context, pid int32) (children []int32) {
	all, err := (&process.Process{Pid: pid}).ChildrenWithContext(ctx)
	if err != nil {
		return nil
	}
	for _, p := range all {
		children = append(children, p.Pid)
	}
	return children
}
