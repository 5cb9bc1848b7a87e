package mcptest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Children returns the process ids of a process's children.
func Children(pid int) []int { return processTree()[pid] }

// Descendants returns the process ids of a process's children, their children, and so on.
func Descendants(pid int) []int {
	tree := processTree()
	all := append([]int(nil), tree[pid]...)
	for i := 0; i < len(all); i++ {
		all = append(all, tree[all[i]]...)
	}
	return all
}

// processTree returns the children of every process.
func processTree() map[int][]int {
	tree := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is valid
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		// The name, in parentheses, may contain anything; state and parent follow it (proc_pid_stat(5)).
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // the pattern has only digits
		parent, _ := strconv.Atoi(string(fields[1]))
		tree[parent] = append(tree[parent], pid)
	}
	return tree
}

// ProcField returns a number from a file of /proc/PID whose lines have the form "name: number [kB]", such as status or
// smaps_rollup. Sizes are in bytes.
func ProcField(pid int, file, name string) (int, error) {
	path := filepath.Join("/proc", strconv.Itoa(pid), file)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(text, []byte("\n"+name+":"))
	if !found {
		return 0, fmt.Errorf("%s has no %s", path, name)
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(value)
	number, err := strconv.Atoi(string(fields[0]))
	if len(fields) > 1 && string(fields[1]) == "kB" {
		number <<= 10
	}
	return number, err
}
