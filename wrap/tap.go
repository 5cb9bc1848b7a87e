package wrap

import (
	"sync"
	"time"
)

// look stands between a pump and its Tap: it ends a tap once, survives its panic, and is what a nil Tap costs nothing by
// being nil. The mutex is there for the one case in which a pump hangs in a read that cannot be interrupted and Wait
// ends its tap from outside.
type look struct {
	failed func(recovered any)

	mu  sync.Mutex
	tap Tap // nil once it has ended or panicked
}

func newLook(tap Tap, failed func(any)) *look {
	if tap == nil {
		return nil
	}
	return &look{tap: tap, failed: failed}
}

func (l *look) arriving() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tap == nil {
		return
	}
	defer l.rescueLocked()
	l.tap.Arriving()
}

func (l *look) forwarded(b []byte, read time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tap == nil {
		return
	}
	defer l.rescueLocked()
	l.tap.Forwarded(b, read)
}

// ending announces the end of the stream, and returns its time.
func (l *look) ending() time.Time {
	if l != nil {
		l.arriving()
	}
	return time.Now()
}

func (l *look) end(at time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tap == nil {
		return
	}
	defer func() { l.tap = nil }()
	defer l.rescueLocked()
	l.tap.Ended(at)
}

// rescueLocked is deferred: whatever happens in a tap, the bytes keep flowing.
func (l *look) rescueLocked() {
	r := recover()
	if r == nil {
		return
	}
	l.tap = nil
	if l.failed != nil {
		defer func() { _ = recover() }() // who is told of a panic may not bring us down with another
		l.failed(r)
	}
}
