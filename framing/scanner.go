package framing

import "time"

// Scanner reads one direction of a stream.
type Scanner struct{}

// NewScanner returns a scanner that calls emit for every message and every line that is none, in order, from within
// Write and Close. Blank lines are passed over in silence.
func NewScanner(t *Table, emit func(*Message)) *Scanner { panic("to be written") }

// Write scans the next bytes of the stream, read at the given time. It never fails and keeps no reference to p.
func (s *Scanner) Write(p []byte, at time.Time) { panic("to be written") }

// Close ends the stream: a last line without a newline is scanned as if it had one.
func (s *Scanner) Close(at time.Time) { panic("to be written") }
