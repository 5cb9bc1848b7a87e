package recording

import (
	"bytes"
	"time"
	"unicode/utf8"
)

const (
	// patience is how long what one side has said waits for what the other may have said before.
	patience = time.Second
	// batch is how much is written at once.
	batch = 64 << 10
	// largeBuffer is from which size on a buffer is not kept, in bytes.
	largeBuffer = 1 << 20
)

// scribe is the goroutine that writes: pieces come from the taps, are put in order, made into lines, and written.
type scribe struct {
	*Recorder
	ready [2][]piece
	parts [2]part
	edit  *editor // nil without redaction

	writer  *Writer
	buffer  bytes.Buffer // lines that have not been written
	pending int64        // of the conversation's bytes in them
	count   [2]int64     // of the conversation's lines in them
	last    time.Duration
}

// part is the beginning of a line whose end has not come.
type part struct {
	data []byte
	gone int64 // bytes of this line that are left out, up to its end
}

// newScribe writes the header.
func newScribe(r *Recorder) (*scribe, error) {
	s := &scribe{Recorder: r}
	if r.cfg.Redactor != nil {
		s.edit = newEditor(r.cfg.Redactor)
	}
	var err error
	s.writer, err = NewWriter(&s.buffer, Header{Started: r.cfg.Started, By: r.cfg.By, Redacted: s.edit != nil})
	if err == nil {
		_, err = r.cfg.Out.Write(s.buffer.Bytes())
	}
	s.buffer.Reset()
	return s, err
}

// run writes until the recorder is closed.
func (s *scribe) run() {
	defer close(s.written)
	defer func() {
		if recover() != nil {
			s.fail(errDefect)
		}
	}()
	for last := false; !last; {
		select {
		case <-s.due.C:
		case <-s.full:
		case <-s.closing:
			last = true
		}
		horizons := s.take()
		s.merge(horizons, last)
		if last && s.exit != nil {
			s.event(&Event{At: max(s.last, s.exit.at), Exit: s.exit.exit})
		}
		s.flush()
	}
}

// take takes what waits. It returns up to when each side has told everything.
func (s *scribe) take() (horizons [2]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range sides {
		s.ready[i] = append(s.ready[i], s.waiting[i]...)
		clear(s.waiting[i])
		s.waiting[i] = s.waiting[i][:0]
		horizons[i] = s.taps[i].arrived
	}
	return horizons
}

// merge writes pieces in the order in which they were read. A piece waits while the other side may have read something before it
// that it is still passing on, as a server's answer overtakes the request that a tap is shown after the write. It does not wait
// for long, nor where memory runs out: a peer that does not read can block the other side forever.
func (s *scribe) merge(horizons [2]time.Time, last bool) {
	hurry := last || s.size.Load() > s.cfg.memory/4
	for {
		next := -1
		for i := range sides {
			if len(s.ready[i]) > 0 && (next < 0 || s.ready[i][0].at < s.ready[next][0].at) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		p, other := &s.ready[next][0], 1-next
		if pending := horizons[other]; !hurry && len(s.ready[other]) == 0 && !pending.IsZero() && p.at > pending.Sub(s.cfg.Started) {
			if left := patience - time.Since(pending); left > 0 {
				s.mu.Lock()
				s.due.Reset(min(left, patience))
				s.mu.Unlock()
				return
			}
		}
		s.piece(next, p)
		s.size.Add(-int64(len(p.data) + overhead))
		*p = piece{} // its memory is free
		s.ready[next] = s.ready[next][1:]
	}
}

// piece makes lines of a piece.
func (s *scribe) piece(i int, p *piece) {
	if p.lost > 0 {
		s.hole(i, p)
	}
	rest, now := p.data, &s.parts[i]
	for len(rest) > 0 {
		n := bytes.IndexByte(rest, '\n') + 1
		whole := n > 0
		if !whole {
			n = len(rest)
		}
		switch {
		case now.gone > 0:
			now.gone += int64(n)
		case len(now.data) == 0 && whole:
			s.line(i, p.at, rest[:n], false)
		default:
			s.extend(i, p.at, rest[:n])
			if whole {
				s.finish(i, p.at)
			}
		}
		if whole {
			s.leftOut(i, p.at)
		}
		rest = rest[n:]
	}
	if p.end != "" {
		s.finish(i, p.at)
		s.leftOut(i, p.at)
		s.event(&Event{At: p.at, From: sides[i], End: p.end})
	}
}

// hole notes that bytes are missing. What is left of the line that they stood in cannot be redacted, because half a secret does
// not look like one.
func (s *scribe) hole(i int, p *piece) {
	now := &s.parts[i]
	if s.edit != nil {
		now.gone += int64(len(now.data)) + p.lost
		now.data = nil
		return
	}
	s.finish(i, p.at)
	s.event(&Event{At: p.at, From: sides[i], Lost: p.lost})
}

// extend adds to the line that has begun.
func (s *scribe) extend(i int, at time.Duration, data []byte) {
	now := &s.parts[i]
	now.data = append(now.data, data...)
	if len(now.data) <= s.cfg.longest {
		return
	}
	if s.edit != nil {
		now.gone, now.data = int64(len(now.data)), nil
		return
	}
	n := len(now.data) // not in the middle of a character
	for back := 1; back < utf8.UTFMax && back < n; back++ {
		if c := now.data[n-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(now.data[n-back:]) {
				n -= back
			}
			break
		}
	}
	rest := bytes.Clone(now.data[n:])
	s.line(i, at, now.data[:n], true)
	now.data = rest
}

// finish writes the line that has begun, of which no more comes.
func (s *scribe) finish(i int, at time.Duration) {
	if now := &s.parts[i]; len(now.data) > 0 {
		s.line(i, at, now.data, now.data[len(now.data)-1] != '\n')
		now.data = nil
	}
}

// leftOut notes at the end of a line what of it is left out.
func (s *scribe) leftOut(i int, at time.Duration) {
	if now := &s.parts[i]; now.gone > 0 {
		s.event(&Event{At: at, From: sides[i], Lost: now.gone})
		now.gone = 0
	}
}

// line writes a line, or a part of one.
func (s *scribe) line(i int, at time.Duration, data []byte, partial bool) {
	s.pending += int64(len(data))
	if !partial {
		s.count[i]++
	}
	if s.edit != nil {
		data = s.edit.line(i, data, partial)
	}
	s.event(&Event{At: at, From: sides[i], Data: data})
}

func (s *scribe) event(e *Event) {
	if s.undeliverable.Load() {
		return
	}
	s.last = max(s.last, e.At)
	_ = s.writer.Write(e) // to memory
	if s.buffer.Len() >= batch {
		s.flush()
	}
}

// flush writes the lines that have been collected. If that fails, what is left of the last one is no line, so that a reader ignores
// it, and nothing follows.
func (s *scribe) flush() {
	if s.buffer.Len() > 0 && !s.undeliverable.Load() {
		if _, err := s.cfg.Out.Write(s.buffer.Bytes()); err != nil {
			s.fail(err)
		} else {
			s.kept.Add(s.pending)
			for i, n := range s.count {
				s.lines[i].Add(n)
			}
		}
	}
	s.pending, s.count = 0, [2]int64{}
	if s.buffer.Reset(); s.buffer.Cap() > largeBuffer { // an unusual line is not kept in memory
		s.buffer = bytes.Buffer{}
		s.writer.out = &s.buffer
		s.writer.line = nil
	}
}

// fail gives up, once.
func (s *scribe) fail(err error) {
	if s.undeliverable.Swap(true) {
		return
	}
	s.failure = err
	if s.cfg.Failed != nil {
		s.cfg.Failed(err)
	}
}
