package telemetry

import (
	"bytes"
	"time"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// StderrTap watches the server's stderr where its lines are captured; it satisfies wrap.Tap. Like Tap it copies into
// the bounded queue and returns.
type StderrTap struct {
	t     *Telemetry
	line  []byte
	cut   bool // the line was longer than limit
	keys  redact.KeyLines
	limit int // bytes
}

// Arriving does nothing: lines of stderr are not ordered among messages.
func (*StderrTap) Arriving() {}

// Forwarded takes bytes that have been forwarded.
func (s *StderrTap) Forwarded(b []byte, read time.Time) {
	if s.t.failed.Load() {
		return
	}
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		keep := min(len(line), s.limit-len(s.line))
		s.line = append(s.line, line[:keep]...)
		s.cut = s.cut || keep < len(line)
		if whole {
			s.endLine(read)
		}
		b = rest
	}
}

// Ended takes what the stream leaves without a newline.
func (s *StderrTap) Ended(at time.Time, _ bool) {
	if !s.t.failed.Load() {
		s.endLine(at)
	}
}

func (s *StderrTap) endLine(at time.Time) {
	if line := bytes.TrimRight(s.line, "\r"); len(line) > 0 {
		if keep, key, shown := s.keys.Filter(line); shown {
			s.t.queue.pushLine(stderrLine{bytes.Clone(keep), s.cut && !key, key, at.Sub(s.t.clock.epoch)})
		}
	}
	clear(s.line)
	s.line, s.cut = s.line[:0], false
}
