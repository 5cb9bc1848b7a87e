package proctree

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// MemoryLimit returns how many bytes of memory the control groups of a process allow, or 0 if they set no limit: systemd,
// containers and Kubernetes limit a process by its group, and by the groups above it. The smallest limit holds, for all processes of
// the group together. It works on Linux alone, and reads a file or two for each level of groups.
func MemoryLimit(pid int) int64 {
	if !Supported {
		return 0
	}
	return memoryLimit(os.DirFS("/"), pid)
}

// memoryLimit is MemoryLimit in a file system.
func memoryLimit(root fs.FS, pid int) int64 {
	groups, err := fs.ReadFile(root, "proc/"+strconv.Itoa(pid)+"/cgroup")
	if err != nil {
		return 0 // the process has ended
	}
	var least int64
	for line := range strings.Lines(string(groups)) {
		// See cgroups(7): 0::/group in version 2, and 4:cpu,memory:/group in version 1. A system may have both.
		hierarchy, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch {
		case hierarchy == "0":
			least = smaller(least, leastOf(root, "sys/fs/cgroup", group, "memory.max"))
		case strings.Contains(","+controllers+",", ",memory,"):
			least = smaller(least, leastOf(root, "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	return least
}

// leastOf returns the smallest limit of a group and of those above it. Within a container, the name of the group may be that of
// the host, while only the container's own group is mounted, as the top: groups that are not there are passed over.
func leastOf(root fs.FS, mount, group, file string) (least int64) {
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		least = smaller(least, limitIn(root, path.Join(mount, group, file)))
		if group == "/" {
			return least
		}
	}
}

// limitIn returns the limit in a file, or 0 if there is none: version 2 writes max, and version 1 the largest number of pages.
func limitIn(root fs.FS, file string) int64 {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit > math.MaxInt64/2 {
		return 0
	}
	return limit
}

// smaller returns the smaller of two limits, of which 0 is none.
func smaller(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}
