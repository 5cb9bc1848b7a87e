package wrap

import (
	"log/slog"
	"os"
)

// Config describes the server to start and what to connect it to.
type Config struct {
	Command []string // the server's program and its arguments; looked up as by execvp, in the PATH of Env
	Env     []string // the server's whole environment

	// Stdin, Stdout and Stderr are the host's streams. A nil one is closed, and closed for the server too.
	//
	// Start takes ownership of Stdin and Stdout, also if it fails. They are closed once the server no longer reads or
	// writes them. Descriptors 0 and 1 of this process are from then on the null device.
	Stdin, Stdout, Stderr *os.File

	// StdinTap, StdoutTap and StderrTap observe the server's stdin, stdout and stderr. They may be nil. Stderr is
	// relayed only if StderrTap is set; otherwise the server inherits it.
	StdinTap, StdoutTap, StderrTap Tap

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

// The exit codes of a server that did not start are those of a shell.
const (
	codeCannotRun = 126
	codeNotFound  = 127
)

// StartError reports why a server could not be started.
type StartError struct {
	Code int    // as a shell would exit: 127 if the program was not found, 126 if it cannot run
	Hint string // what the user can do about it, in one sentence; may be empty
	Err  error
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }
