package wrap

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	bufferSize = 64 << 10 // what a pump moves at most at a time: the capacity of a pipe on Linux

	stopTimeout  = 200 * time.Millisecond // how long an interrupted pump may take to notice; it needs microseconds
	stallTimeout = 500 * time.Millisecond // how long a client that does not read delays a requested end

	// yieldAfter is how long a busy pump runs before it yields. One that has run for 10 ms is taken off its processor by
	// the runtime's monitor, which then looks again every 20 µs for a while: that costs more than the yield.
	yieldAfter = 5 * time.Millisecond

	drainTick = 10 * time.Millisecond // how often drain looks at its pump
	idleTicks = 5                     // for how many looks in a row a pump must have had nothing to do
	mostLeft  = 1<<20 + bufferSize    // Linux's largest pipe for an ordinary process, and the pump's buffer
)

// pump carries one direction: a blocking read, a blocking write, then the tap. Blocking in the system call, and not in
// Go's poller, is what makes a round trip as fast as one through cat: see relay_bench_test.go.
//
// The methods that end or await a pump accept a nil *pump, which stands for a stream that is not relayed.
type pump struct {
	from, to *endpoint
	tap      *tapGuard

	read, written atomic.Int64
	stopped       atomic.Bool
	endings       endings       // what to report
	done          chan struct{} // closed when both ends are closed and the tap has ended
}

// endings are called when one side of a pump has come to its end by itself, before that is passed on to the other.
type endings struct{ writer, reader func() }

// report calls f unless the pump was stopped: then the other pump has seen the reason.
func (p *pump) report(f func()) {
	if f != nil && !p.stopped.Load() {
		f()
	}
}

// run returns at the end of from, or when to no longer takes bytes. It passes either on: the reader of to sees the end
// of the stream, and the writer of from a broken pipe.
func (p *pump) run() {
	defer close(p.done)
	whole := p.copy()
	at := p.tap.arriving()
	p.to.close()
	p.from.close()
	p.tap.end(at, whole)
}

// copy counts a piece as read before it shows it to the tap and as written after that: while the two counts differ, the
// pump has something in hand. It reports whether from has come to its end by itself.
func (p *pump) copy() (whole bool) {
	buf := make([]byte, bufferSize)
	yielded, full := time.Now(), false
	for {
		n, err := p.from.read(buf)
		if n <= 0 || err != nil {
			whole = !p.stopped.Load()
			p.report(p.endings.writer)
			return whole
		}
		p.read.Add(int64(n))
		read := p.tap.arriving()
		piece := buf[:n]
		if n == len(buf) && !full {
			// A large message begins. The pipe has no room for all of the piece if its reader has left something in it, and
			// if it reads no more, only a tap that has seen the beginning can name the call that blocks.
			err = p.pass(piece[:n/2], read)
			piece, read = piece[n/2:], p.tap.arriving()
		}
		full = n == len(buf)
		if err == nil {
			err = p.pass(piece, read)
		} else {
			p.tap.forwarded(piece, read)
		}
		if err != nil {
			p.report(p.endings.reader)
			return false
		}
		if read.Sub(yielded) > yieldAfter {
			runtime.Gosched()
			yielded = read
		}
	}
}

// pass writes a piece and shows it to the tap, also what the reader did not take any more: the writer has said it.
func (p *pump) pass(piece []byte, read time.Time) error {
	done, err := p.to.write(piece)
	p.tap.forwarded(piece, read)
	p.written.Add(int64(done))
	return err
}

// stop ends a pump from outside, even one that is blocked, because one of its peers has gone.
//
// Only Linux can interrupt a blocked system call. Elsewhere the pump's goroutine stays behind until the other peer
// moves or the process exits, but its ends are released and its tap has ended all the same.
func (p *pump) stop() {
	if p == nil {
		return
	}
	p.stopped.Store(true)
	// The reading end first: what it reads from then on is the end of the stream.
	p.from.detach()
	p.to.detach()
	interruptBlocked()
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.tap.end(p.tap.arriving(), false)
	}
}

// drain waits, after the server has ended, until all that it wrote has been passed on. It waits for a client that reads
// slowly, as a bare server would have waited in its write. Two things cut the wait short:
//
//   - another process keeps the pipe open past the deadline, and all that the server wrote has been passed on: the pump
//     has had nothing to do for idleTicks, or has written more than the server can have left behind;
//   - the host wants the end: interrupted is closed, or endRequested holds and nothing has moved for stallTimeout.
func (p *pump) drain(deadline time.Time, endRequested func() bool, interrupted <-chan struct{}) {
	if p == nil {
		return
	}
	last, moved, idle := p.written.Load(), time.Now(), 0
	limit := last + mostLeft
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-interrupted:
			p.stop()
			return
		case now := <-tick.C:
			read, written := p.read.Load(), p.written.Load()
			if idle++; read != written {
				idle = 0
			}
			if written != last {
				last, moved = written, now
			}
			heldOpen := now.After(deadline) && (idle >= idleTicks || written >= limit)
			stalled := now.Sub(moved) >= stallTimeout && endRequested()
			if heldOpen || stalled {
				p.stop()
				return
			}
		}
	}
}
