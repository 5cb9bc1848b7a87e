package proctree

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// Supported reports whether Children works on this system.
const Supported = true

// Children returns the children of a process, in no particular order. A process that has ended has none.
func Children(pid int) (children []Process) {
	pids, ok := list(pid)
	if !ok {
		pids = all()
	}
	for _, child := range pids {
		if p, parent := stat(child); parent == pid {
			children = append(children, p)
		}
	}
	return children
}

// list reads the kernel's list of a process's children, which each of its threads has for itself. A kernel that is
// built without CONFIG_PROC_CHILDREN, which is unusual, has none. Reading all processes instead takes milliseconds
// where there are hundreds of them.
func list(pid int) (children []int, ok bool) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		return nil, false
	}
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, _ := os.ReadDir(tasks) // fails if the process has ended
	for _, thread := range threads {
		text, _ := os.ReadFile(tasks + thread.Name() + "/children") // fails if the thread has ended
		for _, word := range bytes.Fields(text) {
			child, _ := strconv.Atoi(string(word))
			children = append(children, child)
		}
	}
	return children, true
}

// all returns all processes.
func all() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		pids = append(pids, pid)
	}
	return pids
}

// stat reads a process and its parent from /proc/PID/stat, see proc_pid_stat(5). Without a parent it has ended.
func stat(pid int) (p Process, parent int) {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	// PID (NAME) STATE PPID PGRP SESSION … where NAME may contain anything, also spaces and parentheses.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 4 {
		return Process{}, -1
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	session, _ := strconv.Atoi(string(fields[3]))
	return Process{PID: pid, Session: session, Zombie: fields[0][0] == 'Z'}, parent
}
