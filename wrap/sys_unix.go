//go:build unix

package wrap

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// forwardedSignals are passed on to the server. Left out are
//   - TSTP, TTIN, TTOU, CONT: job control addresses the whole group, and we stop and continue with it;
//   - WINCH, INFO, and what else a terminal or the kernel sends to the group: the server gets it from there;
//   - CHLD, URG, PROF, XCPU, XFSZ: they are about this process, not about the server;
//   - ILL, TRAP, BUS, FPE, SEGV, SYS, STKFLT: they report a fault here; sent with kill, they crash us as usual;
//   - KILL, STOP: they cannot be caught; see killWithWrapper for the first.
var forwardedSignals = append([]os.Signal{
	syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO,
}, systemSignals...)

// absorbedSignals have a listener but are not forwarded. Without one for SIGPIPE a Go program dies when it writes to a
// stdout or stderr that has lost its reader; the server gets its own from its own writes.
var absorbedSignals = []os.Signal{syscall.SIGPIPE, syscall.SIGCHLD}

// terminatingSignals are those that a host sends to end its server.
var terminatingSignals = []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT}

// forward sends a signal that we received to the server. It reports whether the server was still there.
func forward(server *os.Process, sig os.Signal) bool {
	return fromTerminal(sig) || server.Signal(sig) == nil
}

// fromTerminal reports whether a signal is a key pressed at our terminal, which the kernel sends to the whole
// foreground group, so that the server already has it. The runtime does not report who sent a signal. While we are in
// the foreground SIGINT and SIGQUIT are therefore taken for keys, and those that a host sends to our pid alone are
// lost: forwarding them all would send each Ctrl-C twice, and the second one aborts many a graceful shutdown.
func fromTerminal(sig os.Signal) bool {
	return (sig == syscall.SIGINT || sig == syscall.SIGQUIT) && inForeground()
}

// inForeground reports whether we belong to the foreground group of our terminal.
func inForeground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false // no terminal
	}
	defer unix.Close(tty)
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// SignalName returns the name of the signal that killed the server, such as SIGKILL, or an empty string.
func (s Status) SignalName() string { return unix.SignalName(s.Signal) }

// startFile starts one candidate of lookup.
func (c *child) startFile(path string, argv []string) (err error) {
	c.os, err = os.StartProcess(path, argv, &os.ProcAttr{Env: c.env, Files: c.files, Sys: c.attr})
	return err
}

// Exec replaces this process with the server, so that with telemetry off nothing of ours is left. The server gets our
// standard streams. On Unix it returns only if that fails, with a *StartError. Windows cannot replace a process: there
// it waits, and returns the status.
//
// syscall.Exec restores the limit on open files, which the runtime has raised.
func Exec(command, env []string) (Status, error) {
	return Status{}, lookup(command, env, func(path string, argv []string) error {
		return syscall.Exec(path, argv, env)
	})
}

// Found reports whether there is a program for the command, without running it. Exec may still fail.
func Found(command, env []string) bool {
	return lookup(command, env, func(path string, _ []string) error {
		if isDirectory(path) {
			return syscall.EACCES
		}
		return unix.Access(path, unix.X_OK)
	}) == nil
}

// endpoint is what a pump reads or writes: a descriptor of our own, in whatever mode the host has left it.
//
// Another goroutine may detach it while the pump is blocked in it. Closing a descriptor under a system call would
// free its number for the next file, so detach connects the number with the null device instead.
type endpoint struct {
	fd int

	mu     sync.Mutex
	closed bool
}

// hostEndpoint makes an endpoint of a stream that the host gave us: a duplicate, which no caller in this process can
// close. Unless the stream is shared, it then gives the original up, so that the host notices when the endpoint is
// closed. Descriptors 0 to 2 stay open, as the null device, so that no later file gets their number.
//
// It avoids File.Fd, which may change the mode of the descriptor.
func hostEndpoint(f *os.File, shared bool) (*endpoint, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	e, standard := &endpoint{}, false
	control := raw.Control(func(fd uintptr) {
		e.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		if standard = fd <= 2; standard && err == nil && !shared {
			nullify(int(fd))
		}
	})
	if err = errors.Join(err, control); err != nil {
		return nil, err
	}
	if !shared && !standard {
		_ = f.Close()
	}
	return e, nil
}

// nullify connects a descriptor with the null device.
func nullify(fd int) {
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return // the stream then ends with us
	}
	_ = unix.Dup2(null, fd)
	_ = unix.Close(null)
}

// pipeEndpoint makes a pipe between us and the server, and returns both ends of it.
func pipeEndpoint(toServer bool) (*endpoint, *os.File, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	if toServer {
		ours, theirs = theirs, ours
	}
	_ = ours.Fd() // puts our end into blocking mode, see pump
	var e *endpoint
	if theirs, err = moveClear(theirs); err == nil {
		e, err = hostEndpoint(ours, false)
	}
	if err != nil {
		_, _ = ours.Close(), theirs.Close()
	}
	return e, theirs, err
}

// moveClear makes sure that the descriptor after the server's last one is not the host's. The runtime may put a pipe of
// its own there in the child, before exec, and would overwrite what the server is to inherit.
func moveClear(f *os.File) (*os.File, error) {
	for {
		fd := f.Fd()
		flags, err := unix.FcntlInt(fd+1, unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			return f, nil //nolint:nilerr // a descriptor that is not open is fine
		}
		higher, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, int(fd)+2)
		if err != nil {
			return f, err
		}
		_ = f.Close()
		f = os.NewFile(uintptr(higher), "|")
	}
}

func (e *endpoint) read(b []byte) (int, error) { return e.call(unix.Read, b, unix.POLLIN) }

// write writes all of b, or returns how much of it was written.
func (e *endpoint) write(b []byte) (done int, err error) {
	for done < len(b) && err == nil {
		var n int
		n, err = e.call(unix.Write, b[done:], unix.POLLOUT)
		done += max(n, 0)
	}
	return done, err
}

// call makes a system call until it has a result. A descriptor in non-blocking mode is waited for with poll: other
// processes share the mode with us, so it is not ours to change.
func (e *endpoint) call(f func(fd int, b []byte) (int, error), b []byte, events int16) (int, error) {
	for {
		n, err := f(e.fd, b)
		switch err {
		case unix.EAGAIN: //nolint:errorlint // what a system call returns is not wrapped
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(e.fd), Events: events}}, -1) // the next call sees its error
		case unix.EINTR:
		default:
			return n, err
		}
	}
}

// close releases the endpoint, so that its peer notices.
func (e *endpoint) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		_ = unix.Close(e.fd)
	}
}

// detach does the same under a pump that may be blocked in it. The number stays valid until the pump has noticed, and
// closes it.
func (e *endpoint) detach() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		nullify(e.fd)
	}
}
