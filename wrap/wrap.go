package wrap

import (
	"errors"
	"log/slog"
	"os"
)

// Config describes the server to start and what to connect it to.
type Config struct {
	Command []string // the server's program and its arguments; looked up in the PATH of Env, as execvp would
	Env     []string // the server's whole environment

	// Stdin, Stdout and Stderr are the host's streams. A nil one is closed, and closed for the server too.
	//
	// Start takes ownership of Stdin and Stdout, and closes them once the server no longer reads or writes them.
	// Descriptors 0 to 2 are then connected to the null device, so that no later file gets their number.
	Stdin, Stdout, Stderr *os.File

	// Input, Output and Errors observe the server's stdin, stdout and stderr. They may be nil. Stderr is relayed only
	// if Errors is set; otherwise the server inherits it.
	Input, Output, Errors Tap

	// TapFailed receives the recovered value when a tap has panicked, once for each tap. It may be nil.
	TapFailed func(recovered any)

	// KeepOrphans leaves processes alone that outlive the server in our session. Only Linux ends them otherwise.
	KeepOrphans bool

	// Logger receives what helps to debug the wrapper, at debug level. Nil discards.
	Logger *slog.Logger
}

func (cfg *Config) logger() *slog.Logger {
	if cfg.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return cfg.Logger
}

// StartError reports why a server could not be started.
type StartError struct {
	Code int    // as a shell would exit: 127 if the program was not found, 126 if it cannot run
	Hint string // what the user can do about it, in one sentence; may be empty
	Err  error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

var errNoCommand = &StartError{Code: 127, Err: errors.New("starting the server: no command given")}
