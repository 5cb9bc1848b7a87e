package telemetry

import (
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	// queueLimit bounds the messages that wait for the consumer. At the highest rate a pipe carries, it is about 10 ms.
	queueLimit = 8192
	// contentLimit bounds the bytes of content among them.
	contentLimit = 4 << 20
	// tick is how long the first message in an empty queue waits for company. Waking a goroutine costs more than scanning
	// a small message, so messages are drained in batches.
	tick = 20 * time.Millisecond
)

// queue takes messages from the relay's two goroutines to the consumer. Each direction has its own buffer, since the
// messages of one direction are in order; drain merges them by time. It never blocks: what does not fit is counted.
type queue struct {
	due  *time.Timer   // fires when a batch is due
	full chan struct{} // has an element when a batch should not wait for that

	mu      sync.Mutex
	buffers [2][]session.Message
	length  int
	lines   []stderrLine
	content int // bytes of content in messages and lines
	dropped dropped
	closed  bool
}

// dropped counts what did not fit.
type dropped struct{ messages, contents int64 }

func newQueue() *queue {
	q := &queue{due: time.NewTimer(time.Hour), full: make(chan struct{}, 1)}
	q.due.Stop()
	return q
}

// push copies the message into the queue.
func (q *queue) push(m *session.Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if q.length == queueLimit {
		q.dropped.messages++
		return
	}
	if x := m.Extra; x != nil && x.Content != nil && !q.admit(x.Content.Size()) {
		x.Content = nil
	}
	q.buffers[m.Dir] = append(q.buffers[m.Dir], *m)
	q.added()
}

// pushLine takes a line of stderr, which is the queue's from then on.
func (q *queue) pushLine(l stderrLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.length == queueLimit || !q.admit(len(l.raw)) {
		return
	}
	q.lines = append(q.lines, l)
	q.added()
}

// admit says whether there is room for so many bytes of content, and counts what there is not.
func (q *queue) admit(size int) bool {
	if q.content+size > contentLimit {
		q.dropped.contents++
		return false
	}
	q.content += size
	return true
}

// added sees to it that the consumer comes.
func (q *queue) added() {
	switch q.length++; q.length {
	case 1:
		q.due.Reset(tick)
	case queueLimit / 4:
		select {
		case q.full <- struct{}{}:
		default:
		}
	}
}

// close makes push do nothing from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// swapLines takes the lines of stderr out of the queue.
func (q *queue) swapLines() []stderrLine {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines := q.lines
	q.lines = nil
	return lines
}

// swap takes all messages out of the queue, leaving the given empty buffers in its place, and says how many messages have
// been dropped since the last swap.
func (q *queue) swap(with [2][]session.Message) ([2][]session.Message, dropped) {
	q.mu.Lock()
	defer q.mu.Unlock()
	buffers, lost := q.buffers, q.dropped
	q.buffers, q.length, q.content, q.dropped = with, 0, 0, dropped{}
	return buffers, lost
}

// merge calls f with the messages of both directions in the order in which they were read.
func merge(buffers [2][]session.Message, f func(*session.Message)) {
	a, b := buffers[session.ToServer], buffers[session.ToClient]
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Last <= b[0].Last {
			f(&a[0])
			a = a[1:]
		} else {
			f(&b[0])
			b = b[1:]
		}
	}
}
