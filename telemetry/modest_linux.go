package telemetry

import (
	"runtime"
	"syscall"
)

// modesty is the nice value of the consumer's and the exporters' threads. The relay's threads, the client and the server come before it where the
// machine has no core to spare: what cannot be recorded in time is counted, what cannot be relayed in time is felt. At 10 the
// consumer still has a tenth of a core that others want as well, which is some thousand calls a second.
const modesty = 10

// modest binds the calling goroutine to its thread for good, and has the system run that after others; a user who has given all
// of us a higher nice value keeps it. The thread ends with the goroutine, so that no other code runs on it.
func modest() {
	runtime.LockOSThread()
	if niceness() < modesty {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), modesty) // of this thread alone; without it everything works as well
	}
}

// niceness is the nice value of the calling thread.
func niceness() int {
	v, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	if err != nil {
		return 0
	}
	return 20 - v // the system call has no negative results
}
