package wrap

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dieOf kills this process by a signal. The runtime handles most signals itself and lets nobody have the default action
// back, so it is asked of the kernel directly. It returns where that does not end us: as PID 1 of a container.
func dieOf(sig unix.Signal) {
	// The server's core, if it left one, is what somebody wants to read, not ours: no file, and nothing for a handler.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)

	// All zeros is SIG_DFL without flags and mask, in the layout of every architecture.
	var action [64]byte
	const maskSize = 8
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0)

	runtime.LockOSThread() // the mask and the signal are this thread's
	var mask unix.Sigset_t
	bits := uint(unsafe.Sizeof(mask.Val[0])) * 8
	mask.Val[uint(sig-1)/bits] |= 1 << (uint(sig-1) % bits)
	_ = unix.PthreadSigmask(unix.SIG_UNBLOCK, &mask, nil)
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), sig)
}
