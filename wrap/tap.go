package wrap

import (
	"sync"
	"time"
)

// Tap observes one direction of the relay. Calls never overlap and come in order. That direction waits until a call
// returns, so a call must be quick and must not block. A Tap that panics is not called again, see Config.TapFailed.
type Tap interface {
	// Arriving announces that bytes, or the end of the stream, have been read and are about to be passed on. Whatever
	// the peer sends in response is read after this call, so that two Taps can order what they see.
	Arriving()
	// Forwarded shows bytes that have been passed on, and the time at which they were read. The last ones may not have
	// reached a reader that has gone.
	// The bytes are only lent: b must not be retained or modified.
	Forwarded(b []byte, read time.Time)
	// Ended announces that the direction carries no more bytes. It is called exactly once, after the last Forwarded and
	// before Wait returns. Whole is false if the writer may have had more to say: the reader has gone, or both are cut off.
	Ended(at time.Time, whole bool)
}

// tapGuard protects the relay from its Tap: after a panic, or the end of the stream, the Tap is not called again. A nil
// *tapGuard stands for no Tap.
type tapGuard struct {
	failed func(recovered any)

	// mu is contended only if a pump hangs in a read that cannot be interrupted, and Wait ends its tap instead.
	mu  sync.Mutex
	tap Tap // nil once it has ended or panicked
}

func newTapGuard(tap Tap, failed func(any)) *tapGuard {
	if tap == nil {
		return nil
	}
	return &tapGuard{tap: tap, failed: failed}
}

// arriving announces bytes or the end of the stream, and returns the time at which they were read.
func (g *tapGuard) arriving() time.Time {
	g.call(Tap.Arriving)
	return time.Now()
}

func (g *tapGuard) forwarded(b []byte, read time.Time) {
	g.call(func(tap Tap) { tap.Forwarded(b, read) })
}

func (g *tapGuard) end(at time.Time, whole bool) {
	g.call(func(tap Tap) {
		tap.Ended(at, whole)
		g.tap = nil
	})
}

// call calls the Tap, and drops it if it panics: bytes have to keep flowing, whatever happens in a tap.
func (g *tapGuard) call(f func(Tap)) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			g.tap = nil
			if g.failed != nil {
				defer func() { _ = recover() }() // the callback may panic too
				g.failed(r)
			}
		}
	}()
	if g.tap != nil {
		f(g.tap)
	}
}
