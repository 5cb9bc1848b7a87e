// Package browser opens a file of this machine in the user's browser. Only it and wrap start processes: a page's server that
// cannot reach it cannot be made to.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNone is the error where there is no browser to open: on a machine one is connected to, or without a desktop.
var ErrNone = errors.New("no browser here")

// Open opens a file, given by its absolute path. It never starts a shell. It returns when the program that opens browsers has
// ended, which may be the browser itself, or when ctx is done: then nothing has failed, and that program goes on.
func Open(ctx context.Context, file string, environ []string) error {
	commands := candidates(file, environ)
	if len(commands) == 0 {
		return ErrNone
	}
	var problems []error
	for _, argv := range commands {
		err := start(ctx, argv, environ)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// start runs a command, detached from the terminal: Ctrl-C is for spanpipe.
func start(ctx context.Context, argv, environ []string) error {
	cmd := exec.Command(argv[0], argv[1:]...) // the user's browser, which outlives us, and a file of ours
	cmd.Env = environ
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", argv[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the browser, which may be never; the process does not wait for it
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", argv[0], err)
		}
	case <-ctx.Done():
	}
	return nil
}

// lookup returns the value of a variable, the last one as package exec takes it.
func lookup(environ []string, name string) (value string) {
	for _, variable := range environ {
		if rest, ok := strings.CutPrefix(variable, name+"="); ok {
			value = rest
		}
	}
	return value
}

// isRemote reports whether the user is connected from another machine.
func isRemote(environ []string) bool {
	return lookup(environ, "SSH_CONNECTION") != "" || lookup(environ, "SSH_TTY") != ""
}
