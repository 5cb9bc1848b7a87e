package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// wrappers are the processes of a subject but for the server: all that were started, and all that these have started.
func (l *live) wrappers() []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has gone
		}
		fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(string(fields[1]))
		children[parent] = append(children[parent], pid)
	}
	var found, queue []int
	for _, cmd := range l.commands {
		queue = append(queue, cmd.Process.Pid)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		if queue[0] != l.server {
			found = append(found, queue[0])
			queue = append(queue, children[queue[0]]...)
		}
	}
	return found
}

// cpu is the processor time that a subject's processes have used, in microseconds. It reads the processes' clocks, which
// count nanoseconds; rusage would count the server too, once it has been waited for.
func (l *live) cpu() (float64, bool) {
	const schedulerClock = 2 // CPUCLOCK_SCHED of the kernel's posix-timers.h: a process's clock is ~pid<<3 | this
	total := 0.0
	for _, pid := range l.wrappers() {
		var t unix.Timespec
		if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t); err != nil {
			return 0, false
		}
		total += float64(t.Nano()) / 1e3
	}
	return total, true
}

// memory is the peak of what a subject's processes have had in memory (VmHWM), and of that what no file backs and no
// other process shares (now, not at the peak), in MiB.
func (l *live) memory() (peak, anonymous float64, ok bool) {
	for _, pid := range l.wrappers() {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			return 0, 0, false
		}
		for key, sum := range map[string]*float64{"VmHWM:": &peak, "RssAnon:": &anonymous} {
			if _, rest, found := bytes.Cut(status, []byte(key)); found {
				kilobytes, _ := strconv.Atoi(string(bytes.Fields(rest)[0]))
				*sum += float64(kilobytes) / 1024
			}
		}
	}
	return peak, anonymous, true
}

// machine says what it was measured on.
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
