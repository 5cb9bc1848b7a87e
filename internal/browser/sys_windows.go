package browser

import (
	"os/exec"
	"path/filepath"
)

// detach does nothing: rundll32 ends by itself, and has no console.
func detach(*exec.Cmd) {}

// candidates returns the commands that may open a file, in the order in which they are tried.
func candidates(file string, environ []string) [][]string {
	if isRemote(environ) { // it would open on that machine's screen
		return nil
	}
	system := lookup(environ, "SystemRoot")
	if system == "" {
		system = `C:\Windows`
	}
	return [][]string{{filepath.Join(system, "System32", "rundll32.exe"), "url.dll,FileProtocolHandler", file}}
}
