package wrap

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"
)

// orphanGrace is how long processes that outlive the server get at each step: to let go of the server's stdout before
// it is cut off, to end by themselves before SIGTERM, and to end before SIGKILL.
const orphanGrace = 500 * time.Millisecond

// Server is a running server and its relay.
type Server struct {
	log     *slog.Logger
	child   *child
	signals *signals
	streams *streams
	orphans *orphans // nil with KeepOrphans

	host         *os.File // see findHost
	stopWatching func()   // see watchReaders and watchHost
	releaseGuard func()   // see killWithWrapper
	inputEnded   chan struct{}
}

// Start starts the server and the relay. An error is a *StartError, and leaves Config's Stdin and Stdout closed.
func Start(cfg Config) (*Server, error) {
	log := cfg.logger()
	s := &Server{log: log, signals: listen(log), inputEnded: make(chan struct{})}
	if err := s.start(&cfg); err != nil {
		s.signals.close()
		if _, ok := errors.AsType[*StartError](err); !ok {
			err = &StartError{Code: codeCannotRun, Err: fmt.Errorf("starting the server: %w", err)}
		}
		return nil, err
	}
	s.signals.listenToIgnored()
	go s.signals.run(s.child, s.orphans) // returns after Close, or ends with the process
	s.streams.run(func() { close(s.inputEnded) })
	forgetHost := watchHost(s.host, s.signals.hostDied)
	forgetReaders := watchReaders(s.streams.pumps[stdin], s.streams.pumps[stdout])
	s.stopWatching = func() { forgetHost(); forgetReaders() }
	s.log.Debug("server started", "pid", s.Pid())
	return s, nil
}

// start makes the pipes and starts the process.
func (s *Server) start(cfg *Config) (err error) {
	s.child, s.streams = &child{env: cfg.Env, files: make([]*os.File, 3), onExit: s.serverEnded}, &streams{}
	if err = s.streams.connect(cfg, s.child.files); err == nil {
		s.streams.report(func() { s.signals.ending.report(ClientLeft) }, s.serverEnded)
		found := make(chan *os.File)
		go func() { found <- findHost(s.streams.pumps) }() // takes as long as the server's start; received below
		s.releaseGuard = killWithWrapper(s.child)
		if !cfg.KeepOrphans {
			s.orphans = adoptOrphans(s.child, s.log)
		}
		if err = s.child.start(cfg.Command); err != nil {
			s.releaseGuard()
		}
		if s.host = <-found; err != nil && s.host != nil {
			_ = s.host.Close()
		}
	}
	s.streams.closeTheirs()
	if err != nil {
		s.streams.discard()
	}
	return err
}

// serverEnded notes that the server has exited or closed its end of a stream, before the client can notice.
func (s *Server) serverEnded() {
	s.signals.settle()
	s.signals.ending.report(ServerEnded)
}

// Pid returns the server's process id.
func (s *Server) Pid() int { return s.child.os.Pid }

// Started returns the time at which the server's process was started.
func (s *Server) Started() time.Time { return s.child.started }

// Taken returns how many bytes of the client's input there have been, and how many of them the server has read at most. What
// waits in its pipe is known on Linux alone; elsewhere, what is read from the client and cannot be written counts as unread.
func (s *Server) Taken() (sent, taken int64) {
	p := s.streams.pumps[stdin]
	if p == nil {
		return 0, 0
	}
	written := p.written.Load() // before the other count, so that what is under way counts as written
	sent = p.read.Load()
	if queued, ok := p.to.queued(); ok {
		return sent, sent - queued // of a piece that is being written, all may be in the pipe
	}
	if sent > written {
		return sent, sent - 1
	}
	return sent, sent
}

// InputEnded is closed when the client's input has ended, or the server takes no more of it: the session is about to
// end, and what is still to be sent should be sent now.
func (s *Server) InputEnded() <-chan struct{} { return s.inputEnded }

// Exited is closed when the server's process has ended. What it wrote may still be on its way, and orphans may be left:
// see Wait.
func (s *Server) Exited() <-chan struct{} { return s.child.exited }

// Interrupted is closed when the host sends a second terminating signal, after the server has ended. Whatever still
// delays the exit must stop then.
func (s *Server) Interrupted() <-chan struct{} { return s.signals.interrupted }

// Terminate ends the server as a client does that has waited for its end: by SIGTERM, and with kill by SIGKILL. On Windows,
// which has no signals, both end it at once. Like a signal that we receive, it makes Wait wait for less.
func (s *Server) Terminate(kill bool) {
	s.signals.endRequested.Store(time.Now().UnixNano())
	if isClosed(s.child.exited) {
		return
	}
	if kill || s.child.os.Signal(syscall.SIGTERM) != nil {
		_ = s.child.os.Kill() // fails if it has just ended
	}
}

// Wait waits until the server has ended, its orphans have gone, and all that it wrote has been passed on, for which the
// time is bounded if another process keeps the pipe open. Our stdout is closed then. Wait may be called once.
func (s *Server) Wait() Status {
	<-s.child.exited
	status := s.child.status
	ended := time.Now()
	s.log.Debug("server ended", "code", status.Code, "signal", int(status.Signal))

	// The order is that of a bare server's end: its stdin breaks, then its stdout ends.
	s.streams.pumps[stdin].stop() // a client that still writes gets a broken pipe, as from a bare server
	var sweep sync.WaitGroup
	sweep.Go(func() { s.orphans.end(s.Interrupted()) }) // takes at most three times orphanGrace
	for _, p := range []*pump{s.streams.pumps[stdout], s.streams.pumps[stderr]} {
		p.drain(ended.Add(orphanGrace), func() bool { return s.signals.requestedEnd(ended) }, s.Interrupted())
	}
	s.stopWatching()
	sweep.Wait()
	s.releaseGuard()
	status.End = s.signals.ending.what()
	return status
}

// Close restores the signals' former actions, for a process that continues after Wait. One that is about to exit must
// not call it, so that no signal changes its status.
func (s *Server) Close() {
	s.signals.close()
	<-s.signals.stopped
}
