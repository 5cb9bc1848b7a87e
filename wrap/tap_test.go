package wrap_test

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
	"time"
)

// tap records what it is shown.
type tap struct {
	mu    sync.Mutex
	hash  hash.Hash
	bytes int64
	calls int
	ended int
	last  time.Time
	early bool // a call came after the end or was not announced, or a time went backwards

	announced time.Time // zero once bytes have been seen
}

func countingTap() *tap { return &tap{hash: sha256.New()} }

func (t *tap) Arriving() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.announced = time.Now()
}

func (t *tap) Forwarded(b []byte, read time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = t.early || t.ended > 0 || read.Before(t.last) || t.announced.IsZero() || read.Before(t.announced)
	t.last, t.announced = read, time.Time{}
	t.hash.Write(b)
	t.bytes += int64(len(b))
	t.calls++
}

func (t *tap) Ended(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = t.early || at.Before(t.last) || t.announced.IsZero() || at.Before(t.announced)
	t.ended++
}

func (t *tap) sum() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return hex.EncodeToString(t.hash.Sum(nil))
}

// panicking is a tap that fails at once.
type panicking struct{}

func (panicking) Arriving()                   {}
func (panicking) Forwarded([]byte, time.Time) { panic("in the tap") }
func (panicking) Ended(time.Time)             { panic("at the end") }

// sizing is a tap that costs nearly nothing.
type sizing struct{ bytes int }

func (s *sizing) Arriving()                       {}
func (s *sizing) Forwarded(b []byte, _ time.Time) { s.bytes += len(b) }
func (s *sizing) Ended(time.Time)                 {}
