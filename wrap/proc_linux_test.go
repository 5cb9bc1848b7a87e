package wrap_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// server is the process that a wrapper has started, once it has; a bare server is its own.
func server(t *testing.T, s *session) (pid int) {
	t.Helper()
	if !slices.Contains(s.cmd.Args, "@wrapper") {
		return s.cmd.Process.Pid
	}
	eventually(t, "the wrapper starts its server", func() bool {
		kids := childrenOf(s.cmd.Process.Pid)
		if len(kids) != 1 {
			return false
		}
		pid = kids[0]
		// Until its exec the child is still the wrapper's image, and in the middle of it there is no command line.
		image, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err == nil && image != "" && len(args) > 0 && !bytes.Contains(args, []byte("@wrapper"))
	})
	return pid
}

// childrenOf are the pids of a process's children.
func childrenOf(pid int) (kids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for _, f := range bytes.Fields(b) {
			if n, err := strconv.Atoi(string(f)); err == nil {
				kids = append(kids, n)
			}
		}
	}
	return kids
}

// withEnvironment are the living processes that have a variable: children of a test, wherever in the tree.
func withEnvironment(entry string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && bytes.Contains(b, []byte(entry+"\x00")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// expectLeft waits until so many processes have a variable: a killed process needs a moment to end.
func expectLeft(t *testing.T, entry string, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d processes with %s are left", want, entry), func() bool {
		return len(withEnvironment(entry)) == want
	})
}

// alive reports whether a process runs. A zombie does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	return len(fields) > 0 && fields[0][0] != 'Z' && fields[0][0] != 'X'
}
