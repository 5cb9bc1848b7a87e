package wrap

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/spanpipe/spanpipe/wrap/winargs"
)

// There are no signals between processes here. forwardedSignals are the console's events: the server shares our console
// and gets them itself, so that we only have to outlive it.
var (
	forwardedSignals   = []os.Signal{os.Interrupt, syscall.SIGTERM}
	absorbedSignals    = []os.Signal{}
	terminatingSignals = forwardedSignals
)

// forward does nothing. Each process on the console has received the event.
func forward(*os.Process, os.Signal) bool { return true }

// dieBySignal does nothing: no server is ever killed by a signal.
func dieBySignal(syscall.Signal) {}

// SignalName returns an empty string: no signal kills a process on Windows.
func (s Status) SignalName() string { return "" }

// killWithWrapper makes the system kill the server when we are killed: a job kills its processes with its last handle,
// which is ours. We enter the job ourselves before the server starts, so that no process of the server's escapes, but
// those that ask to break away may.
func killWithWrapper(*child) (release func()) {
	nothing := func() {}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nothing
	}
	if limitJob(job, windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) != nil ||
		windows.AssignProcessToJobObject(job, windows.CurrentProcess()) != nil {
		_ = windows.CloseHandle(job)
		return nothing
	}
	return func() {
		if limitJob(job, 0) == nil { // else closing the handle would end us and what outlives the server
			_ = windows.CloseHandle(job)
		}
	}
}

// limitJob sets what the job does with its processes at the end. Without the right to break away, a server could not
// start a program that asks for a job of its own.
func limitJob(job windows.Handle, kill uint32) error {
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK | kill
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err
}

// endpoint is what a pump reads or writes.
type endpoint struct {
	file   *os.File
	shared bool // file is our stderr, which is never closed
	once   sync.Once
}

// hostEndpoint uses the host's file itself. A duplicate of a pipe that is open for overlapped calls, as Node's hosts
// make them, could not be added to a second completion port.
func hostEndpoint(f *os.File, shared bool) (*endpoint, error) {
	return &endpoint{file: f, shared: shared}, nil
}

// pipeEndpoint makes a pipe between us and the server, and returns both ends of it.
func pipeEndpoint(toServer bool) (*endpoint, *os.File, error) {
	ours, theirs, err := os.Pipe()
	if toServer {
		ours, theirs = theirs, ours
	}
	return &endpoint{file: ours}, theirs, err
}

// read and write need no loop: os.File waits, and writes all.
func (e *endpoint) read(b []byte) (int, error)  { return e.file.Read(b) }
func (e *endpoint) write(b []byte) (int, error) { return e.file.Write(b) }

// close releases the endpoint, so that its peer notices.
func (e *endpoint) close() {
	if !e.shared {
		e.once.Do(func() { _ = e.file.Close() })
	}
}

// detach does the same under a pump that may be blocked in it. For a pipe Close cancels a pending call. For a console
// it waits, so it runs in a goroutine, which ends with the next key or with the process.
func (e *endpoint) detach() {
	if !e.shared {
		e.once.Do(func() { go e.file.Close() })
	}
}

// startFile starts one candidate of lookup. It starts a batch file with an explicit cmd.exe: CreateProcess would do so
// too, but with arguments that cmd.exe takes apart in its own way.
func (c *child) startFile(path string, argv []string) (err error) {
	attr := &os.ProcAttr{Env: c.env, Files: c.files}
	if winargs.IsBatch(path) {
		system, err := windows.GetSystemDirectory()
		if err != nil {
			return err
		}
		shell := filepath.Join(system, "cmd.exe")
		line, err := winargs.Batch(shell, path, argv[1:])
		if err != nil {
			return err
		}
		path, attr.Sys = shell, &syscall.SysProcAttr{CmdLine: line}
	}
	c.os, err = os.StartProcess(path, argv, attr)
	return err
}

// Exec replaces this process with the server, so that with telemetry off nothing of ours is left. The server gets our
// standard streams. On Unix it returns only if that fails, with a *StartError. Windows cannot replace a process: there
// it waits, and returns the status.
func Exec(command, env []string) (Status, error) {
	s := listen(slog.New(slog.DiscardHandler)) // a Ctrl-C is the server's to answer
	c := &child{env: env, files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
	release := killWithWrapper(c)
	if err := c.start(command); err != nil {
		release()
		s.close()
		return Status{}, err
	}
	go s.run(c, nil) // ends with the process
	<-c.exited
	release()
	return c.status, nil
}

// Found reports whether there is a program for the command, without running it. Exec may still fail.
func Found(command, env []string) bool {
	return lookup(command, env, func(string, []string) error { return nil }) == nil
}

// lookup starts the file that os/exec finds for the command, by PATH and PATHEXT of this process, and in the working
// directory first unless the environment forbids it.
func lookup(command, _ []string, start func(path string, argv []string) error) error {
	name := strings.Join(command[:min(len(command), 1)], "") // no command at all is not found either
	path, err := exec.LookPath(name)
	if err != nil && !errors.Is(err, exec.ErrDot) { // found in the working directory, as by Windows' own search
		if errors.Is(err, exec.ErrNotFound) {
			err = fs.ErrNotExist // the same words as on Unix
		}
		return &StartError{Code: codeNotFound, Hint: "it is not in PATH; try its full path",
			Err: fmt.Errorf("starting %q: %w", name, err)}
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if err := start(path, command); err != nil {
		return &StartError{Code: codeCannotRun, Err: fmt.Errorf("starting %q: %w", path, err)}
	}
	return nil
}
