//go:build unix

package wrap

import (
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// relayed are the signals that are handed on to the server. Left out are
//   - TSTP, TTIN, TTOU, CONT: job control goes to the whole group, and we stop and go on with it;
//   - WINCH, INFO, and what else a terminal or the kernel sends the group: the server gets it from there;
//   - CHLD, URG, PROF, XCPU, XFSZ: they are about this process, not about the server;
//   - ILL, TRAP, BUS, FPE, SEGV, SYS, STKFLT: a fault here; who sends them with kill gets a crash, as usual;
//   - KILL, STOP: cannot be caught; see the parent-death signal for the first.
var relayed = append([]os.Signal{
	syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO,
}, alsoRelayed...)

// swallowed are listened to and go no further. Without a listener for SIGPIPE a Go program dies when it writes to a
// stdout or stderr that nobody reads; the server gets its own from its own writes.
var swallowed = []os.Signal{syscall.SIGPIPE, syscall.SIGCHLD}

const childSignal = syscall.SIGCHLD

func isSwallowed(sig os.Signal) bool { return slices.Contains(swallowed, sig) }

// isFatal: what a host sends when it wants the end.
func isFatal(sig os.Signal) bool {
	switch sig {
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT:
		return true
	}
	return false
}

// fromTerminal reports whether a signal is a key pressed at our terminal, which the kernel sends to the whole foreground
// group, so that the server has it already. os/signal does not tell who sent a signal. A process in the foreground that
// gets SIGINT or SIGQUIT is therefore taken to have got it from the keyboard, and a host's kill(pid, SIGINT) is lost there.
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
