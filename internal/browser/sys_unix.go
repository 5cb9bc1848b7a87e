//go:build unix

package browser

import (
	"os/exec"
	"runtime"
	"syscall"
)

// detach gives the process a session of its own, so that it outlives this terminal and does not read from it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// candidates returns the commands that may open a file, in the order in which they are tried.
func candidates(file string, environ []string) [][]string {
	own := found(preferred(file, environ))
	if runtime.GOOS == "darwin" {
		if isRemote(environ) { // it would open on that machine's screen
			return own
		}
		return append(own, []string{"/usr/bin/open", file})
	}
	if lookup(environ, "WSL_DISTRO_NAME") != "" {
		own = append(own, found([][]string{{"wslview", file}})...)
	}
	if lookup(environ, "DISPLAY") == "" && lookup(environ, "WAYLAND_DISPLAY") == "" { // xdg-open might take this terminal for w3m
		return own
	}
	return append(own, found([][]string{{"xdg-open", file}})...)
}
