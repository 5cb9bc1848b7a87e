package browser

import (
	"os/exec"
	"path/filepath"
)

// detach does nothing: rundll32 ends by itself, and has no console.
func detach(*exec.Cmd) {}

// candidates returns the commands that may open a file, in the order in which they are tried.
func candidates(file string, environ []string) [][]string {
	own := found(preferred(file, environ))
	if isRemote(environ) {
		return own
	}
	system := lookup(environ, "SystemRoot")
	if system == "" {
		system = `C:\Windows`
	}
	return append(own, []string{filepath.Join(system, "System32", "rundll32.exe"), "url.dll,FileProtocolHandler", file})
}
