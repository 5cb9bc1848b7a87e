package wrap

import (
	"os"
	"syscall"
	"time"
)

// The exit status that the host sees is decided in this file: statusOf reads how the server ended, and Die ends this
// process the same way. Between the two, Server.Wait adds who ended the session, and the caller may flush.

// Status describes how a server ended.
type Status struct {
	Code   int            // the exit code, unless a signal killed the server
	Signal syscall.Signal // the signal that killed the server, or 0
	End    End            // what ended the session

	// UserTime and SystemTime are the CPU time of the server and of those of its descendants that were waited for.
	UserTime, SystemTime time.Duration
}

// statusOf translates what the system reports. A server stopped or continued by job control has not ended, and is not
// reported: os.Process.Wait waits for the end only. On Windows no process is ever reported as killed by a signal.
func statusOf(state *os.ProcessState) Status {
	status := Status{UserTime: state.UserTime(), SystemTime: state.SystemTime()}
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		status.Signal = w.Signal()
	} else {
		status.Code = state.ExitCode()
	}
	return status
}

// Die ends this process the way the server ended, if a signal killed the server and that can be imitated. Otherwise it
// returns the code to exit with: the server's own, or 128 plus the signal's number, as in a shell.
func (s Status) Die() int {
	if s.Signal == 0 {
		return s.Code
	}
	dieBySignal(s.Signal)
	return 128 + int(s.Signal)
}
