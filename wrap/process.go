package wrap

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// process is the server's process: started, signalled, and waited for in one place.
type process struct {
	env   []string
	files []*os.File // its descriptors 0 to 2; a nil one is closed
	sys   *syscall.SysProcAttr

	os      *os.Process
	started time.Time
	over    atomic.Bool   // it has ended and has been waited for
	ended   chan struct{} // closed when it has
	exited  chan Status   // holds how
}

// start starts the command. What it starts is the goroutine that ends when the server has; Server.Wait waits for it.
func (p *process) start(command []string) error {
	p.ended, p.exited = make(chan struct{}), make(chan Status, 1)
	result := make(chan error)
	go p.live(command, result)
	return <-result
}

// live is the one waiter of the server. It is bound to its thread, because on Linux the parent-death signal is sent when
// the thread that started the child ends, not when the process does.
func (p *process) live(command []string, result chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := launch(command, p.env, p.attempt)
	p.started = time.Now()
	result <- err
	if err != nil {
		return
	}
	state, err := p.os.Wait()
	p.over.Store(true)
	close(p.ended)
	children.forget(p.os.Pid)
	if err != nil {
		// Somebody else has reaped our child. Its status is lost, and no code would be the right one.
		p.exited <- Status{Code: 1}
		return
	}
	status := statusOf(state)
	status.UserTime, status.SystemTime = state.UserTime(), state.SystemTime()
	p.exited <- status
}

// signal hands a signal on. It says whether the server was there to get it.
func (p *process) signal(sig os.Signal) bool {
	return !p.over.Load() && p.deliver(sig)
}
