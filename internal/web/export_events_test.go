package web

import (
	"context"
	"time"
)

// Bounds of the stream of events.
const (
	MostEvents     = mostEvents
	MostEventBytes = mostEventBytes
	MostStreams    = mostStreams
)

// StationsOf returns how far a request has come.
var StationsOf = stationsOf

// SetGrace sets how long the store is followed after the last page.
func (s *Server) SetGrace(d time.Duration) {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	s.keeper.grace = d
}

// SetClock sets the clock of what is known of sessions.
func (s *Server) SetClock(now func() time.Time) {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	s.keeper.clock = now
}

// LooksAgain reports whether it will be looked again whether what needs a look still does. LookAgain does that now.
func (s *Server) LooksAgain() bool {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	return s.keeper.changes.again != nil
}

// LookAgain looks again at what needs a look.
func (s *Server) LookAgain() { s.keeper.again() }

// Read waits until the store has been read.
func (s *Server) Read() { s.keeper.hold(context.Background())() }

// EventID returns the id that an event would have.
func (s *Server) EventID(number uint64) string { return cursor{s.keeper.stream.epoch, number}.id() }

// Admit admits a page that reads nothing.
func (s *Server) Admit() { s.keeper.stream.begin("") }

// Stream is a stream of events, and a page that reads it.
type Stream struct {
	stream *stream
	at     cursor
}

// NewStream returns a stream with a page at its beginning.
func NewStream() *Stream {
	s := &Stream{stream: newStream()}
	s.at, _, _ = s.stream.begin("")
	return s
}

// Add adds an event.
func (s *Stream) Add(name string, data any) { s.stream.add(name, data) }

// Read returns what the page has not read, and whether it has missed something.
func (s *Stream) Read() (text string, missed bool) {
	out, missed, _, _ := s.stream.after(&s.at)
	return string(out), missed
}

// Admit reports whether one more page may be connected.
func (s *Stream) Admit() bool {
	_, _, admitted := s.stream.begin("")
	return admitted
}

// Kept returns how many events are kept, and their bytes.
func (s *Stream) Kept() (events, size int) { return len(s.stream.kept), s.stream.size }
