package telemetry

import (
	"runtime"
	"runtime/debug"
)

// This file holds the tuning of Go's runtime. The runtime's own variables win.

// enoughProcessors is the minimum number of threads that run at once: the two pumps, and one that consumes, exports or
// collects garbage. A pump that returns from a system call needs one of the runtime's processors; where all are taken, it
// waits until another goroutine yields, which can take milliseconds. With enough of them the kernel's scheduler decides
// instead. More than enough take the cores from client and server when garbage is collected.
const enoughProcessors = 3

// tuneRuntime prefers memory to time in a flood: a wrapper runs beside every server and is idle nearly always. Above
// the limit, under which the heap of an ordinary session stays, collections become more frequent instead of the heap
// larger.
func tuneRuntime(lookup func(string) (string, bool), capturing bool) {
	given := func(name string) bool {
		v, ok := lookup(name)
		return ok && v != ""
	}
	if !given("GOGC") && !given("GOMEMLIMIT") {
		limit := int64(18 << 20)
		if capturing {
			limit = 40 << 20
		}
		debug.SetMemoryLimit(limit)
	}
	if !given("GOMAXPROCS") && runtime.GOMAXPROCS(0) < enoughProcessors {
		runtime.GOMAXPROCS(enoughProcessors)
	}
}
