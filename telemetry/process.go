package telemetry

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/shirou/gopsutil/v4/process"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// usage reads what the server's process and its descendants use: behind npx, the server is a grandchild. It is asked for once
// at each export of the metrics, in the SDK's goroutine.
type usage struct {
	root int32

	mu      sync.Mutex
	running map[int32]cpuTime // of the processes of the last reading
	ended   cpuTime           // of those that have gone since, as far as it was seen

	final atomic.Pointer[cpuTime] // what the system says of the server once it has ended; nil before
}

type cpuTime struct{ user, system float64 }

// observeProcess makes the instruments of the process tree that begins with pid.
func observeProcess(meter metric.Meter, pid int, broken func(any)) *usage {
	u := &usage{root: int32(pid), running: map[int32]cpuTime{}}
	cpu := semconv.ProcessCPUTime
	cpuTime, _ := meter.Float64ObservableCounter(cpu.Name, metric.WithUnit(cpu.Unit), metric.WithDescription(cpu.Description))
	memory := observed(meter, semconv.ProcessMemoryUsage)
	descriptors := observed(meter, semconv.ProcessFileDescriptors)
	threads := observed(meter, semconv.ProcessThreads)
	user := metric.WithAttributes(attribute.String(semconv.CPUMode, "user"))
	system := metric.WithAttributes(attribute.String(semconv.CPUMode, "system"))
	_, _ = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		defer func() { // this is a goroutine of the SDK's, and what is read is other programs' doing
			if r := recover(); r != nil {
				broken(r)
			}
		}()
		r := u.read(ctx)
		o.ObserveFloat64(cpuTime, r.cpu.user, user)
		o.ObserveFloat64(cpuTime, r.cpu.system, system)
		o.ObserveInt64(memory, r.memory)
		o.ObserveInt64(threads, r.threads)
		if r.descriptors > 0 { // not to be had everywhere
			o.ObserveInt64(descriptors, r.descriptors)
		}
		return nil
	}, cpuTime, memory, descriptors, threads)
	return u
}

func observed(m metric.Meter, i semconv.Instrument) metric.Int64ObservableUpDownCounter {
	c, _ := m.Int64ObservableUpDownCounter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	return c
}

// reading is what the whole tree uses.
type reading struct {
	cpu                          cpuTime
	memory, descriptors, threads int64
}

// read sums the tree. A process that ends while it is read counts with what was seen of it. CPU time never decreases: that
// of processes that have gone is kept.
func (u *usage) read(ctx context.Context) reading {
	u.mu.Lock()
	defer u.mu.Unlock()
	var r reading
	now := map[int32]cpuTime{}
	for _, p := range u.tree(ctx) {
		if t, err := p.TimesWithContext(ctx); err == nil {
			now[p.Pid] = cpuTime{t.User, t.System}
		}
		if m, err := p.MemoryInfoWithContext(ctx); err == nil {
			r.memory += int64(m.RSS)
		}
		if n, err := p.NumFDsWithContext(ctx); err == nil {
			r.descriptors += int64(n)
		}
		if n, err := p.NumThreadsWithContext(ctx); err == nil {
			r.threads += int64(n)
		}
	}
	for pid, before := range u.running {
		if _, still := now[pid]; !still {
			u.ended.user += before.user
			u.ended.system += before.system
		}
	}
	u.running, r.cpu = now, u.ended
	for _, t := range now {
		r.cpu.user += t.user
		r.cpu.system += t.system
	}
	if final := u.final.Load(); final != nil {
		r.cpu.user, r.cpu.system = max(r.cpu.user, final.user), max(r.cpu.system, final.system)
	}
	return r
}

// finish takes what the system has counted for the server. A session may be over before it was read once, or long after; what
// the server did not wait for is in the readings alone, so the larger one counts. It does not wait for a reading, which may take
// long on a machine with many processes.
func (u *usage) finish(exit Exit) {
	if u != nil {
		u.final.Store(&cpuTime{user: exit.UserTime.Seconds(), system: exit.SystemTime.Seconds()})
	}
}

// tree finds the root and its descendants: from parent to child where the system tells that, else in one pass over all
// processes.
func (u *usage) tree(ctx context.Context) []*process.Process {
	if tellsChildren() {
		found := []*process.Process{{Pid: u.root}}
		for i := 0; i < len(found); i++ {
			for _, child := range childrenOf(found[i].Pid) {
				found = append(found, &process.Process{Pid: child})
			}
		}
		return found
	}
	pids, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil
	}
	children := map[int32][]*process.Process{}
	var found []*process.Process
	for _, pid := range pids {
		p := &process.Process{Pid: pid} // not NewProcess, which reads twice what is not wanted
		if pid == u.root {
			found = append(found, p)
			continue
		}
		if parent, err := p.PpidWithContext(ctx); err == nil {
			children[parent] = append(children[parent], p)
		}
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].Pid]...)
	}
	return found
}
