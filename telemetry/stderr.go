package telemetry

import (
	"bytes"
	"time"
)

// StderrTap reads the lines of the server's stderr, where the policy asks for them: it fits wrap.Tap. Like Tap it copies into
// the bounded queue and returns.
type StderrTap struct {
	t    *Telemetry
	line []byte
	cut  bool
	most int
}

// Stderr returns what is to look at the server's stderr, or nil if nothing is to.
func (t *Telemetry) Stderr() *StderrTap { return t.stderr }

// Arriving is nothing to it: lines of stderr have no order with messages.
func (*StderrTap) Arriving() {}

// Forwarded takes bytes that have been passed on.
func (s *StderrTap) Forwarded(b []byte, _ time.Time) {
	if s.t.failed.Load() {
		return
	}
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		keep := min(len(line), s.most-len(s.line))
		s.line = append(s.line, line[:keep]...)
		s.cut = s.cut || keep < len(line)
		if whole {
			s.end()
		}
		b = rest
	}
}

// Ended takes what the stream leaves without a newline.
func (s *StderrTap) Ended(time.Time) {
	if !s.t.failed.Load() {
		s.end()
	}
}

func (s *StderrTap) end() {
	if line := bytes.TrimRight(s.line, "\r"); len(line) > 0 {
		s.t.queue.pushLine(stderrLine{bytes.Clone(line), s.cut})
	}
	clear(s.line)
	s.line, s.cut = s.line[:0], false
}

// stderrLine is a line as it came, on its way to be redacted.
type stderrLine struct {
	raw []byte
	cut bool
}

// stderrLines redacts one line after the other. A private key goes over many lines, none of which looks like one by itself:
// from its first to its last they are one.
type stderrLines struct {
	inKey int // lines of a private key so far
}

// maxKeyLines is where a key that has no end is given up.
const maxKeyLines = 200

// shown returns what may be shown of a line, or nothing for those of a key but the first.
func (l *stderrLines) shown(line stderrLine, c *content) string {
	if l.inKey > 0 {
		l.inKey++
		if bytes.Contains(line.raw, []byte("-----END ")) || l.inKey > maxKeyLines {
			l.inKey = 0
		}
		return ""
	}
	if begin := bytes.Index(line.raw, []byte("-----BEGIN ")); begin >= 0 && bytes.Contains(line.raw[begin:], []byte("PRIVATE KEY")) {
		if !bytes.Contains(line.raw[begin:], []byte("-----END ")) {
			l.inKey = 1
			return c.redactor.Text(line.raw[:begin], false, c.capture.Max()) + "[redacted:private-key]"
		}
	}
	return c.redactor.Text(line.raw, line.cut, c.capture.Max())
}
