package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A wrapper may use so much, whatever happens in its session.
var limits = usage{memory: 72 << 20, descriptors: 64, threads: 64}

// usage is what a process uses. Goroutines cannot be seen from outside; each costs memory, and one that is blocked in a system
// call a thread.
type usage struct{ memory, descriptors, threads int }

func (u usage) String() string {
	return fmt.Sprintf("%d KiB, %d descriptors, %d threads", u.memory>>10, u.descriptors, u.threads)
}

func (u usage) beyond(limit usage) bool {
	return u.memory > limit.memory || u.descriptors > limit.descriptors || u.threads > limit.threads
}

func (u usage) max(v usage) usage {
	return usage{max(u.memory, v.memory), max(u.descriptors, v.descriptors), max(u.threads, v.threads)}
}

// usageOf reads what a process uses. One that has ended uses nothing.
func usageOf(pid int) usage {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return usage{}
	}
	var u usage
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch name {
		case "VmRSS":
			u.memory, _ = strconv.Atoi(fields[0])
			u.memory <<= 10
		case "Threads":
			u.threads, _ = strconv.Atoi(fields[0])
		}
	}
	descriptors, _ := os.ReadDir(filepath.Join(dir, "fd"))
	u.descriptors = len(descriptors)
	return u
}

// watch waits for the end of the session, and ends it where that does not come.
func (s *session) watch(ended <-chan error) error {
	var wrong error
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-ended:
			return wrong
		case <-look.C:
			if u := usageOf(s.cmd.Process.Pid); wrong == nil && s.mode != off && u.beyond(limits) {
				wrong = fmt.Errorf("the wrapper uses %v", u)
			}
		case <-deadline:
			wrong = errors.New("the session does not end; the wrapper's goroutines are on stderr")
			_ = s.cmd.Process.Signal(syscall.SIGABRT) // the server may take it, and the wrapper with it
			time.Sleep(time.Second)
			_ = s.cmd.Process.Kill()
		}
	}
}
