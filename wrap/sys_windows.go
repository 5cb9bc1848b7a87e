package wrap

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
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

func forward(*os.Process, os.Signal) bool { return true }

// dieBySignal does nothing: no server is ever killed by a signal.
func dieBySignal(syscall.Signal) {}

// SignalName returns an empty string: no signal kills a process on Windows.
func (s Status) SignalName() string { return "" }

// orphans is empty: orphans have no session to be found by, and are left alone.
type orphans struct{}

func adoptOrphans(*process, *slog.Logger) *orphans { return nil }

func (*orphans) reap()               {}
func (*orphans) end(<-chan struct{}) {}
func (*orphans) release()            {}

// watchReaders does nothing: a closed reader is noticed with the next write.
func watchReaders(_, _ *pump, _ *slog.Logger) (stop func()) { return func() {} }

// killWithWrapper makes the system kill the server when we are killed: a job kills its processes with its last handle,
// which is ours. We enter the job ourselves before the server starts, so that no process of the server's escapes, but
// those that ask to break away may.
func killWithWrapper(*process) (release func()) {
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
	host   bool // file is what Config gave, not a pipe of ours
	shared bool // file is our stderr, which is never closed
	once   sync.Once
}

func hostEndpoint(f, _ *os.File, shared bool) (*endpoint, error) {
	return &endpoint{file: f, host: true, shared: shared}, nil
}

// pipeEndpoint makes a pipe between us and the server, and returns both ends of it.
func pipeEndpoint(_ *os.File, toServer bool) (*endpoint, *os.File, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	if toServer {
		ours, theirs = theirs, ours
	}
	return &endpoint{file: ours}, theirs, nil
}

func (e *endpoint) read(b []byte) (int, error)  { return e.file.Read(b) }
func (e *endpoint) write(b []byte) (int, error) { return e.file.Write(b) }

// close releases the endpoint, so that its peer notices.
func (e *endpoint) close() {
	if !e.shared {
		e.once.Do(func() { _ = e.file.Close() })
	}
}

// abandon does the same under a pump that may be blocked in it. For a pipe Close cancels a pending call. For a console
// it waits, so it runs in a goroutine, which ends with the next key or with the process.
func (e *endpoint) abandon() {
	if !e.shared {
		e.once.Do(func() { go e.file.Close() })
	}
}

// discard gives up an endpoint that no pump has used, and leaves the host's file open.
func (e *endpoint) discard() {
	if !e.host {
		_ = e.file.Close()
	}
}

// interruptBlocked does nothing: closing a pipe is enough.
func interruptBlocked() {}

var peekNamedPipe = windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe")

// buffered returns how many bytes can be read without waiting.
func (e *endpoint) buffered() (total int64) {
	raw, err := e.file.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(h uintptr) {
		var n uint32
		if ok, _, _ := peekNamedPipe.Call(h, 0, 0, 0, uintptr(unsafe.Pointer(&n)), 0); ok != 0 {
			total = int64(n)
		}
	})
	return total
}

// startFile starts one candidate of lookup. It starts a batch file with an explicit cmd.exe: CreateProcess would do so
// too, but with arguments that cmd.exe takes apart in its own way. A stream that the host does not have is the null
// device, because a process cannot be started without one.
func (p *process) startFile(path string, argv []string) error {
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
	attr := &os.ProcAttr{Env: p.env, Files: files, Sys: p.attr}
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
	p.os, err = os.StartProcess(path, argv, attr)
	return err
}

// Exec replaces this process with the server, so that with telemetry off nothing of ours is left. On Unix it returns
// only if that fails, with a *StartError. On Windows, which cannot replace a process, it gives the server our standard
// handles, waits, and returns the status.
func Exec(cfg Config) (Status, error) {
	if len(cfg.Command) == 0 {
		return Status{}, errNoCommand
	}
	s := listen() // a Ctrl-C is the server's to answer
	p := &process{env: cfg.Env, files: []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr}}
	release := killWithWrapper(p)
	if err := p.start(cfg.Command); err != nil {
		release()
		s.close()
		return Status{}, err
	}
	go s.run(p, nil) // ends with the process
	status := <-p.status
	release()
	return status, nil
}

// lookup starts the first file that Windows' own search would find for the command: the name as it is, then with each
// extension of PATHEXT, in the working directory (unless the environment forbids it) and then along PATH.
func lookup(command, env []string, start func(path string, argv []string) error) error {
	name := command[0]
	dirs := []string{""}
	if !strings.ContainsAny(name, `\/:`) {
		dirs = filepath.SplitList(lookEnv(env, "PATH", ""))
		if lookEnv(env, "NoDefaultCurrentDirectoryInExePath", "-") == "-" {
			dirs = append([]string{"."}, dirs...)
		}
	}
	extensions := strings.Split(lookEnv(env, "PATHEXT", ".COM;.EXE;.BAT;.CMD"), ";")
	if filepath.Ext(name) != "" {
		extensions = append([]string{""}, extensions...)
	}
	for _, dir := range dirs {
		for _, ext := range extensions {
			path := filepath.Join(dir, name+ext)
			if info, err := os.Stat(path); err != nil || info.IsDir() || name == "" {
				continue
			}
			if absolute, err := filepath.Abs(path); err == nil {
				path = absolute
			}
			if err := start(path, command); err != nil {
				return &StartError{Code: 126, Hint: hintCannotRun(err), Err: fmt.Errorf("starting %q: %w", path, err)}
			}
			return nil
		}
	}
	return &StartError{Code: 127, Hint: "it is not in PATH; try its full path",
		Err: fmt.Errorf("starting %q: %w", name, os.ErrNotExist)}
}

func hintCannotRun(err error) string {
	if errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) {
		return "it is not a program for this machine"
	}
	return ""
}

// lookEnv finds a variable, whose name is not case-sensitive on Windows.
func lookEnv(env []string, name, otherwise string) string {
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.EqualFold(k, name) {
			return v
		}
	}
	return otherwise
}
