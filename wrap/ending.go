package wrap

import (
	"sync"
	"time"
)

// End is what ended a session: the first thing that either side did to end it.
type End uint8

// What can end a session.
const (
	ServerEnded End = iota + 1 // the server exited, or closed its end of its input or output
	ClientLeft                 // the client closed its end of the server's input or output
	Signaled                   // the host sent a signal that ends a server
	HostDied                   // the host's process ended
)

// obeyTime is how long after a signal the server's end counts as caused by it. Some servers take SIGHUP for a request
// to reload, and outlive it.
const obeyTime = time.Minute

// ending remembers what ended the session: the first report counts. Each side's end is reported before it is passed
// on, so that what the other side does in response is always reported after it, however goroutines are scheduled. Hosts
// close a server's input as soon as its output ends, and servers exit as soon as their input does.
type ending struct {
	mu    sync.Mutex
	first End // 0: none of it has happened
	at    time.Time
}

func (e *ending) report(what End) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.first == 0 || e.first == Signaled && (what == Signaled || now.Sub(e.at) > obeyTime) {
		e.first, e.at = what, now
	}
}

// what returns what was reported first.
func (e *ending) what() End {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.first
}
