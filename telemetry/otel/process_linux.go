package otel

import (
	"bytes"
	"context"
	"os"
	"strconv"
)

// childrenOf returns the children of a process, or none of one that has ended. The kernel lists them for each thread if
// it is built with CONFIG_PROC_CHILDREN, which is usual. Scanning all processes of the machine takes milliseconds where
// there are hundreds of them, in each of perhaps twenty wrappers, and once more when the last metrics delay the exit.
func childrenOf(ctx context.Context, pid int32) (children []int32) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		return scanForChildren(ctx, pid)
	}
	threads := "/proc/" + strconv.Itoa(int(pid)) + "/task/"
	entries, _ := os.ReadDir(threads) // none: the process has ended
	for _, thread := range entries {
		text, _ := os.ReadFile(threads + thread.Name() + "/children") // none: the thread has ended
		for _, word := range bytes.Fields(text) {
			if child, err := strconv.ParseInt(string(word), 10, 32); err == nil {
				children = append(children, int32(child))
			}
		}
	}
	return children
}
