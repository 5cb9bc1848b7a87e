package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Tap reads one direction of the relay: it fits wrap.Tap. It scans, copies what is to be known into the queue, and
// returns; it never blocks and does not allocate for the bytes of content.
type Tap struct {
	t       *Telemetry
	scanner *framing.Scanner
	decoder session.Decoder
	message session.Message

	arriving atomic.Bool   // bytes have been read that have yet to be scanned
	scanned  atomic.Int64  // when the last bytes had been read that have been scanned, in nanoseconds of the session
	known    time.Duration // what settled returned last
}

func (t *Telemetry) tap(dir session.Direction, reader *session.Reader) *Tap {
	tap := &Tap{t: t, decoder: session.Decoder{Reader: reader, Dir: dir, Epoch: t.clock.epoch, Clean: t.cfg.Clean}}
	tap.scanner = framing.NewScanner(reader.Table, tap.emit)
	return tap
}

// Arriving keeps what the other direction is going to say in answer from being looked at before what is said here.
func (tap *Tap) Arriving() { tap.arriving.Store(true) }

// Forwarded scans bytes that have been passed on.
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

// settled returns a time until which everything that this direction has carried is in the queue: the present, which is to be
// taken before the call, or with bytes under way an earlier one. It is exact however long a goroutine of the relay is kept from
// running, since bytes are announced before their time is taken and before they are passed on. It is for the consumer alone.
func (tap *Tap) settled(now time.Duration) time.Duration {
	if tap.arriving.Load() {
		now = time.Duration(tap.scanned.Load())
	}
	tap.known = max(tap.known, now)
	return tap.known
}

func (tap *Tap) emit(m *framing.Message) {
	tap.decoder.Decode(m, &tap.message)
	tap.t.queue.push(&tap.message)
}
