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

// keyFilter redacts lines of stderr one after the other, and private keys as a whole: a key spans many lines, none of
// which looks like a secret by itself.
type keyFilter struct {
	inKey int      // lines of a private key so far; 0 outside one
	form  *keyForm // its form
}

// keyForm is how a private key is written over several lines.
type keyForm struct{ begin, private, end []byte }

var keyForms = [...]keyForm{
	{[]byte("-----BEGIN "), []byte("PRIVATE KEY"), []byte("-----END ")},    // PEM, OpenSSH and PGP (RFC 7468)
	{[]byte("---- BEGIN "), []byte("PRIVATE KEY"), []byte("---- END ")},    // SSH2 (RFC 4716)
	{[]byte("Private-Lines: "), []byte("Private-Lines: "), []byte("-MAC")}, // PuTTY
}

// maxKeyLines is where a key without an end is given up.
const maxKeyLines = 200

// filter returns the part of a line that is not of a private key, and whether a key begins behind it. It runs before
// the queue, which may drop any line of a key.
func (k *keyFilter) filter(line []byte) (keep []byte, key, shown bool) {
	if k.inKey > 0 {
		k.inKey++
		if bytes.Contains(line, k.form.end) || k.inKey > maxKeyLines {
			k.inKey = 0
		}
		return nil, false, false
	}
	for i := range keyForms {
		form := &keyForms[i]
		begin := bytes.Index(line, form.begin)
		if begin < 0 || !bytes.Contains(line[begin:], form.private) ||
			bytes.Contains(line[begin:], form.end) { // all in one line: a pattern finds it
			continue
		}
		k.inKey, k.form = 1, form
		return line[:begin], true, true
	}
	return line, false, true
}
