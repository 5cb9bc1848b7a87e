package recording

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/consent/redact"
)

const (
	// mostWaiting bounds what waits to be written, in bytes. What does not fit is left out and counted: a relay never waits.
	mostWaiting = 64 << 20
	// mostInLine bounds the line of a conversation that is put together. A longer one leaves in parts, or, where it would have
	// to be redacted, not at all.
	mostInLine = 16 << 20
	// overhead is what a piece takes beside its bytes.
	overhead = 128
	// delay is how long the first piece in an empty queue waits for others. Waking a goroutine costs more than copying a
	// small message.
	delay = 20 * time.Millisecond
)

// Config describes a recorder.
type Config struct {
	Out     io.Writer // takes whole lines; after an error it is left alone
	Started time.Time // by the clock that reads the taps' times, too
	By      string    // see Header
	// Redactor replaces what looks like a secret or personal data. Nil keeps the bytes as they are.
	Redactor *redact.Redactor
	// Failed is called with the first error of Out, at most once, on a goroutine of the recorder. It may be nil.
	Failed func(error)

	memory  int64 // 0: mostWaiting
	longest int   // 0: mostInLine
}

// Recorder records a session while it runs. Its taps copy into memory what they are shown, and one goroutine writes that in
// the order in which it was read: so neither a slow disk nor one that is full has any effect on the session.
type Recorder struct {
	cfg  Config
	taps [2]*Tap

	due     *time.Timer   // fires when what waits is to be written
	full    chan struct{} // holds an element when that is not to wait for due
	closing chan struct{} // no more will come
	written chan struct{} // closed when the goroutine has ended

	lines         [2]atomic.Int64 // in the file
	seen, kept    atomic.Int64    // bytes that the taps were shown, and those that are in the file
	size          atomic.Int64    // of what has been accepted and is not in the file
	undeliverable atomic.Bool     // Out has failed, or the recorder has
	failure       error           // of Out or the goroutine; guarded by written

	mu      sync.Mutex
	waiting [2][]piece
	exit    *piece
}

// sides are the peers. Their places are those of their taps.
var sides = [2]Side{Client, Server}

// piece is what a tap was shown.
type piece struct {
	at   time.Duration
	lost int64 // bytes before it that had no room
	data []byte
	end  End
	exit *Exit
}

// errDefect is the error of a recorder that has stopped by itself.
var errDefect = errors.New("a defect in spanpipe")

// Result is what has become of a recording.
type Result struct {
	Lines   map[Side]int64 // in the file
	Missing int64          // bytes of the conversation that are not in the file
	Err     error          // why nothing was written from some point on; nil if the recording says itself what is missing in it
}

// NewRecorder begins a recording: it writes the header. The recorder has to be closed.
func NewRecorder(cfg Config) (*Recorder, error) {
	cfg.memory, cfg.longest = cmp.Or(cfg.memory, mostWaiting), cmp.Or(cfg.longest, mostInLine)
	r := &Recorder{
		cfg: cfg, due: time.NewTimer(time.Hour), full: make(chan struct{}, 1),
		closing: make(chan struct{}), written: make(chan struct{}),
	}
	r.due.Stop()
	for i := range r.taps {
		r.taps[i] = &Tap{r: r, place: i}
	}
	w, err := newScribe(r)
	if err != nil {
		return nil, err
	}
	go w.run() // ends after closing; Close waits for it
	return r, nil
}

// Tap returns what has to see the bytes that a peer writes. It satisfies wrap.Tap.
func (r *Recorder) Tap(from Side) *Tap {
	for i, side := range sides {
		if side == from {
			return r.taps[i]
		}
	}
	return nil
}

// Exited notes how the server's process has ended.
func (r *Recorder) Exited(at time.Time, exit Exit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exit = &piece{at: at.Sub(r.cfg.Started), exit: &exit}
}

// Fail stops recording, after a panic in a tap.
func (r *Recorder) Fail() { r.undeliverable.Store(true) }

// Close writes what waits, until the context ends, and returns what has become of the recording. Both taps have ended before.
func (r *Recorder) Close(ctx context.Context) Result {
	close(r.closing)
	result := Result{Lines: map[Side]int64{}}
	select {
	case <-r.written:
		if result.Err = r.failure; result.Err == nil && r.undeliverable.Load() {
			result.Err = errDefect
		}
	case <-ctx.Done():
		result.Err = context.Cause(ctx)
	}
	for i, side := range sides {
		result.Lines[side] = r.lines[i].Load()
	}
	result.Missing = r.seen.Load() - r.kept.Load()
	return result
}

// Tap copies one direction of the relay. It satisfies wrap.Tap: it never blocks, and its calls do not overlap.
type Tap struct {
	r     *Recorder
	place int

	// Guarded by Recorder.mu.
	arrived time.Time // when bytes were read that have not been shown yet; else zero
	lost    int64     // bytes that had no room since the last piece
}

// Arriving notes that bytes have been read that Forwarded will show: until then, later ones of the other side wait.
func (t *Tap) Arriving() {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.arrived = time.Now()
}

// Forwarded copies bytes.
func (t *Tap) Forwarded(b []byte, read time.Time) {
	t.r.seen.Add(int64(len(b)))
	if t.r.undeliverable.Load() {
		return
	}
	if t.r.size.Add(int64(len(b)+overhead)) > t.r.cfg.memory {
		t.r.size.Add(-int64(len(b) + overhead))
		t.r.mu.Lock()
		defer t.r.mu.Unlock()
		t.arrived = time.Time{}
		t.lost += int64(len(b))
		return
	}
	t.push(piece{at: read.Sub(t.r.cfg.Started), data: bytes.Clone(b)})
}

// Ended notes the end of the direction. There is always room for it.
func (t *Tap) Ended(at time.Time, whole bool) {
	end := Cut
	if whole {
		end = Whole
	}
	t.r.size.Add(overhead)
	t.push(piece{at: at.Sub(t.r.cfg.Started), end: end})
}

func (t *Tap) push(p piece) {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	p.lost, t.lost, t.arrived = t.lost, 0, time.Time{}
	r.waiting[t.place] = append(r.waiting[t.place], p)
	if len(r.waiting[0])+len(r.waiting[1]) == 1 {
		r.due.Reset(delay)
	}
	if r.size.Load() > r.cfg.memory/4 {
		select {
		case r.full <- struct{}{}:
		default:
		}
	}
}
