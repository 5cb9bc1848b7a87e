package wrap

import (
	"sync/atomic"
	"time"
)

// bufferSize is what a pump moves at most at a time: the capacity of a pipe on Linux.
const bufferSize = 64 << 10

// pump carries one direction: a blocking read, a blocking write, then the look. Blocking in the system call, and not
// in Go's poller, is what makes a round trip as quick as through cat: see relay_bench_test.go.
type pump struct {
	from, to *end
	look     *look

	read, written atomic.Int64
	abandoned     atomic.Bool
	eof           atomic.Bool   // from came to its end by itself
	done          chan struct{} // closed when both ends are closed and the tap has ended
}

func newPump(from, to *end, look *look) *pump {
	return &pump{from: from, to: to, look: look, done: make(chan struct{})}
}

// run ends at the end of from, or when to no longer takes bytes, and hands either on: the reader of to sees the end of
// the stream, and the writer of from a broken pipe.
func (p *pump) run() {
	defer close(p.done)
	p.copy()
	at := p.look.ending()
	p.to.close()
	p.from.close()
	p.look.end(at)
}

func (p *pump) copy() {
	buf := make([]byte, bufferSize)
	for {
		n, err := p.from.read(buf)
		if n <= 0 || err != nil {
			p.eof.Store(!p.abandoned.Load())
			return
		}
		var read time.Time
		if p.look != nil {
			p.look.arriving()
			read = time.Now()
		}
		p.read.Add(int64(n))
		n, err = p.to.write(buf[:n])
		p.written.Add(int64(n))
		if p.look != nil && n > 0 {
			p.look.forwarded(buf[:n], read)
		}
		if err != nil {
			return
		}
	}
}

// abandon ends a pump from outside, also one that is blocked: nobody is there any more for what it could carry. Where a
// blocked system call cannot be interrupted (other systems than Linux) its goroutine stays behind until the other side
// moves or the process exits; its ends are let go of and its tap is ended all the same.
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
	case <-time.After(abandonPatience):
		p.look.end(p.look.ending())
	}
}

// ended says whether the pump has let go of its ends.
func (p *pump) ended() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// abandonPatience is how long an interrupted pump may take to notice. It needs microseconds.
const abandonPatience = 200 * time.Millisecond

// drain waits, after the server has ended, until all that it wrote has been passed on. A client that reads slowly is
// waited for, as a bare server would have waited in its write. Two things end the wait: another process that holds the
// pipe open past the deadline, and a host that wants the end: letGo is closed, or told says that it asked for the end
// before, and for stallLimit nothing has moved.
func (p *pump) drain(deadline time.Time, told bool, letGo <-chan struct{}) {
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
		case <-letGo:
			p.abandon()
			return
		case now := <-tick.C:
			if w := p.written.Load(); w != last {
				moved, last = now, w
			}
			// owed is too much by what was read while it was counted; then only idleness says that nothing is left.
			idle := p.from.buffered() == 0 && p.read.Load() == p.written.Load()
			held := !now.Before(deadline) && (last >= owed || idle && wasIdle)
			stalled := told && now.Sub(moved) >= stallLimit
			if held || stalled {
				p.abandon()
				return
			}
			wasIdle = idle
		}
	}
}

const (
	drainTick  = 10 * time.Millisecond
	stallLimit = 500 * time.Millisecond
)
