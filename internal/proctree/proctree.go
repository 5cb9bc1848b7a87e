// Package proctree finds the children and the ancestors of a process.
//
// It owns the one walk over Linux's /proc: wrap uses it to end what a server leaves behind, telemetry to measure what a
// server and its descendants use, and internal/clientrun to find the client. It promises to return promptly on a machine
// with many processes if the kernel lists children itself, and to work without that list. On other systems it finds no
// children, see Supported; ancestors it finds on Linux, macOS and Windows.
//
// It must not import wrap or telemetry, which both use it, and needs nothing but the system's calls.
package proctree

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Supported reports whether Children works on this system.
const Supported = runtime.GOOS == "linux"

// Process is a process as it was when Children looked at it.
type Process struct {
	PID     int
	Session int
	Zombie  bool // it has ended and its parent has not waited for it
}

// Children returns the children of a process, in no particular order. A process that has ended has none.
//
// The kernel lists the children of each thread. One that is built without CONFIG_PROC_CHILDREN, which is unusual, does
// not. Reading all processes instead takes milliseconds where there are hundreds of them.
func Children(pid int) []Process {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		return childrenAmong(all(), pid)
	}
	var pids []string
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, _ := os.ReadDir(tasks) // fails if the process has ended
	for _, thread := range threads {
		text, _ := os.ReadFile(tasks + thread.Name() + "/children") // fails if the thread has ended
		pids = append(pids, strings.Fields(string(text))...)
	}
	return childrenAmong(pids, pid)
}

// all returns all processes.
func all() []string {
	pids, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for i, dir := range pids {
		pids[i] = filepath.Base(dir)
	}
	return pids
}

// All returns all processes that can be seen: those of the container, within one. It works on Linux alone.
func All() (processes []Info) {
	look := Looker()
	for _, name := range all() {
		pid, err := strconv.Atoi(name)
		if p, ok := look(pid); ok && err == nil {
			processes = append(processes, p)
		}
	}
	return processes
}

// Executable returns the path of a process's program, or "" if that may not be read, or on other systems than Linux.
func Executable(pid int) string {
	path, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	return path
}

// Environment returns the environment with which a process has started its program. There is none if it may not be read,
// or on other systems than Linux.
func Environment(pid int) []string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return strings.FieldsFunc(string(text), func(c rune) bool { return c == 0 })
}

// Parent returns the parent of a process, or 0 if that is not known: the process has ended, or is the parent of all.
func Parent(pid int) (parent int) {
	if fields := stat(pid); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1])
	}
	return parent
}

// Session returns the session of a process, or 0 if that is not known.
func Session(pid int) (session int) {
	if fields := stat(pid); len(fields) > 3 {
		session, _ = strconv.Atoi(fields[3])
	}
	return session
}

// StartTime returns when a process started, in a unit of the kernel's, or 0 if it has ended. Process ids are reused: the two
// together are one process's for as long as the machine runs.
func StartTime(pid int) (start int64) {
	const field = 22 - 3 // of proc_pid_stat(5), of which stat returns those from the third on
	if fields := stat(pid); len(fields) > field {
		start, _ = strconv.ParseInt(fields[field], 10, 64)
	}
	return start
}

// stat returns the fields of /proc/PID/stat from the third on: STATE PPID PGRP SESSION … The second, NAME, may contain
// anything, also spaces and parentheses. There are none if the process has ended.
func stat(pid int) []string {
	return statOf("/proc/" + strconv.Itoa(pid))
}

// statOf returns the same of a process or thread in a directory of /proc.
func statOf(dir string) []string {
	text, _ := os.ReadFile(dir + "/stat")
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// childrenAmong looks for the children of a process in /proc/PID/stat, see proc_pid_stat(5), of other processes.
func childrenAmong(pids []string, parent int) (children []Process) {
	for _, text := range pids {
		pid, _ := strconv.Atoi(text)
		fields := stat(pid)
		if len(fields) < 4 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		p := Process{PID: pid, Zombie: fields[0] == "Z"}
		p.Session, _ = strconv.Atoi(fields[3])
		children = append(children, p)
	}
	return children
}
