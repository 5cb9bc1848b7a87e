package wrap

import (
	"sync/atomic"
	"time"
)

const (
	bufferSize = 64 << 10 // what a pump moves at most at a time: the capacity of a pipe on Linux

	abandonTimeout = 200 * time.Millisecond // how long an interrupted pump may take to notice; it needs microseconds
	drainTick      = 10 * time.Millisecond  // how often drain looks at its pump
	stallTimeout   = 500 * time.Millisecond // how long a client that does not read delays a requested end
)

// pump carries one direction: a blocking read, a blocking write, then the tap. Blocking in the system call, and not in
// Go's poller, is what makes a round trip as fast as one through cat: see relay_bench_test.go.
//
// The methods that end or await a pump accept a nil *pump, which stands for a stream that is not relayed.
type pump struct {
	from, to *endpoint
	tap      *tapGuard

	read, written atomic.Int64
	abandoned     atomic.Bool
	eof           atomic.Bool   // from came to its end by itself
	done          chan struct{} // closed when both ends are closed and the tap has ended
}

// run returns at the end of from, or when to no longer takes bytes. It passes either on: the reader of to sees the end
// of the stream, and the writer of from a broken pipe.
func (p *pump) run() {
	defer close(p.done)
	p.copy()
	at := p.tap.arriving()
	p.to.close()
	p.from.close()
	p.tap.end(at)
}

func (p *pump) copy() {
	buf := make([]byte, bufferSize)
	for {
		n, err := p.from.read(buf)
		if n <= 0 || err != nil {
			p.eof.Store(!p.abandoned.Load())
			return
		}
		read := p.tap.arriving()
		p.read.Add(int64(n))
		n, err = p.to.write(buf[:n])
		p.written.Add(int64(n))
		if n > 0 {
			p.tap.forwarded(buf[:n], read)
		}
		if err != nil {
			return
		}
	}
}

// abandon ends a pump from outside, even one that is blocked, because one of its peers has gone.
//
// Only Linux can interrupt a blocked system call. Elsewhere the pump's goroutine stays behind until the other peer
// moves or the process exits, but its ends are released and its tap has ended all the same.
func (p *pump) abandon() {
	if p == nil {
		return
	}
	p.abandoned.Store(true)
	p.from.abandon()
	p.to.abandon()
	interruptBlocked()
	select {
	case <-p.done:
	case <-time.After(abandonTimeout):
		p.tap.end(p.tap.arriving())
	}
}

// finished reports whether the pump has released its ends.
func (p *pump) finished() bool { return p == nil || isClosed(p.done) }

// sawEOF reports whether the stream came to its end by itself.
func (p *pump) sawEOF() bool { return p == nil || p.eof.Load() }

// drain waits, after the server has ended, until all that it wrote has been passed on. It waits for a client that reads
// slowly, as a bare server would have waited in its write. Two things cut the wait short:
//
//   - another process keeps the pipe open past the deadline, and all that the server wrote has been passed on;
//   - the host wants the end: interrupted is closed, or endRequested and nothing has moved for stallTimeout.
func (p *pump) drain(deadline time.Time, endRequested bool, interrupted <-chan struct{}) {
	if p == nil {
		return
	}
	owed := p.from.buffered() + p.read.Load()
	moved, last, wasIdle := time.Now(), p.written.Load(), false
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-interrupted:
			p.abandon()
			return
		case now := <-tick.C:
			if w := p.written.Load(); w != last {
				moved, last = now, w
			}
			// What was read while owed was counted is in it twice. Then only idleness shows that nothing is left.
			idle := p.from.buffered() == 0 && p.read.Load() == p.written.Load()
			heldOpen := !now.Before(deadline) && (last >= owed || idle && wasIdle)
			stalled := endRequested && now.Sub(moved) >= stallTimeout
			if heldOpen || stalled {
				p.abandon()
				return
			}
			wasIdle = idle
		}
	}
}
