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
	limit int  // bytes
}

// stderrLine is a line as it came, before redaction.
type stderrLine struct {
	raw []byte
	cut bool
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
func (s *StderrTap) Ended(at time.Time) {
	if !s.t.failed.Load() {
		s.endLine(at)
	}
}

func (s *StderrTap) endLine(at time.Time) {
	if line := bytes.TrimRight(s.line, "\r"); len(line) > 0 {
		s.t.queue.pushLine(stderrLine{bytes.Clone(line), s.cut, at.Sub(s.t.clock.epoch)})
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

// shown returns what may be shown of a line. Of a private key that is one placeholder in its first line.
func (k *keyFilter) shown(line stderrLine, r *redactor) string {
	if k.inKey > 0 {
		k.inKey++
		if bytes.Contains(line.raw, []byte("-----END ")) || k.inKey > maxKeyLines {
			k.inKey = 0
		}
		return ""
	}
	begin := bytes.Index(line.raw, []byte("-----BEGIN "))
	if begin < 0 || !bytes.Contains(line.raw[begin:], []byte("PRIVATE KEY")) {
		return r.text(line.raw, line.cut)
	}
	if bytes.Contains(line.raw[begin:], []byte("-----END ")) { // all in one line: a pattern finds it
		return r.text(line.raw, line.cut)
	}
	k.inKey = 1
	return r.text(line.raw[:begin], false) + "[redacted:private-key]"
}
