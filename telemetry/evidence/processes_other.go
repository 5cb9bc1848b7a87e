//go:build !linux

package evidence

import (
	"slices"
	"time"

	system "github.com/shirou/gopsutil/v4/process"
)

// processes returns a process and its descendants, each after its parent. macOS counts every process that has not ended as
// running, so that none counts as such here, and Windows does not say which are stopped.
func processes(root int) []process {
	parent, _ := (&system.Process{Pid: int32(root)}).Ppid()
	all := add(nil, &system.Process{Pid: int32(root)}, int(parent))
	for i := 0; i < len(all); i++ {
		children, _ := (&system.Process{Pid: int32(all[i].pid)}).Children() // none: the process has ended
		for _, child := range children {
			all = add(all, child, all[i].pid)
		}
	}
	return all
}

// add adds a process, unless it has ended or has been added.
func add(all []process, p *system.Process, parent int) []process {
	started, err := p.CreateTime() // in milliseconds
	pid := int(p.Pid)
	if err != nil || len(all) == maxProcesses || slices.ContainsFunc(all, func(o process) bool { return o.pid == pid }) {
		return all
	}
	one := process{pid: pid, parent: parent, age: max(time.Since(time.UnixMilli(started)), 0)}
	if t, err := p.Times(); err == nil {
		one.cpu = time.Duration((t.User + t.System) * float64(time.Second))
	}
	states, _ := p.Status() // not on every system
	if slices.Contains(states, system.Zombie) {
		return all
	}
	one.stopped = slices.Contains(states, system.Stop)
	return append(all, one)
}
