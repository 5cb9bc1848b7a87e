//go:build unix

package wrap

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exec gives this process over to the server: with telemetry off nothing of ours is left. On Unix it returns only if that
// failed, with a *StartError. On Windows, which cannot replace a process, it hands the standard handles over, waits, and
// returns the status.
//
// The limit on open files, which the runtime has raised, is put back by syscall.Exec.
func Exec(cfg Config) (Status, error) {
	if len(cfg.Command) == 0 {
		return Status{}, errNoCommand
	}
	for i, f := range []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr} {
		if err := place(f, i); err != nil {
			return Status{}, &StartError{Code: 126, Err: err}
		}
	}
	return Status{}, launch(cfg.Command, cfg.Env, func(path string, argv []string) error {
		return syscall.Exec(path, argv, cfg.Env)
	})
}

// place makes f descriptor number i, open over exec.
func place(f *os.File, i int) error {
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
