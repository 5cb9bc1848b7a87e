package wrap

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// signals hands on to the server what the host sends us. It listens from before the server starts, so that none is
// lost, until Server.Close or the end of the process, so that none ends us with another status than the server's.
type signals struct {
	ch      chan os.Signal
	stop    chan struct{} // closed by close
	over    chan struct{} // closed when the goroutine has ended
	child   func()        // told of every SIGCHLD
	ignored []os.Signal   // by the host, for us and the server
	closed  sync.Once

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
		if signal.Ignored(sig) {
			s.ignored = append(s.ignored, sig)
		} else {
			signal.Notify(s.ch, sig)
		}
	}
	for _, sig := range swallowed {
		signal.Notify(s.ch, sig)
	}
	return s
}

// started is called when the server runs. To listen for an ignored signal un-ignores it, for the server too if that is started
// later: under nohup SIGHUP stays ignored. A server may still have asked for it itself, and gets it then.
func (s *signals) started() {
	for _, sig := range s.ignored {
		signal.Notify(s.ch, sig)
	}
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
		if s.asksForEnd(sig) {
			s.told.Store(time.Now().UnixNano())
		}
	case s.asksForEnd(sig):
		s.once.Do(func() { close(s.interrupted) })
	}
}

func (s *signals) asksForEnd(sig os.Signal) bool {
	return isFatal(sig) && !slices.Contains(s.ignored, sig)
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
