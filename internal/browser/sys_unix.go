//go:build unix

package browser

import (
	"os/exec"
	"runtime"
	"strings"
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

// preferred returns the commands of the variable BROWSER, as other programs read it: separated by colons, with %s for what is
// to be opened, or without.
func preferred(file string, environ []string) (commands [][]string) {
	for text := range strings.SplitSeq(lookup(environ, "BROWSER"), ":") {
		argv, placed := strings.Fields(text), false
		for i, word := range argv {
			if strings.Contains(word, "%s") {
				argv[i], placed = strings.ReplaceAll(word, "%s", file), true
			}
		}
		if len(argv) == 0 {
			continue
		}
		if !placed {
			argv = append(argv, file)
		}
		commands = append(commands, argv)
	}
	return commands
}

// found keeps the commands whose program exists.
func found(commands [][]string) (all [][]string) {
	for _, argv := range commands {
		if path, err := exec.LookPath(argv[0]); err == nil {
			all = append(all, append([]string{path}, argv[1:]...))
		}
	}
	return all
}
