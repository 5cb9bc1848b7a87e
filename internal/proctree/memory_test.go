package proctree_test

import (
	"testing"
	"testing/fstest"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// TestMemoryLimit reads limits from trees of control groups as systems and containers show them.
func TestMemoryLimit(t *testing.T) {
	const none = "9223372036854771712\n" // of version 1, with pages of 4 KiB
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"a process that has ended": {nil, 0},
		"version 2, no limit": {map[string]string{
			"proc/7/cgroup":                                       "0::/user.slice/session-1.scope\n",
			"sys/fs/cgroup/user.slice/memory.max":                 "max\n",
			"sys/fs/cgroup/user.slice/memory.high":                "1000\n",
			"sys/fs/cgroup/user.slice/session-1.scope/memory.max": "max\n",
		}, 0},
		"version 2, of the group": {map[string]string{
			"proc/7/cgroup":                                     "0::/system.slice/mcp.service\n",
			"sys/fs/cgroup/system.slice/memory.max":             "max\n",
			"sys/fs/cgroup/system.slice/mcp.service/memory.max": "536870912\n",
		}, 536870912},
		"version 2, of a group above it": {map[string]string{
			"proc/7/cgroup":                          "0::/pod/container\n",
			"sys/fs/cgroup/pod/memory.max":           "268435456\n",
			"sys/fs/cgroup/pod/container/memory.max": "536870912\n",
		}, 268435456},
		"version 2, in a container with a namespace of its own": {map[string]string{
			"proc/7/cgroup":            "0::/\n",
			"sys/fs/cgroup/memory.max": "536870912\n",
		}, 536870912},
		"version 2, a group outside the namespace": {map[string]string{
			"proc/7/cgroup":            "0::/../other\n",
			"sys/fs/cgroup/memory.max": "536870912\n",
		}, 536870912},
		"version 1": {map[string]string{
			"proc/7/cgroup": "5:cpu,cpuacct:/small\n4:hugetlb,memory:/mcp\n1:name=systemd:/mcp\n0::/mcp\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     none,
			"sys/fs/cgroup/memory/mcp/memory.limit_in_bytes": "536870912\n",
		}, 536870912},
		"version 1, no limit": {map[string]string{
			"proc/7/cgroup": "4:memory:/mcp\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     none,
			"sys/fs/cgroup/memory/mcp/memory.limit_in_bytes": none,
		}, 0},
		"version 1, in a container that sees the host's name": {map[string]string{
			"proc/7/cgroup": "4:memory:/docker/0123\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 536870912},
		"what is no limit": {map[string]string{
			"proc/7/cgroup":            "\nnonsense\n0\n0::/\n",
			"sys/fs/cgroup/memory.max": "much\n",
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for file, text := range c.files {
				root[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := proctree.MemoryLimitIn(root, 7); got != c.want {
				t.Errorf("limit = %d, want %d", got, c.want)
			}
		})
	}
}
