package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Tap watches one direction of the relay; it satisfies wrap.Tap. It scans, copies what is needed into the queue, and
// returns: it never blocks, and it allocates nothing for bytes of content that are not captured.
type Tap struct {
	t       *Telemetry
	scanner *framing.Scanner
	decoder session.Decoder
	message session.Raw

	arriving atomic.Int64                    // since when bytes are there that have not been scanned yet, 0 if none are; likewise
	scanned  atomic.Int64                    // when the last scanned bytes had been read, in nanoseconds of the session
	rest     atomic.Int64                    // bytes of a line whose end is still to come
	over     atomic.Bool                     // the stream has ended
	partial  atomic.Pointer[session.Message] // the request that has been read in part, as far as that is known
	mark     time.Duration                   // what watermark returned last
}

func (t *Telemetry) newTap(dir record.Direction, reader *session.Reader) *Tap {
	tap := &Tap{t: t, decoder: session.Decoder{Reader: reader, Dir: dir, Epoch: t.clock.epoch, Clean: t.cfg.Clean}}
	if t.rules != nil {
		tap.decoder.Wanted = t.wanted
	}
	tap.scanner = framing.NewScanner(reader.Table, func(m *framing.Message) {
		tap.decoder.Decode(m, &tap.message)
		t.rules.requested(&tap.message)
		t.queue.push(&tap.message)
	})
	return tap
}

// wanted reports whether rules look at a message. The relay's goroutines call it.
func (t *Telemetry) wanted(m *session.Raw) bool {
	if m.Kind == framing.Request {
		return m.Dir == record.ToServer && !m.Cut && t.rules.matches(m)
	}
	if m.Dir != record.ToClient {
		return false
	}
	if m.Kind == framing.Notification {
		return m.Method == semconv.TasksNotification
	}
	// Requests whose bytes have been forwarded and not been scanned could be the one. This is asked first: bytes that arrive
	// later have no response yet.
	unscanned := t.taps[place(record.ToServer)].arriving.Load() != 0
	t.rules.mu.Lock()
	defer t.rules.mu.Unlock()
	id := m.ID.Likeness()
	known := t.rules.waiting[id]
	delete(t.rules.waiting, id)
	return known || unscanned
}

// Arriving notes that bytes have been read, before they are forwarded: the response to them must not be consumed
// before them.
func (tap *Tap) Arriving() {
	tap.arriving.Store(max(int64(time.Since(tap.t.clock.epoch)), 1))
	tap.t.wake()
}

// wake makes the consumer look at the clock again: bytes are arriving, and might not get through.
func (t *Telemetry) wake() {
	if t.resting.Load() && t.resting.Swap(false) {
		t.tick.Reset(idleTick)
	}
}

// Forwarded scans bytes that were read at the given time and have been forwarded since.
func (tap *Tap) Forwarded(b []byte, read time.Time) {
	if tap.t.failed.Load() {
		return
	}
	tap.t.clock.see(read)
	tap.scanner.Write(b, read)
	tap.keepPartial()
	tap.rest.Store(tap.scanner.Unfinished())
	tap.scanned.Store(int64(read.Sub(tap.t.clock.epoch)))
	tap.arriving.Store(0)
}

// keepPartial keeps what is known of a large request whose end is still to come, for the case that its reader does not
// take it. Without it nothing is known of a call that never gets through.
func (tap *Tap) keepPartial() {
	m := tap.scanner.Partial()
	if known := tap.partial.Load(); m == nil || known != nil {
		if m == nil && known != nil {
			tap.partial.Store(nil)
		}
		return
	}
	var raw session.Raw
	tap.decoder.Decode(m, &raw)
	tap.partial.Store(&raw.Message)
}

// blocked returns since when the reader of the stream has not taken what is there, and what is known of the request
// among it; zero if nothing waits. Only the consumer calls it.
func (tap *Tap) blocked() (since time.Duration, m *session.Message) {
	return time.Duration(tap.arriving.Load()), tap.partial.Load()
}

// stream returns the state of the stream. Only the consumer calls it.
func (tap *Tap) stream(now time.Duration) session.Stream {
	s := session.Stream{Partial: tap.rest.Load(), Quiet: max(now-time.Duration(tap.scanned.Load()), 0)}
	if since := tap.arriving.Load(); since != 0 {
		s.Blocked = max(now-time.Duration(since), 0)
	}
	return s
}

// Ended scans what the stream leaves without a newline. What is not whole breaks off because its reader has gone.
func (tap *Tap) Ended(at time.Time, whole bool) {
	if tap.t.failed.Load() {
		return
	}
	if whole {
		tap.scanner.Close(at)
	} else {
		tap.scanner.Abort(at)
	}
	tap.over.Store(true)
	tap.partial.Store(nil)
	tap.rest.Store(0)
	tap.arriving.Store(0)
}

// watermark returns a time up to which everything that this direction has carried is in the queue: now, which must
// have been taken before the call, or an earlier time while bytes are under way. It is exact however long a relay
// goroutine is kept from running, since bytes are announced before their time is taken and before they are forwarded.
// Only the consumer calls it.
func (tap *Tap) watermark(now time.Duration) time.Duration {
	if tap.arriving.Load() != 0 {
		now = time.Duration(tap.scanned.Load())
	}
	tap.mark = max(tap.mark, now)
	return tap.mark
}
