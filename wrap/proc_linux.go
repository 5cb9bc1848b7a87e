package wrap

import (
	"bytes"
	"os"
	"strconv"
)

// proc is what /proc tells of a process.
type proc struct {
	pid, parent, session int
	state                byte
}

// processes lists all processes by their parents.
func processes() map[int][]proc {
	table := map[int][]proc{}
	dir, err := os.Open("/proc")
	if err != nil {
		return table
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, ok := readProc(pid); ok {
			table[p.parent] = append(table[p.parent], p)
		}
	}
	return table
}

// readProc reads /proc/PID/stat: pid (name) state ppid pgrp session … The name may hold anything, also parentheses.
func readProc(pid int) (proc, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return proc{}, false
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 4 {
		return proc{}, false
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	session, _ := strconv.Atoi(string(fields[3]))
	return proc{pid: pid, parent: parent, session: session, state: fields[0][0]}, true
}

// childrenOf are a process's children.
func childrenOf(pid int) map[int]bool {
	if _, err := zombie(); err != nil {
		return nil // none: the common case, without reading all of /proc
	}
	set := map[int]bool{}
	for _, c := range processes()[pid] {
		set[c.pid] = true
	}
	return set
}
