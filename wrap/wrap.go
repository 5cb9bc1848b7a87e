package wrap

import (
	"log/slog"
	"os"
	"syscall"
	"time"
)

// Tap looks at one direction of the relay. Its calls never overlap, come in order, and hold up that direction until they
// return: they must be quick and must not block. A Tap that panics is not called again, see Config.TapFailed.
type Tap interface {
	// Arriving says that bytes, or the end, have been read and are about to be passed on. Whatever another Tap is shown of
	// the reaction to them is read after this: Taps can tell that way what they have yet to see.
	Arriving()
	// Forwarded shows bytes that have already been written on, and the time at which they had been read.
	// They are only lent: b must not be kept or changed.
	Forwarded(b []byte, read time.Time)
	// Ended says that the direction carries no more bytes. It is called exactly once, after the last Forwarded and
	// before Wait returns.
	Ended(at time.Time)
}

// Config says what to start and what to connect it with.
type Config struct {
	Command []string // the server's program and its arguments; looked up in PATH of Env as execvp would
	Env     []string // the server's whole environment

	// The three standard streams that the host gave us, as they are. A nil one is a closed descriptor, and closed for the
	// server too. Start takes Stdin and Stdout over and closes them when the server no longer reads or writes them;
	// descriptors 0 to 2 are then connected to the null device, so that no later file gets their number.
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

func (cfg *Config) logger() *slog.Logger {
	if cfg.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return cfg.Logger
}

// Status is how a server ended.
type Status struct {
	Code       int            // its exit code, if it was not killed by a signal
	Signal     syscall.Signal // the signal that killed it, or 0
	CoreDumped bool
	ClientLeft bool // the client's input had ended before the server did

	// UserTime and SystemTime are the CPU time of the server and of those of its descendants that were waited for.
	UserTime, SystemTime time.Duration
}

// StartError says why a server could not be started.
type StartError struct {
	Code int    // 127: not found, 126: found but cannot run
	Hint string // what the user can do about it, one sentence; may be empty
	Err  error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }
