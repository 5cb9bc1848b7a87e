package telemetry

import (
	"bytes"
	"time"
)

// StderrTap watches the server's stderr where its lines are captured; it satisfies wrap.Tap. Like Tap it copies into
// the bounded queue and returns.
type StderrTap struct {
	t     *Telemetry
	line  []byte
	cut   bool // the line was longer than limit
	keys  keyFilter
	limit int // bytes
}

// stderrLine is a line as it came, before redaction.
type stderrLine struct {
	raw []byte
	cut bool
	key bool // a private key follows, which is left out
	at  time.Duration
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
		if keep, key, shown := s.keys.filter(line); shown {
			s.t.queue.pushLine(stderrLine{bytes.Clone(keep), s.cut && !key, key, at.Sub(s.t.clock.epoch)})
		}
	}
	clear(s.line)
	s.line, s.cut = s.line[:0], false
}

// keyFilter redacts lines of stderr one after the other, and PEM private keys as a whole: a key spans many lines,
// none of which looks like a secret by itself.
type keyFilter struct {
	inKey int // lines of a private key so far; 0 outside one
}

// maxKeyLines is where a key without an end is given up.
const maxKeyLines = 200

// filter returns the part of a line that is not of a private key, and whether a key begins behind it. It runs before
// the queue, which may drop any line of a key.
func (k *keyFilter) filter(line []byte) (keep []byte, key, shown bool) {
	if k.inKey > 0 {
		k.inKey++
		if bytes.Contains(line, []byte("-----END ")) || k.inKey > maxKeyLines {
			k.inKey = 0
		}
		return nil, false, false
	}
	begin := bytes.Index(line, []byte("-----BEGIN "))
	if begin < 0 || !bytes.Contains(line[begin:], []byte("PRIVATE KEY")) ||
		bytes.Contains(line[begin:], []byte("-----END ")) { // all in one line: a pattern finds it
		return line, false, true
	}
	k.inKey = 1
	return line[:begin], true, true
}
