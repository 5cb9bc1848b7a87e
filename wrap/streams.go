package wrap

import "os"

// The streams are indexed by their descriptors in the server.
const (
	stdin = iota
	stdout
	stderr
)

// streams are the pipes between us and the server, and the pumps that connect them with the host's streams.
//
// A pump reads and writes endpoints, of which each system has its own kind (sys_unix.go, sys_windows.go).
type streams struct {
	pumps  [3]*pump   // nil for a stream that is not relayed
	theirs []*os.File // the server's sides of the pipes, of no use to us once it runs
	ours   []*endpoint
}

// connect makes the pipes and pumps, and puts the server's sides into files. After an error there may be something to
// discard.
func (s *streams) connect(cfg *Config, files []*os.File) error {
	taps := []Tap{cfg.StdinTap, cfg.StdoutTap, cfg.StderrTap}
	for i, host := range []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr} {
		if files[i] = host; host == nil || i == stderr && cfg.StderrTap == nil {
			continue
		}
		// Others write to our stderr as well, so it is not closed with the server's.
		outer, err := hostEndpoint(host, i == stderr)
		if err != nil {
			return err
		}
		s.ours = append(s.ours, outer)
		inner, server, err := pipeEndpoint(i == stdin)
		if err != nil {
			return err
		}
		s.ours, s.theirs, files[i] = append(s.ours, inner), append(s.theirs, server), server
		s.pumps[i] = &pump{from: inner, to: outer, done: make(chan struct{}), tap: newTapGuard(taps[i], cfg.TapFailed)}
		if i == stdin {
			s.pumps[i].from, s.pumps[i].to = outer, inner
		}
	}
	return nil
}

// report sets what to call when the client or the server closes its end of a stream. A client whose input is closed from
// the start has left.
func (s *streams) report(client, server func()) {
	if p := s.pumps[stdin]; p != nil {
		p.endings = endings{writer: client, reader: server}
	} else {
		client()
	}
	if p := s.pumps[stdout]; p != nil {
		p.endings = endings{writer: server, reader: client}
	}
}

// run starts the pumps. Each returns at the end of what it reads, when what it writes to is closed, or when it is
// stopped; Wait waits for all of them. inputEnded is called when the one of stdin returns.
func (s *streams) run(inputEnded func()) {
	for i, p := range s.pumps {
		go func() {
			if p != nil {
				p.run()
			}
			if i == stdin {
				inputEnded()
			}
		}()
	}
}

// closeTheirs closes the server's sides in our process, so that each pipe ends with the server: while we held a side
// too, the end of its output would never come, and a write to its input would never fail.
func (s *streams) closeTheirs() {
	for _, f := range s.theirs {
		_ = f.Close()
	}
}

// discard closes what connect has opened, for a server that did not start.
func (s *streams) discard() {
	for _, e := range s.ours {
		e.close()
	}
}
