package wrap

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// child is the server's process: started, signaled and waited for in this file.
type child struct {
	env   []string
	files []*os.File           // its descriptors 0 to 2; a nil one is closed
	attr  *syscall.SysProcAttr // set by killWithWrapper

	os      *os.Process
	started time.Time
	exited  chan struct{} // closed when it has ended, has been waited for, and status is set
	status  Status
	onExit  func() // called before exited is closed; may be nil
}

// start starts the command, and a goroutine that ends when the server does; Server.Wait waits for it.
func (c *child) start(command []string) error {
	c.exited = make(chan struct{})
	result := make(chan error) // the process has to be started on the thread that run keeps
	go c.run(command, result)
	return <-result
}

// run is the only waiter of the server. It keeps its thread, because Linux sends the parent-death signal when the
// thread that started the child ends, not when the process does.
func (c *child) run(command []string, result chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := lookup(command, c.env, c.startFile)
	c.started = time.Now()
	result <- err
	if err != nil {
		return
	}
	defer close(c.exited)
	state, err := c.os.Wait()
	if c.onExit != nil {
		c.onExit()
	}
	if err != nil {
		c.status.Code = 1 // something else in this process has taken the status
		return
	}
	c.status = statusOf(state)
}

// signal forwards a signal, and reports whether the server was still there to receive it. A process that has ended but
// has not been waited for yet still counts: the system accepts the signal, and nothing can tell that it came too late.
func (c *child) signal(sig os.Signal) bool {
	return !isClosed(c.exited) && forward(c.os, sig)
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
