package telemetry

import "time"

// pastPatience is how long the end of a session waits at most for what is remembered of its server: a short one may be over
// before that has been read.
const pastPatience = 250 * time.Millisecond

// recall starts to read what is remembered of the server.
func (s *Session) recall() {
	if s.cfg.Past == nil || s.cfg.Anomalies.Off || s.cfg.Anomalies.Session {
		return
	}
	service := s.out.service
	go func() { // ends with the reading; the end of the session waits for it a short while
		s.guard(func() { s.past <- s.cfg.Past(service) })
	}()
}

// awaitPast waits for what is remembered of the server, if the session is compared with that and it is not there yet.
func (c *consumer) awaitPast() {
	if c.compared == nil || c.recalled {
		return
	}
	select {
	case p := <-c.past:
		c.know(p)
	case <-time.After(pastPatience):
	case <-c.giveUp:
	}
}
