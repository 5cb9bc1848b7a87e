//go:build unix

package wrap

import (
	"os"
	"slices"
	"syscall"
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
