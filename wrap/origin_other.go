//go:build unix && !(linux && (amd64 || arm64))

package wrap

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func learnOrigin() {}

// fromTerminal says whether the kernel has sent a signal to our whole group, the server with it. Here it is guessed from
// our place: in the foreground of a terminal a kill(pid, SIGINT) is taken for a Ctrl-C and lost.
func fromTerminal(sig os.Signal) bool {
	return (sig == syscall.SIGINT || sig == syscall.SIGQUIT) && foreground()
}

// foreground says whether we belong to the foreground group of our terminal.
func foreground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false // no terminal
	}
	defer unix.Close(tty)
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
