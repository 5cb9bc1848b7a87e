package mcptest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Wakeups returns how often the threads of a process have gone to sleep of their own accord. One that ends meanwhile is
// left out.
func Wakeups(pid int) (total int, err error) {
	threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	for _, thread := range threads {
		if n, err := ProcField(pid, filepath.Join("task", thread.Name(), "status"), "voluntary_ctxt_switches"); err == nil {
			total += n
		}
	}
	return total, err
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
