package wrap

import "os"

// streams are the pipes between us and the server, and the pumps that connect them with the host's streams.
//
// A pump reads and writes endpoints, of which each system has its own kind (sys_unix.go, sys_windows.go). A stream
// that the host does not have is not relayed, and its pump is nil.
type streams struct {
	input, output, errors *pump

	null   *os.File    // the null device
	theirs []*os.File  // the server's sides of the pipes, of no use to us once it runs
	ours   []*endpoint // what the pumps read and write
}

// connectStreams makes the pipes and pumps, and puts the server's sides into files. On error it returns what there is
// to discard.
func connectStreams(cfg *Config, files []*os.File) (s *streams, err error) {
	s = &streams{}
	if s.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return s, err
	}
	if cfg.Stdin != nil {
		s.input, files[0], err = s.connect(cfg.Stdin, toServer, newTapGuard(cfg.Input, cfg.TapFailed))
	}
	if cfg.Stdout != nil && err == nil {
		s.output, files[1], err = s.connect(cfg.Stdout, toClient, newTapGuard(cfg.Output, cfg.TapFailed))
	}
	files[2] = cfg.Stderr
	if cfg.Stderr != nil && cfg.Errors != nil && err == nil {
		s.errors, files[2], err = s.connect(cfg.Stderr, toStderr, newTapGuard(cfg.Errors, cfg.TapFailed))
	}
	return s, err
}

// direction is where a pump carries bytes.
type direction int

const (
	toServer direction = iota
	toClient
	toStderr // as toClient, but others write to our stderr as well, so it is never closed
)

// connect makes a pipe to the server and a pump between it and one of the host's streams. It returns the server's side.
func (s *streams) connect(host *os.File, d direction, tap *tapGuard) (*pump, *os.File, error) {
	outer, err := hostEndpoint(host, s.null, d == toStderr)
	if err != nil {
		return nil, nil, err
	}
	s.ours = append(s.ours, outer)
	inner, server, err := pipeEndpoint(s.null, d == toServer)
	if err != nil {
		return nil, nil, err
	}
	s.ours, s.theirs = append(s.ours, inner), append(s.theirs, server)
	p := &pump{from: inner, to: outer, tap: tap, done: make(chan struct{})}
	if d == toServer {
		p.from, p.to = outer, inner
	}
	return p, server, nil
}

// run starts the pumps. Each returns at the end of what it reads, when what it writes to is closed, or when it is
// abandoned; Wait waits for all of them. inputEnded is called when the first returns.
func (s *streams) run(inputEnded func()) {
	go func() {
		if s.input != nil {
			s.input.run()
		}
		inputEnded()
	}()
	for _, p := range []*pump{s.output, s.errors} {
		if p != nil {
			go p.run()
		}
	}
}

// closeTheirs closes the server's sides in our process, so that each pipe ends with the server.
func (s *streams) closeTheirs() {
	for _, f := range s.theirs {
		_ = f.Close()
	}
}

// discard undoes connectStreams for a server that did not start. The host's files stay as they were.
func (s *streams) discard() {
	for _, e := range s.ours {
		e.discard()
	}
	_ = s.null.Close()
}

// closeNull closes the null device once no pump needs it any more.
func (s *streams) closeNull() {
	if s.input.finished() && s.output.finished() && s.errors.finished() {
		_ = s.null.Close()
	}
}
