package proctree

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Boot returns what identifies this start of the system, and the namespace in which process ids count: a container has
// its own.
func Boot() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + " " + namespace
}

// Looker returns a function that looks at a process.
func Looker() func(pid int) (Info, bool) { return look }

func look(pid int) (Info, bool) {
	const start = 22 - 3
	fields := stat(pid)
	if len(fields) <= start {
		return Info{}, false
	}
	i := Info{PID: pid}
	i.Parent, _ = strconv.Atoi(fields[1])
	i.Start, _ = strconv.ParseInt(fields[start], 10, 64)
	dir := "/proc/" + strconv.Itoa(pid)
	if text, _ := os.ReadFile(dir + "/cmdline"); len(text) > 0 {
		i.Args = strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
	}
	// The link names the program whatever the process calls itself. It may not be read if the process is another user's.
	if exe, err := os.Readlink(dir + "/exe"); err == nil {
		i.Program = filepath.Base(strings.TrimSuffix(exe, " (deleted)")) // a client that has been updated
	} else {
		name, _ := os.ReadFile(dir + "/comm") // cut to 15 bytes
		i.Program = strings.TrimSpace(string(name))
	}
	return i, true
}
