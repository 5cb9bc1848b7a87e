package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Tap watches one direction of the relay; it satisfies wrap.Tap. It scans, copies what is needed into the queue, and
// returns: it never blocks, and it allocates nothing for bytes of content that are not captured.
type Tap struct {
	t       *Telemetry
	scanner *framing.Scanner
	decoder session.Decoder
	message session.Raw

	arriving atomic.Bool   // bytes have been read that have not been scanned yet
	scanned  atomic.Int64  // when the last scanned bytes had been read, in nanoseconds of the session
	mark     time.Duration // what watermark returned last
}

func (t *Telemetry) newTap(dir record.Direction, reader *session.Reader) *Tap {
	tap := &Tap{t: t, decoder: session.Decoder{Reader: reader, Dir: dir, Epoch: t.clock.epoch, Clean: t.cfg.Clean}}
	tap.scanner = framing.NewScanner(reader.Table, func(m *framing.Message) {
		tap.decoder.Decode(m, &tap.message)
		t.queue.push(&tap.message)
	})
	return tap
}

// Arriving notes that bytes have been read, before they are forwarded: the response to them must not be consumed
// before them.
func (tap *Tap) Arriving() {
	tap.arriving.Store(true)
	tap.t.wake()
}

// Forwarded scans bytes that were read at the given time and have been forwarded since.
func (tap *Tap) Forwarded(b []byte, read time.Time) {
	if tap.t.failed.Load() {
		return
	}
	tap.t.clock.see(read)
	tap.scanner.Write(b, read)
	tap.scanned.Store(int64(read.Sub(tap.t.clock.epoch)))
	tap.arriving.Store(false)
}

// Ended scans what the stream leaves without a newline.
func (tap *Tap) Ended(at time.Time) {
	if tap.t.failed.Load() {
		return
	}
	tap.scanner.Close(at)
	tap.arriving.Store(false)
}

// watermark returns a time up to which everything that this direction has carried is in the queue: now, which must
// have been taken before the call, or an earlier time while bytes are under way. It is exact however long a relay
// goroutine is kept from running, since bytes are announced before their time is taken and before they are forwarded.
// Only the consumer calls it.
func (tap *Tap) watermark(now time.Duration) time.Duration {
	if tap.arriving.Load() {
		now = time.Duration(tap.scanned.Load())
	}
	tap.mark = max(tap.mark, now)
	return tap.mark
}
