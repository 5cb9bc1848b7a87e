package proctree

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// State is what a process is doing.
type State struct {
	Letter  byte          // as in proc_pid_stat(5): R running, S sleeping, D waiting for a disk, T stopped, t traced, Z ended
	Threads bool          // another thread than the first is running, or waiting for a disk
	CPU     time.Duration // its own, and that of the children it has waited for
	Age     time.Duration // since its start, also while the machine slept
}

// StateOf returns the state of a process, and whether there is one.
func StateOf(pid int) (s State, ok bool) {
	const (
		user, last = 14 - 3, 17 - 3 // utime, stime, cutime, cstime
		start      = 22 - 3
	)
	fields := stat(pid)
	if len(fields) <= start {
		return s, false
	}
	s.Letter = fields[0][0]
	s.Threads = s.Letter == 'S' && anyThreadRuns(pid)
	for _, field := range fields[user : last+1] {
		s.CPU += ticks(field)
	}
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil {
		s.Age = max(time.Duration(now.Nano())-ticks(fields[start]), 0)
	}
	return s, true
}

// maxThreads bounds how many threads of a process are looked at.
const maxThreads = 256

// anyThreadRuns reports whether a thread of a process is running or waiting for a disk. The state of a process is that of its
// first thread alone, which sleeps in many runtimes while others work.
func anyThreadRuns(pid int) bool {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxThreads)
	if len(names) == 1 {
		return false
	}
	for _, name := range names {
		if fields := statOf(dir.Name() + "/" + name); len(fields) > 0 && (fields[0] == "R" || fields[0] == "D") {
			return true
		}
	}
	return false
}

// ticks converts a time in the unit of /proc, USER_HZ, which is a hundredth of a second on every architecture of Go's.
func ticks(text string) time.Duration {
	n, _ := strconv.ParseInt(text, 10, 64)
	return time.Duration(n) * (time.Second / 100)
}
