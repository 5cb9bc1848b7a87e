package wrap

import (
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// signals forwards to the server the signals that the host sends us. It listens from before the server starts, so that
// none is lost, until Server.Close or the end of the process, so that none ends us with another status than the
// server's.
//
// Which signals those are is a list per system in sys_*.go: forwardedSignals are passed on, absorbedSignals go no
// further, and terminatingSignals are those that a host sends to end its server.
type signals struct {
	ch      chan os.Signal
	settled chan chan struct{} // see settle
	died    chan struct{}      // receives one element when the host has died
	stop    chan struct{}      // closed by close
	stopped chan struct{}      // closed when run has returned
	ignored []os.Signal        // those that the host ignores, for us and the server
	ending  *ending
	log     *slog.Logger

	endRequested atomic.Int64  // when a terminating signal last came, in Unix nanoseconds
	late         bool          // one has come after the server's end; only run touches it
	interrupted  chan struct{} // closed when the host has become impatient, see handle
}

func listen(log *slog.Logger) *signals {
	s := &signals{
		ch:          make(chan os.Signal, 64), // more than there are signals: the runtime merges pending ones of a kind
		settled:     make(chan chan struct{}),
		died:        make(chan struct{}, 1),
		stop:        make(chan struct{}),
		stopped:     make(chan struct{}),
		ending:      &ending{},
		log:         log,
		interrupted: make(chan struct{}),
	}
	for _, sig := range forwardedSignals {
		if signal.Ignored(sig) {
			s.ignored = append(s.ignored, sig)
		} else {
			signal.Notify(s.ch, sig)
		}
	}
	for _, sig := range absorbedSignals { // one by one, because Windows has none, and Notify takes none for all
		signal.Notify(s.ch, sig)
	}
	return s
}

// listenToIgnored must not be called before the server runs. Listening for an ignored signal un-ignores it, also for a
// child started later, but under nohup SIGHUP has to stay ignored. A server that listens for it all the same gets it.
func (s *signals) listenToIgnored() {
	for _, sig := range s.ignored {
		signal.Notify(s.ch, sig)
	}
}

// run returns after close, which is what Server.Close waits for. It is the only goroutine that touches interrupted.
func (s *signals) run(c *child, left *orphans) {
	defer close(s.stopped)
	for {
		select {
		case <-s.stop:
			return
		case sig := <-s.ch:
			s.handle(sig, c, left)
		case <-s.died:
			s.ending.report(HostDied)
			s.end(c)
		case done := <-s.settled:
			for len(s.ch) > 0 {
				s.handle(<-s.ch, c, left)
			}
			close(done)
		}
	}
}

// handle forwards one signal. One that comes after the server's end has no receiver: if it asks for the end, and is not
// the first to do so, it ends what we still wait for. The first may have come before the server's end, which it caused:
// a host that signals the whole process group means the server and us at the same time. One that the host ignores asks
// for nothing.
func (s *signals) handle(sig os.Signal, c *child, left *orphans) {
	terminating := slices.Contains(terminatingSignals, sig) && !slices.Contains(s.ignored, sig)
	again := s.late || s.requestedEnd(time.Now())
	if terminating { // before the server can end of it
		s.ending.report(Signaled)
		s.endRequested.Store(time.Now().UnixNano())
	}
	switch {
	case slices.Contains(absorbedSignals, sig):
		left.reap() // SIGCHLD; after another one there is nothing to reap
	case c.signal(sig):
	case terminating:
		s.log.Debug("signal after the server's end", "signal", sig.String(), "impatient", again)
		s.late = true
		if again && !isClosed(s.interrupted) {
			close(s.interrupted)
		}
	}
}

// hostDied ends the session because the host has died. It may be called once.
func (s *signals) hostDied() { s.died <- struct{}{} }

// end asks the server to end, as a host does with SIGTERM.
func (s *signals) end(c *child) {
	s.endRequested.Store(time.Now().UnixNano())
	c.signal(syscall.SIGTERM)
}

// settle waits until every signal that came before the call has been handled. Without it the end of a server that a
// signal to the whole process group has ended could be noticed before our own copy of the signal.
func (s *signals) settle() {
	takePending()
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGTERM)
	signal.Stop(ch) // waits until the runtime has delivered to all channels what it has received
	done := make(chan struct{})
	select {
	case s.settled <- done:
		<-done
	case <-s.stopped:
	}
}

// endRequestAge is how long a signal counts as a request to end. A reload by SIGHUP an hour ago does
// not count.
const endRequestAge = 10 * time.Second

// requestedEnd reports whether the host has asked for the end of a server that ended at the time given. A signal that
// arrives while that end is being noticed counts as well.
func (s *signals) requestedEnd(ended time.Time) bool {
	return time.Unix(0, s.endRequested.Load()).After(ended.Add(-endRequestAge))
}

// close restores the signals' former actions.
func (s *signals) close() {
	signal.Stop(s.ch)
	close(s.stop)
}
