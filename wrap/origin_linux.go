//go:build amd64 || arm64

package wrap

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A terminal's Ctrl-C reaches the server by itself, a host's kill(pid, SIGINT) does not, and hosts that run in a
// terminal send it: it is how some begin to end their servers. To hand on the one and not the other, it must be known
// who has sent it, and os/signal does not tell. So a few instructions look at si_code before the runtime's handler does
// its work: see origin_amd64.s.
var (
	sentByProcess  [65]uint32 // by signal; written by the handler
	runtimeHandler uintptr    //nolint:unused // what the handler goes on to: read by assembly
)

func originHandler() //nolint:unused // its address is taken by assembly
func originAddress() uintptr

// action is the kernel's struct sigaction on both architectures.
type action struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// learnOrigin is called when the runtime's handlers are in place.
func learnOrigin() {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		var a action
		if sigaction(sig, nil, &a) != 0 || a.handler <= 1 || a.handler == originAddress() {
			continue // default, ignored, or done before
		}
		runtimeHandler, a.handler = a.handler, originAddress()
		_ = sigaction(sig, &a, nil) // if it fails the runtime's stays, and Ctrl-C is told by the terminal alone
	}
}

func sigaction(sig syscall.Signal, set, old *action) syscall.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 8, 0, 0) // 8: the size of a signal set
	return errno
}

// fromTerminal says whether the kernel has sent a signal to our whole group, the server with it.
func fromTerminal(sig os.Signal) bool {
	if sig != syscall.SIGINT && sig != syscall.SIGQUIT {
		return false
	}
	return atomic.SwapUint32(&sentByProcess[sig.(syscall.Signal)], 0) == 0
}
