package wrap

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// process is the server's process: started, signaled and waited for in this file.
type process struct {
	env   []string
	files []*os.File           // its descriptors 0 to 2; a nil one is closed
	attr  *syscall.SysProcAttr // set by killWithWrapper

	os      *os.Process
	started time.Time
	exited  chan struct{} // closed when it has ended, has been waited for, and status is set
	status  Status
}

// start starts the command, and a goroutine that ends when the server does; Server.Wait waits for it.
func (p *process) start(command []string) error {
	p.exited = make(chan struct{})
	result := make(chan error) // the process has to be started on the thread that run keeps
	go p.run(command, result)
	return <-result
}

// run is the only waiter of the server. It keeps its thread, because Linux sends the parent-death signal when the
// thread that started the child ends, not when the process does.
func (p *process) run(command []string, result chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := lookup(command, p.env, p.startFile)
	p.started = time.Now()
	result <- err
	if err != nil {
		return
	}
	defer close(p.exited)
	state, err := p.os.Wait()
	if err != nil {
		p.status.Code = 1 // something else in this process has taken the status
		return
	}
	p.status = statusOf(state)
}

// signal forwards a signal, and reports whether the server was still there to receive it. A process that has ended but
// has not been waited for yet still counts: the system accepts the signal, and nothing can tell that it came too late.
func (p *process) signal(sig os.Signal) bool {
	return !isClosed(p.exited) && forward(p.os, sig)
}

// isClosed reports whether a channel that carries no values has been closed.
func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
