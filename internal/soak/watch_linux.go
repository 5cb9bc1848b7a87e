package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// limits are the most that a wrapper may use, in any session.
var limits = usage{memory: 72 << 20, descriptors: 64, threads: 64}

// usage is what a process uses. Goroutines are not visible from outside, but each costs memory, and one that is blocked in a
// system call costs a thread.
type usage struct{ memory, descriptors, threads int }

func (u usage) String() string {
	return fmt.Sprintf("%d KiB, %d descriptors, %d threads", u.memory>>10, u.descriptors, u.threads)
}

func (u usage) exceeds(limit usage) bool {
	return u.memory > limit.memory || u.descriptors > limit.descriptors || u.threads > limit.threads
}

func (u usage) max(v usage) usage {
	return usage{max(u.memory, v.memory), max(u.descriptors, v.descriptors), max(u.threads, v.threads)}
}

// usageOf returns what a process uses: nothing, if it has ended.
func usageOf(pid int) usage {
	memory, _ := mcptest.ProcField(pid, "status", "VmRSS")
	threads, _ := mcptest.ProcField(pid, "status", "Threads")
	descriptors, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return usage{memory, len(descriptors), threads}
}

// watch waits for the end of the session, and kills it if it hangs.
func (s *session) watch(waited <-chan error) error {
	var err error
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-waited: // the status is checked later
			return err
		case <-tick.C:
			if u := usageOf(s.cmd.Process.Pid); err == nil && s.mode != off && u.exceeds(limits) {
				err = fmt.Errorf("the wrapper uses %v", u)
			}
		case <-deadline:
			err = errors.New("the session does not end; stderr has the wrapper's goroutines")
			_ = s.cmd.Process.Signal(syscall.SIGABRT) // the server may die of it first, and the wrapper with it
			time.Sleep(time.Second)
			_ = s.cmd.Process.Kill()
		}
	}
}
