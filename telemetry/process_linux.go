package telemetry

import (
	"bytes"
	"os"
	"strconv"
)

// tellsChildren says whether the kernel tells a process's children (CONFIG_PROC_CHILDREN, which is usual). Looking at every
// process of the machine for its parent takes milliseconds where there are hundreds, in each of perhaps twenty wrappers, and
// again when the last metrics hold up the exit.
func tellsChildren() bool {
	_, err := os.Stat("/proc/thread-self/children")
	return err == nil
}

// childrenOf returns the children of a process: each of its threads has its own. One that has gone has none.
func childrenOf(pid int32) (children []int32) {
	threads := "/proc/" + strconv.Itoa(int(pid)) + "/task/"
	entries, err := os.ReadDir(threads)
	if err != nil {
		return nil
	}
	for _, thread := range entries {
		text, err := os.ReadFile(threads + thread.Name() + "/children")
		if err != nil {
			continue // the thread has gone
		}
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.ParseInt(string(word), 10, 32); err == nil {
				children = append(children, int32(child))
			}
		}
	}
	return children
}
