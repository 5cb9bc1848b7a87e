package wrap

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const fionread = unix.TIOCINQ

// alsoRelayed are signals that only Linux has. 32 to 34 belong to the C libraries.
var alsoRelayed = realTime(syscall.SIGPWR)

func realTime(list ...os.Signal) []os.Signal {
	for n := syscall.Signal(35); n <= 64; n++ {
		list = append(list, n)
	}
	return list
}

// pipe makes a pipe for the server: blocking, as a shell would make it, and inherited by nobody by accident.
func pipe() (r, w int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_CLOEXEC)
	return p[0], p[1], err
}

// interruptBlocked brings system calls that block in an abandoned descriptor back to look at what is there now. A
// signal with SA_RESTART makes the kernel start the call again, and it then finds the null device under the number.
// SIGURG is what the runtime itself interrupts threads with, many times a second, so it does nothing else.
func interruptBlocked() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
		}
	}
}
