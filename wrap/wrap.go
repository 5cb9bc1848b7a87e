package wrap

import (
	"log/slog"
	"os"
	"syscall"
	"time"
)

// Tap looks at one direction of the relay. Its calls come from one goroutine, in order, and hold up that direction
// until they return: they must be quick and must not block. A Tap that panics is not called again, see Config.TapFailed.
type Tap interface {
	// Forwarded shows bytes that have already been written on, and the time at which they had been read.
	// They are only lent: b must not be kept or changed.
	Forwarded(b []byte, read time.Time)
	// Ended says that the direction carries no more bytes. It is called exactly once, after the last Forwarded.
	Ended(at time.Time)
}

// Config says what to start and what to connect it with.
type Config struct {
	Command []string // the server's program and its arguments; looked up in PATH of Env as execvp would
	Env     []string // the server's whole environment

	// The three standard streams that the host gave us, as they are. A nil one is a closed descriptor.
	Stdin, Stdout, Stderr *os.File

	// Taps of what the client says (stdin), what the server says (stdout), and its stderr. Nil ones see nothing. Only
	// with a tap on stderr is that stream relayed; without, the server inherits ours.
	Input, Output, Errors Tap

	// TapFailed is told the recovered value when a tap has panicked, once for each tap. May be nil.
	TapFailed func(recovered any)

	// KeepOrphans leaves processes alone that outlive the server in our session (Linux; elsewhere they always are).
	KeepOrphans bool

	// Logger hears of what a person who debugs the wrapper would want to know, at debug level, and warnings. Nil discards.
	Logger *slog.Logger
}

// Status is how a server ended.
type Status struct {
	Code       int            // its exit code, if it was not killed by a signal
	Signal     syscall.Signal // the signal that killed it, or 0
	CoreDumped bool
}

// Server is a running server and its relay.
type Server struct{}

// Start starts the server and the relay. An error is a *StartError.
func Start(cfg Config) (*Server, error) { panic("to be written") }

// Pid is the server's process id.
func (s *Server) Pid() int { panic("to be written") }

// Started is when the server's process was started.
func (s *Server) Started() time.Time { panic("to be written") }

// InputEnded is closed when the client's input has ended: the session is about to end, and what is still to be sent
// should be sent now.
func (s *Server) InputEnded() <-chan struct{} { panic("to be written") }

// Interrupted is closed when the host sends a signal that would have ended the server after the server has ended:
// whoever still holds up the exit must let go.
func (s *Server) Interrupted() <-chan struct{} { panic("to be written") }

// Wait waits until the server has ended, all it wrote has been passed on (bounded, where another process holds the
// pipe), our stdout is closed and orphans are gone. It may be called once.
func (s *Server) Wait() Status { panic("to be written") }

// StartError says why a server could not be started.
type StartError struct {
	Code int    // 127: not found, 126: found but cannot run
	Hint string // what the user can do about it, one sentence; may be empty
	Err  error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// Exec gives this process over to the server: with telemetry off nothing of ours is left. On Unix it returns only if that
// failed, with a *StartError. On Windows, which cannot replace a process, it hands the standard handles over, waits, and
// returns the status.
func Exec(cfg Config) (Status, error) { panic("to be written") }

// Die ends this process as the server ended, if it was killed by a signal and that can be imitated; otherwise it returns
// the code to exit with: the server's own, or 128 + the signal's number.
func (s Status) Die() int { panic("to be written") }
