//go:build unix

package wrap

import (
	"os"
	"syscall"
)

// deliver sends a signal of ours to the server. False: it has ended.
func (p *process) deliver(sig os.Signal) bool {
	if fromTerminal(sig) {
		return true // it has been told
	}
	return p.os.Signal(sig) == nil
}

func statusOf(state *os.ProcessState) Status {
	w, ok := state.Sys().(syscall.WaitStatus)
	if ok && w.Signaled() {
		return Status{Signal: w.Signal(), CoreDumped: w.CoreDump()}
	}
	return Status{Code: state.ExitCode()}
}

// attempt runs one candidate of the lookup.
func (p *process) attempt(path string, argv []string) (err error) {
	if _, err = os.Stat(path); err != nil {
		return err // saves a fork for each directory of PATH
	}
	p.os, err = children.start(path, argv, &os.ProcAttr{Env: p.env, Files: p.files, Sys: p.sys})
	return err
}
