package wrap

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// orphanGrace is how long what outlives the server may take to end by itself: for a process that holds the server's
// stdout until it is cut off, for an orphan until it gets SIGTERM, and then until it gets SIGKILL.
const orphanGrace = 500 * time.Millisecond

var errNoCommand = &StartError{Code: 127, Err: errors.New("starting the server: no command given")}

// Server is a running server and its relay.
type Server struct {
	log     *slog.Logger
	process *process
	signals *signals
	wires   *wires
	guard   *guard
	watch   *watch
	keep    bool

	input, output, errors *pump // nil where there is nothing to carry
	inputEnded            chan struct{}
}

// Start starts the server and the relay. An error is a *StartError; Config's files are then left as they were.
func Start(cfg Config) (*Server, error) {
	if len(cfg.Command) == 0 {
		return nil, errNoCommand
	}
	s := &Server{log: cfg.logger(), keep: cfg.KeepOrphans, inputEnded: make(chan struct{})}
	if s.keep {
		s.signals = listen(func() {})
	} else {
		s.signals = listen(children.reap)
	}
	if err := s.start(&cfg); err != nil {
		s.signals.close()
		var refused *StartError
		if !errors.As(err, &refused) {
			err = &StartError{Code: 126, Err: fmt.Errorf("starting %q: %w", cfg.Command[0], err)}
		}
		return nil, err
	}
	s.signals.started()
	go s.signals.run(s.process) // ends with Close, or with the process
	s.relay()
	s.log.Debug("server started", "pid", s.Pid())
	return s, nil
}

// start makes the pipes and the process.
func (s *Server) start(cfg *Config) (err error) {
	s.process = &process{env: cfg.Env, files: make([]*os.File, 3)}
	s.wires, err = s.wire(cfg)
	if err == nil {
		s.guard, err = newGuard(s.process)
	}
	if err == nil {
		if !s.keep {
			children.adopt(s.log)
		}
		if err = s.process.start(cfg.Command); err != nil && !s.keep {
			children.disown()
		}
	}
	s.wires.started()
	if err != nil {
		s.guard.close()
		s.wires.undo()
	}
	return err
}

// relay starts the pumps. Each ends at the end of what it reads, when what it writes to is closed, or when it is
// abandoned; Wait waits for all of them.
func (s *Server) relay() {
	if s.input != nil {
		go func() {
			s.input.run()
			close(s.inputEnded)
		}()
	} else {
		close(s.inputEnded)
	}
	for _, p := range []*pump{s.output, s.errors} {
		if p != nil {
			go p.run()
		}
	}
	s.watch = watchPeers(s.input, s.output, s.log)
}

// Pid is the server's process id.
func (s *Server) Pid() int { return s.process.os.Pid }

// Started is when the server's process was started.
func (s *Server) Started() time.Time { return s.process.started }

// InputEnded is closed when the client's input has ended, or the server takes no more of it: the session is about to
// end, and what is still to be sent should be sent now.
func (s *Server) InputEnded() <-chan struct{} { return s.inputEnded }

// Exited is closed when the server's process has ended. What it wrote may still be on its way then, and orphans may be
// left: see Wait.
func (s *Server) Exited() <-chan struct{} { return s.process.ended }

// Interrupted is closed when the host sends a signal that would have ended the server after the server has ended:
// whoever still holds up the exit must let go.
func (s *Server) Interrupted() <-chan struct{} { return s.signals.interrupted }

// Wait waits until the server has ended, all it wrote has been passed on (bounded, where another process holds the
// pipe), our stdout is closed and orphans are gone. It may be called once.
func (s *Server) Wait() Status {
	status := <-s.process.exited
	ended := time.Now()
	status.ClientLeft = s.input == nil || s.input.eof.Load()
	s.log.Debug("server ended", "code", status.Code, "signal", int(status.Signal))
	s.input.abandon() // whoever still writes gets a broken pipe, as from a bare server
	swept := make(chan struct{})
	go func() { // ends after twice orphanGrace and a little; waited for below
		defer close(swept)
		if !s.keep {
			children.sweep(s.Interrupted(), s.log)
			children.disown()
		}
	}()
	deadline, told := ended.Add(orphanGrace), s.signals.toldLately()
	s.output.drain(deadline, told, s.Interrupted())
	s.errors.drain(deadline, told, s.Interrupted())
	s.watch.close()
	<-swept
	s.guard.close()
	if s.input.ended() && s.output.ended() && s.errors.ended() {
		s.wires.done()
	}
	return status
}

// Close gives the signals back their former actions. It is for a process that goes on after Wait; one that is about to
// exit leaves them as they are, so that no signal changes its status.
func (s *Server) Close() {
	s.signals.close()
	<-s.signals.over
}
