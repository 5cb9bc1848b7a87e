package wrap

import (
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/spanpipe/spanpipe/wrap/winargs"
)

// relayed are the console's events. The server shares our console and has got them itself; we only have to outlive it.
var relayed = []os.Signal{os.Interrupt, syscall.SIGTERM}

var swallowed, childSignal = []os.Signal{}, os.Signal(nil)

func isSwallowed(os.Signal) bool { return false }
func isFatal(os.Signal) bool     { return true }

func (p *process) deliver(os.Signal) bool { return true }

func statusOf(state *os.ProcessState) Status { return Status{Code: state.ExitCode()} }

// attempt runs one candidate of the lookup, a batch file by an explicit cmd.exe: CreateProcess would call it as well,
// but with arguments that it takes apart in its own way.
func (p *process) attempt(path string, argv []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	files := make([]*os.File, len(p.files))
	for i, f := range p.files {
		if files[i] = f; f == nil {
			files[i] = null
		}
	}
	attr := &os.ProcAttr{Env: p.env, Files: files, Sys: p.sys}
	if winargs.IsBatch(path) {
		system, err := windows.GetSystemDirectory()
		if err != nil {
			return err
		}
		line, err := winargs.Batch(filepath.Join(system, "cmd.exe"), path, argv[1:])
		if err != nil {
			return err
		}
		path = filepath.Join(system, "cmd.exe")
		attr.Sys = &syscall.SysProcAttr{CmdLine: line}
	}
	p.os, err = children.start(path, argv, attr)
	return err
}
