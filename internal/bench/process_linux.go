package main

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// wrappers returns the process ids of a subject: all processes that were started, and their descendants, without the server.
func (l *live) wrappers() (pids []int) {
	var all []int
	for _, cmd := range l.commands {
		all = append(all, cmd.Process.Pid)
	}
	for ; len(all) > 0; all = all[1:] {
		if all[0] == l.server {
			continue
		}
		pids = append(pids, all[0])
		for _, child := range proctree.Children(all[0]) {
			all = append(all, child.PID)
		}
	}
	return pids
}

// cpu returns the processor time that a subject has used, in microseconds. It reads the processes' clocks, which count
// nanoseconds; rusage would include the server once it has been waited for.
func (l *live) cpu() (float64, bool) {
	total := 0.0
	for _, pid := range l.wrappers() {
		used, err := clock(pid)
		if err != nil {
			return 0, false
		}
		total += used
	}
	return total, true
}

// clock returns a process's CPU time in microseconds.
func clock(pid int) (float64, error) {
	const schedulerClock = 2 // CPUCLOCK_SCHED in the kernel's posix-timers.h: a process's clock is ~pid<<3 | this
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t)
	return float64(t.Nano()) / 1e3, err
}

// spent returns what a process has used: its CPU time in seconds, and its peak memory in MiB.
func spent(pid int) (cpu, peak float64) {
	used, _ := clock(pid)
	size, _ := mcptest.ProcField(pid, "status", "VmHWM")
	return used / 1e6, float64(size) / (1 << 20)
}

// memory returns a subject's memory in MiB, by the names of memoryRows. Resident memory includes pages of the program's
// file, which all processes of one program share. Private memory is what only this process has mapped, also of the file;
// dirty memory is the part of it that the kernel cannot drop, and so the honest price of one more wrapper.
func (l *live) memory() (map[string]float64, bool) {
	sizes := map[string]float64{}
	for _, pid := range l.wrappers() {
		for name, fields := range map[string][]string{
			"peak memory":     {"status", "VmHWM"},
			"resident memory": {"smaps_rollup", "Rss"},
			"private memory":  {"smaps_rollup", "Private_Clean", "Private_Dirty"},
			"dirty memory":    {"smaps_rollup", "Private_Dirty"},
		} {
			for _, field := range fields[1:] {
				size, err := mcptest.ProcField(pid, fields[0], field)
				if err != nil {
					return nil, false
				}
				sizes[name] += float64(size) / (1 << 20)
			}
		}
	}
	return sizes, len(sizes) > 0
}

// sizes returns the sum of a field of /proc/PID/status over a subject's processes, in MiB.
func (l *live) sizes(field string) (total float64, ok bool) {
	for _, pid := range l.wrappers() {
		size, err := mcptest.ProcField(pid, "status", field)
		if err != nil {
			return 0, false
		}
		total += float64(size) / (1 << 20)
	}
	return total, total > 0
}

// switches returns how often the threads of a subject's processes have gone to sleep.
func (l *live) switches() (total float64, ok bool) {
	for _, pid := range l.wrappers() {
		n, err := mcptest.Wakeups(pid)
		if err != nil {
			return 0, false
		}
		total += float64(n)
	}
	return total, true
}

// machine returns the processor and the kernel of this machine.
func machine() (processor, kernel string) {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := bytes.Cut(b, []byte("model name\t: ")); ok {
			name, _, _ := bytes.Cut(rest, []byte("\n"))
			processor = string(name)
		}
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		kernel = "Linux " + unix.ByteSliceToString(u.Release[:])
	}
	return processor, kernel
}
