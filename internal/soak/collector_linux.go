package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// desk is what a receiver needs of a test. The interface is embedded because only package testing can implement all of it;
// a method that is not here would panic.
type desk struct {
	testing.TB
	mu       sync.Mutex
	cleanups []func()
	failed   error
}

// Helper does nothing.
func (d *desk) Helper() {}

// Cleanup remembers what is to be done at the end.
func (d *desk) Cleanup(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cleanups = append(d.cleanups, f)
}

// Errorf remembers a failure.
func (d *desk) Errorf(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = fmt.Errorf("the receiver: "+format, args...) //nolint:err113 // for a person alone
}

// Fatalf is a failure that the soak cannot go on after.
func (d *desk) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf("soak: the receiver: "+format, args...))
}

// Fatal is the same.
func (d *desk) Fatal(args ...any) { panic("soak: the receiver: " + fmt.Sprint(args...)) }

func (d *desk) close() error {
	for i := len(d.cleanups) - 1; i >= 0; i-- {
		d.cleanups[i]()
	}
	return d.failed
}

// collector is a receiver that, if it is not healthy, does something else all the time.
type collector struct {
	*otlptest.Receiver
	desk *desk
	stop chan struct{}
	done sync.WaitGroup
}

func newCollector(r *rand.Rand, healthy bool) *collector {
	if !healthy {
		return newCollectorAt(otlptest.Config{}, r)
	}
	d := &desk{}
	return &collector{Receiver: otlptest.Start(d, otlptest.Config{}), desk: d, stop: make(chan struct{})}
}

// newCollectorAt is one that is not healthy.
func newCollectorAt(cfg otlptest.Config, r *rand.Rand) *collector {
	if r.IntN(4) == 0 {
		cfg.Conn = []otlptest.ConnFault{otlptest.Mute, otlptest.Close, otlptest.GarbageConn}[r.IntN(3)]
	}
	d := &desk{}
	c := &collector{Receiver: otlptest.Start(d, cfg), desk: d, stop: make(chan struct{})}
	c.misbehave(r)
	c.done.Go(func() { // ends with close
		for {
			select {
			case <-c.stop:
				return
			case <-time.After(soon(r, 200*time.Millisecond)):
				c.misbehave(r)
			}
		}
	})
	return c
}

func (c *collector) misbehave(r *rand.Rand) {
	faults := []otlptest.Fault{
		otlptest.Accept(), otlptest.Accept(), otlptest.Slow(soon(r, 300*time.Millisecond)), otlptest.Hang(), otlptest.Internal(),
		otlptest.Unavailable(), otlptest.Exhausted(soon(r, 50*time.Millisecond)), otlptest.Garbage(), otlptest.Cut(),
		otlptest.Partial(int64(r.IntN(10)), "no more"),
	}
	for _, s := range []otlptest.Signal{otlptest.Traces, otlptest.Metrics, otlptest.Logs} {
		c.SetFault(faults[r.IntN(len(faults))], s)
	}
}

func (c *collector) close() error {
	close(c.stop)
	c.done.Wait()
	return c.desk.close()
}
