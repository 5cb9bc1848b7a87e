package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// collector is a receiver that, unless it is healthy, changes its behavior all the time.
type collector struct {
	*otlptest.Receiver
	stop chan struct{}
	done sync.WaitGroup
}

// newCollector starts a healthy collector.
func newCollector(cfg otlptest.Config) (*collector, error) {
	r, err := otlptest.Listen(cfg)
	return &collector{Receiver: r, stop: make(chan struct{})}, err
}

// newFaultyCollector starts a collector that misbehaves at random.
func newFaultyCollector(cfg otlptest.Config, r *rand.Rand) (*collector, error) {
	if r.IntN(4) == 0 {
		cfg.Conn = []otlptest.ConnFault{otlptest.Mute, otlptest.Close, otlptest.GarbageConn}[r.IntN(3)]
	}
	c, err := newCollector(cfg)
	if err != nil {
		return nil, err
	}
	c.misbehave(r)
	c.done.Go(func() { // ends with close, which waits
		for {
			select {
			case <-c.stop:
				return
			case <-time.After(randomDelay(r, 200*time.Millisecond)):
				c.misbehave(r)
			}
		}
	})
	return c, nil
}

// misbehave sets a random fault for each signal. Two of the ten are no fault, so that some telemetry gets through.
func (c *collector) misbehave(r *rand.Rand) {
	faults := []otlptest.Fault{
		otlptest.Accept(), otlptest.Accept(), otlptest.Slow(randomDelay(r, 300*time.Millisecond)), otlptest.Hang(),
		otlptest.Internal(), otlptest.Unavailable(), otlptest.Exhausted(randomDelay(r, 50*time.Millisecond)),
		otlptest.Garbage(), otlptest.Cut(), otlptest.Partial(int64(r.IntN(10)), "no more"),
	}
	for _, s := range []otlptest.Signal{otlptest.Traces, otlptest.Metrics, otlptest.Logs} {
		c.SetFault(faults[r.IntN(len(faults))], s)
	}
}

func (c *collector) close() {
	close(c.stop)
	c.done.Wait()
	c.Stop()
}

// callSpans returns how many spans of tool calls have arrived. A retry may deliver a span twice.
func (c *collector) callSpans() int {
	ids := map[string]bool{}
	for _, span := range c.Spans() {
		if span.Attrs.String("mcp.method.name") == "tools/call" {
			ids[span.SpanID] = true
		}
	}
	return len(ids)
}
