package wrap

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// systemSignals are forwarded signals that only Linux has. The C libraries use 32 to 34 themselves.
var systemSignals = withRealTime(syscall.SIGPWR)

func withRealTime(signals ...os.Signal) []os.Signal {
	for n := syscall.Signal(35); n <= 64; n++ {
		signals = append(signals, n)
	}
	return signals
}

// interruptBlocked makes system calls that block in a detached descriptor look at what it is now: with SA_RESTART a
// signal makes the kernel start them again, and they find the null device under the same number. The runtime sends
// SIGURG to its threads all the time, to preempt them, so it has no other effect.
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

// takePending makes this thread take the signals that the kernel holds for the process. It usually leaves them to another
// thread, which may not have run yet. A change of the mask makes the kernel look again who can take them.
func takePending() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var one, before unix.Sigset_t
	one.Val[0] = 1 << (unix.SIGWINCH - 1) // any that does not matter
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &one, &before)
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
}

// killWithWrapper makes the kernel kill the server when we are killed, because a host that kills us means the server.
// It uses SIGKILL, as the host did. Processes that the server has started only see their pipes end, as they would have
// if the host had killed a bare server.
func killWithWrapper(c *child) (release func()) {
	c.attr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return func() {}
}

// watchReaders stops a pump as soon as its reader has gone: the server has closed its stdin, or the client its
// reading end. Without it the pump would notice in its next write, so that the writer learns of it one message late.
//
// It uses epoll because that, unlike a thread blocked in poll, does not keep the descriptors open. The epoll descriptor
// itself waits in Go's poller and so needs no thread.
func watchReaders(input, output *pump) (stop func()) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return func() {} // the next write will notice
	}
	_ = unix.SetNonblock(fd, true)
	epoll := os.NewFile(uintptr(fd), "epoll")
	pumps := []*pump{input, output}
	for i, p := range pumps {
		if p != nil { // epoll refuses a regular file, which has no reader
			event := unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: int32(i)}
			_ = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.to.fd, &event)
		}
	}
	go func() { // returns after stop
		raw, err := epoll.SyscallConn()
		for err == nil {
			var events [1]unix.EpollEvent
			n := 0
			err = raw.Read(func(fd uintptr) bool {
				n, _ = unix.EpollWait(int(fd), events[:], 0)
				return n > 0
			})
			if err == nil && n > 0 {
				p := pumps[events[0].Fd] // EPOLLERR or EPOLLHUP, which are always reported
				p.report(p.endings.reader)
				p.stop()
			}
		}
	}()
	return func() { _ = epoll.Close() }
}

// dieBySignal kills this process by a signal. It restores the signal's default action in the kernel, because the
// runtime handles most signals itself and offers no way to do that. It returns if we are PID 1, which no signal of its
// own kills.
func dieBySignal(sig unix.Signal) {
	// If the server has left a core file, that is the one to read: write none of ours, to a file or to a crash handler.
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)

	// All zeros is SIG_DFL without flags and mask, in the layout of every architecture.
	var action [64]byte
	const maskSize = 8
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0)

	runtime.LockOSThread() // both the mask and the signal are this thread's
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil)
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), sig)
}
