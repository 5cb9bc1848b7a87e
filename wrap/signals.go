package wrap

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"
)

// signals hands on to the server what the host sends us. It listens from before the server starts, so that none is
// lost, until Server.Close or the end of the process, so that none ends us with another status than the server's.
type signals struct {
	ch     chan os.Signal
	stop   chan struct{} // closed by close
	over   chan struct{} // closed when the goroutine has ended
	child  func()        // told of every SIGCHLD
	closed sync.Once

	told        atomic.Int64  // when a signal that ends most programs was last handed on, in Unix nanoseconds
	interrupted chan struct{} // closed when one comes after the server has ended
	once        sync.Once
}

func listen(child func()) *signals {
	s := &signals{
		ch:          make(chan os.Signal, 64), // more than there are kinds: the runtime coalesces each
		stop:        make(chan struct{}),
		over:        make(chan struct{}),
		child:       child,
		interrupted: make(chan struct{}),
	}
	for _, sig := range relayed {
		// To listen for an ignored signal would un-ignore it, for the server too: under nohup SIGHUP stays ignored.
		if !signal.Ignored(sig) {
			signal.Notify(s.ch, sig)
		}
	}
	for _, sig := range swallowed {
		signal.Notify(s.ch, sig)
	}
	learnOrigin()
	return s
}

// run ends with close, which waits for it.
func (s *signals) run(p *process) {
	defer close(s.over)
	for {
		select {
		case <-s.stop:
			return
		case sig := <-s.ch:
			s.handle(sig, p)
		}
	}
}

func (s *signals) handle(sig os.Signal, p *process) {
	switch {
	case isSwallowed(sig):
		if sig == childSignal {
			s.child()
		}
	case p.signal(sig):
		if isFatal(sig) {
			s.told.Store(time.Now().UnixNano())
		}
	case isFatal(sig):
		s.once.Do(func() { close(s.interrupted) })
	}
}

// toldLately says whether the host has just asked for the end. A reload by SIGHUP an hour ago is no such thing.
func (s *signals) toldLately() bool {
	return time.Since(time.Unix(0, s.told.Load())) < toldFor
}

const toldFor = 10 * time.Second

// close gives the signals their former actions back.
func (s *signals) close() {
	s.closed.Do(func() {
		signal.Stop(s.ch)
		close(s.stop)
	})
}
