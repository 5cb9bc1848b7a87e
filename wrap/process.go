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
	exited  chan struct{} // closed when it has ended and has been waited for
	status  chan Status   // receives how it ended
}

// start starts the command, and a goroutine that ends when the server does; Server.Wait waits for it.
func (p *process) start(command []string) error {
	p.exited, p.status = make(chan struct{}), make(chan Status, 1)
	result := make(chan error)
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
	state, err := p.os.Wait()
	close(p.exited)
	if err != nil {
		p.status <- Status{Code: 1} // something else in this process has taken the status
		return
	}
	p.status <- statusOf(state)
}

// signal forwards a signal, and reports whether the server was still there to receive it.
func (p *process) signal(sig os.Signal) bool {
	return !isClosed(p.exited) && forward(p.os, sig)
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
