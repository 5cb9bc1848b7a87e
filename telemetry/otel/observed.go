package otel

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// observed supplies the values of instruments that are read at each export of the metrics. The SDK calls observe from
// its own goroutines, for several readers at the same time.
type observed struct {
	*instruments
	process     atomic.Pointer[processTree] // nil before the server's process has started
	memoryLimit func(pid int) int64
	lost        func() map[string]int64 // may be nil, like broken
	broken      func(recovered any)
}

// register makes the SDK call observe at each export.
func (v *observed) register(meter metric.Meter) {
	all := slices.Collect(maps.Values(v.instruments.observed))
	_, _ = meter.RegisterCallback(v.observe, all...) // fails only for instruments of another meter
}

// sessionChanged starts reading the server's process once it has started.
func (v *observed) sessionChanged(s record.Session) {
	if !s.Started.IsZero() && v.process.Load() == nil {
		v.process.Store(&processTree{root: int32(s.PID), born: startTime(int32(s.PID)), started: s.Started})
	}
}

// exited takes the CPU time that the system reports for the server that has ended: the tree may have been read long
// before that, or never. It does not wait for a reading, which may take long on a machine with many processes.
func (v *observed) exited(user, system time.Duration) {
	if p := v.process.Load(); p != nil {
		p.final.Store(&cpuTime{user.Seconds(), system.Seconds()})
	}
}

// observe reports all values. It parses what other programs and the system supply; a panic there must not end the
// process, and with it the session.
func (v *observed) observe(ctx context.Context, o metric.Observer) error {
	defer func() {
		if r := recover(); r != nil && v.broken != nil {
			v.broken(r)
		}
	}()
	if v.lost != nil {
		for reason, n := range v.lost() {
			v.report(o, semconv.TelemetryDropped, float64(n), attribute.String(semconv.LossReason, reason))
		}
	}
	process := v.process.Load()
	if process == nil {
		return nil
	}
	u := process.read(ctx)
	for i, mode := range cpuModes {
		v.report(o, semconv.ProcessCPUTime, u.cpu[i], attribute.String(semconv.CPUMode, mode))
	}
	v.report(o, semconv.ProcessMemoryUsage, float64(u.memory))
	v.report(o, semconv.ProcessThreads, float64(u.threads))
	if u.running {
		v.report(o, semconv.ProcessUptime, time.Since(process.started).Seconds())
		v.report(o, semconv.ProcessStartTime, float64(process.started.UnixMicro())/1e6)
		if limit := v.memoryLimit(int(process.root)); limit > 0 {
			v.report(o, semconv.MemoryLimit, float64(limit))
		}
	}
	if u.descriptors > 0 { // not available on every system
		v.report(o, semconv.ProcessFileDescriptors, float64(u.descriptors))
	}
	return nil
}

// cpuTime is CPU time in seconds, by mode.
type cpuTime [len(cpuModes)]float64

var cpuModes = [...]string{"user", "system"}

// usage is the resource usage of a whole tree of processes. Memory is in bytes.
type usage struct {
	running                      bool // its root is
	cpu                          cpuTime
	memory, descriptors, threads int64
}

// processTree reads the resource usage of the server's process and its descendants: behind npx, the server is a
// grandchild of the process that was started.
type processTree struct {
	root    int32
	born    int64                   // when the root started: after its end its id may become another process's
	started time.Time               // the same, by our clock
	final   atomic.Pointer[cpuTime] // of a server that has ended, as the system reports it; nil before

	mu      sync.Mutex        // readers may export at the same time
	running map[int32]cpuTime // by process, at the last reading
	ended   cpuTime           // of those that have ended since, as far as read
}

// read sums up the usage of the tree. CPU time never decreases: that of processes that have ended is kept. Only the
// readings include processes that the server did not wait for, and only the system's final figure what was used after
// the last reading, so the larger of the two counts.
func (t *processTree) read(ctx context.Context) usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	var u usage
	now := map[int32]cpuTime{}
	for _, pid := range t.processes(ctx) {
		u.running = true
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
	final := t.final.Load()
	for i := range cpuModes {
		for pid, cpu := range t.running {
			if _, still := now[pid]; !still {
				t.ended[i] += cpu[i]
			}
		}
		u.cpu[i] = t.ended[i]
		for _, cpu := range now {
			u.cpu[i] += cpu[i]
		}
		if final != nil {
			u.cpu[i] = max(u.cpu[i], final[i])
		}
	}
	t.running = now
	return u
}

// processes returns the processes of the tree: none once the root has ended.
func (t *processTree) processes(ctx context.Context) []int32 {
	if startTime(t.root) != t.born {
		return nil
	}
	return descendants(ctx, t.root)
}

// startTime returns when a process started, in a unit of the system's, or 0 if it has ended.
func startTime(pid int32) int64 {
	if proctree.Supported {
		return proctree.StartTime(int(pid))
	}
	start, _ := (&process.Process{Pid: pid}).CreateTime() // none: the process has ended
	return start
}

// descendants returns a process and its descendants. Process ids are reused while the tree is read, so that parents and
// children may seem to form a circle.
func descendants(ctx context.Context, root int32) []int32 {
	if root == 0 { // unknown; on some systems every process descends from it
		return nil
	}
	found := []int32{root}
	for i := 0; i < len(found); i++ {
		for _, child := range childrenOf(ctx, found[i]) {
			if !slices.Contains(found, child) {
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
