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
func (p *process) startFile(path string, argv []string) (err error) {
	if _, err = os.Stat(path); err != nil {
		return err // saves a fork for each directory of PATH
	}
	p.os, err = os.StartProcess(path, argv, &os.ProcAttr{Env: p.env, Files: p.files, Sys: p.attr})
	return err
}

// Exec replaces this process with the server, so that with telemetry off nothing of ours is left. On Unix it returns
// only if that fails, with a *StartError. On Windows, which cannot replace a process, it gives the server our standard
// handles, waits, and returns the status.
//
// syscall.Exec restores the limit on open files, which the runtime has raised.
func Exec(cfg Config) (Status, error) {
	if len(cfg.Command) == 0 {
		return Status{}, errNoCommand
	}
	for i, f := range []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr} {
		if err := moveTo(i, f); err != nil {
			return Status{}, &StartError{Code: 126, Err: err}
		}
	}
	return Status{}, lookup(cfg.Command, cfg.Env, func(path string, argv []string) error {
		return syscall.Exec(path, argv, cfg.Env)
	})
}

// moveTo makes f descriptor number i, which stays open over exec.
func moveTo(i int, f *os.File) error {
	if f == nil {
		_ = unix.Close(i)
		return nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	control := raw.Control(func(fd uintptr) {
		if int(fd) != i {
			err = unix.Dup2(int(fd), i)
		}
	})
	return errors.Join(err, control)
}

// endpoint is what a pump reads or writes: a plain descriptor, in whatever mode the host has left it.
//
// Another goroutine may abandon it while the pump is blocked in it. Closing a descriptor under a system call would free
// its number for the next file, so abandon connects the number with the null device instead.
type endpoint struct {
	fd     int
	file   *os.File // what Config gave; nil for a pipe of ours
	inUse  bool     // fd is file's own, and not a duplicate
	shared bool     // file is our stderr, which is never closed
	null   *os.File // the null device

	mu     sync.Mutex
	closed bool
}

// hostEndpoint makes an endpoint of a stream that the host gave us. It uses descriptors 0 to 2 as they are. It
// duplicates any other file, which a caller in this process may close at any time, and one that is shared. It avoids
// File.Fd, which may change the mode of the descriptor.
func hostEndpoint(f, null *os.File, shared bool) (*endpoint, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	e := &endpoint{file: f, shared: shared, null: null}
	control := raw.Control(func(fd uintptr) {
		e.fd = int(fd)
		if e.inUse = !shared && fd <= 2; !e.inUse {
			e.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		}
	})
	return e, errors.Join(err, control)
}

// pipeEndpoint makes a pipe between us and the server, and returns both ends of it.
func pipeEndpoint(null *os.File, toServer bool) (*endpoint, *os.File, error) {
	ours, theirs, err := newPipe()
	if err != nil {
		return nil, nil, err
	}
	if toServer {
		ours, theirs = theirs, ours
	}
	if theirs, err = moveClear(theirs); err != nil {
		_ = unix.Close(ours)
		return nil, nil, err
	}
	return &endpoint{fd: ours, null: null}, os.NewFile(uintptr(theirs), "|"), nil
}

// moveClear makes sure that the descriptor after the server's last one is not the host's. The runtime may put a pipe of
// its own there in the child, before exec, and would overwrite what the server is to inherit.
func moveClear(fd int) (int, error) {
	for {
		flags, err := unix.FcntlInt(uintptr(fd+1), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			return fd, nil //nolint:nilerr // a descriptor that is not open is fine
		}
		higher, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, fd+2)
		_ = unix.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = higher
	}
}

func (e *endpoint) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(e.fd, b)
		switch err {
		case unix.EAGAIN:
			e.poll(unix.POLLIN)
		case unix.EINTR:
		default:
			return n, err
		}
	}
}

// write writes all of b, or returns how much of it was written.
func (e *endpoint) write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(e.fd, b[done:])
		switch err {
		case nil:
			done += n
		case unix.EAGAIN:
			e.poll(unix.POLLOUT)
		case unix.EINTR:
		default:
			return done, err
		}
	}
	return done, nil
}

// poll waits for a descriptor in non-blocking mode. Other processes share that mode with us, so it is not ours to
// change.
func (e *endpoint) poll(events int16) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(e.fd), Events: events}}, -1) // an error shows in the next read or write
}

// buffered returns how many bytes can be read without waiting.
func (e *endpoint) buffered() int64 {
	n, err := unix.IoctlGetInt(e.fd, ioctlReadable)
	if err != nil {
		return 0
	}
	return int64(n)
}

// close releases the endpoint, so that its peer notices.
func (e *endpoint) close() { e.release(true) }

// abandon does the same under a pump that may be blocked in it. The number stays valid until the pump has noticed, and
// closes it.
func (e *endpoint) abandon() { e.release(false) }

func (e *endpoint) release(final bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = final
	if final && !e.inUse {
		_ = unix.Close(e.fd)
	} else {
		_ = unix.Dup2(int(e.null.Fd()), e.fd)
	}
	if e.file != nil && !e.inUse && !e.shared {
		_ = e.file.Close() // the caller may have closed it already
	}
}

// discard gives up an endpoint that no pump has used, and leaves the host's file open.
func (e *endpoint) discard() {
	if !e.inUse {
		_ = unix.Close(e.fd)
	}
}
