package telemetry

import (
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
}

func (t *Telemetry) tap(dir session.Direction, reader *session.Reader) *Tap {
	tap := &Tap{t: t, decoder: session.Decoder{Reader: reader, Dir: dir, Epoch: t.epoch, Clean: t.cfg.Clean}}
	tap.scanner = framing.NewScanner(reader.Table, tap.emit)
	return tap
}

// Forwarded scans bytes that have been passed on.
func (tap *Tap) Forwarded(b []byte, read time.Time) {
	if tap.t.failed.Load() {
		return
	}
	tap.scanner.Write(b, read)
}

// Ended scans what the stream leaves without a newline.
func (tap *Tap) Ended(at time.Time) {
	if tap.t.failed.Load() {
		return
	}
	tap.scanner.Close(at)
}

func (tap *Tap) emit(m *framing.Message) {
	tap.decoder.Decode(m, &tap.message)
	tap.t.queue.push(&tap.message)
}
