package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

// batchDelay is how long the first message in an empty queue waits for others. Waking a goroutine costs more than
// scanning a small message, so messages are consumed in batches.
const batchDelay = 20 * time.Millisecond

// queue carries messages from the relay's goroutines to the consumer. It never blocks: what does not fit is dropped
// and counted. It keeps the order in which messages were scanned; the consumer merges the directions by time.
type queue struct {
	due  *time.Timer   // fires when a batch is due
	full chan struct{} // holds an element when a batch should not wait for due

	// What was accepted and has not been consumed, whether it is still in the queue or already with the consumer.
	messages, lineCount, content atomic.Int64

	dropped dropped

	mu      sync.Mutex
	waiting []session.Raw
	lines   []stderrLine
	closed  bool
}

// stderrLine is a line as it came, before redaction.
type stderrLine struct {
	raw []byte
	cut bool
	key bool // a private key follows, which is left out
	at  time.Duration
}

// dropped counts what did not fit or was discarded at the end.
type dropped struct{ messages, contents atomic.Int64 }

func newQueue() *queue {
	q := &queue{due: time.NewTimer(time.Hour), full: make(chan struct{}, 1)}
	q.due.Stop()
	return q
}

// push copies a message into the queue. Its content is dropped if there is no room for it.
func (q *queue) push(m *session.Raw) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if q.messages.Load() >= messageLimit {
		q.dropped.messages.Add(1)
		return
	}
	if !q.admitsLocked(m.Content.Size()) {
		m.Content = nil
	}
	if m.Measure != nil && !q.admitsLocked(m.Measure.Size()) {
		m.Measure = tooMuch
	}
	q.waiting = append(q.waiting, *m)
	q.messages.Add(1)
	q.wakeLocked()
}

// tooMuch stands for content that metric rules would have looked at. It must not be changed.
var tooMuch = &session.RawContent{Result: session.Piece{Truncated: true}}

// pushLine queues a line of stderr, which belongs to the queue from then on.
func (q *queue) pushLine(l stderrLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if q.lineCount.Load() >= lineLimit {
		q.dropped.contents.Add(1)
		return
	}
	if !q.admitsLocked(len(l.raw)) {
		return
	}
	q.lines = append(q.lines, l)
	q.lineCount.Add(1)
	q.wakeLocked()
}

// admitsLocked reports whether there is room for so many bytes of content, and counts the content as dropped if not.
func (q *queue) admitsLocked(size int) bool {
	if q.content.Load()+int64(size) > contentLimit {
		q.dropped.contents.Add(1)
		return false
	}
	q.content.Add(int64(size))
	return true
}

// wakeLocked sees to it that the consumer comes for what waits: the first starts the timer, many do not wait for it.
func (q *queue) wakeLocked() {
	switch len(q.waiting) + len(q.lines) {
	case 1:
		q.due.Reset(batchDelay)
	case messageLimit / 4:
		select {
		case q.full <- struct{}{}:
		default:
		}
	}
}

// take moves what waits into the consumer's buffers. The consumer calls consumed and consumedLine for each element.
func (q *queue) take(messages *[]session.Raw, lines *[]stderrLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(*messages) == 0 { // as a rule: then the buffers trade places, and a flood makes no garbage
		*messages, q.waiting = q.waiting, *messages
	} else {
		*messages = append(*messages, q.waiting...)
		clear(q.waiting)
	}
	q.waiting = q.waiting[:0]
	*lines = append(*lines, q.lines...)
	q.lines = nil
}

// later starts the timer again, for messages that the consumer has taken and cannot consume yet.
func (q *queue) later() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.due.Reset(batchDelay)
}

// consumed releases the room that a message took. Its content, if it had any, is gone by then.
func (q *queue) consumed(content int) {
	q.messages.Add(-1)
	q.content.Add(-int64(content))
}

func (q *queue) consumedLine(l stderrLine) {
	q.lineCount.Add(-1)
	q.content.Add(-int64(len(l.raw)))
}

// filling reports whether so much waits that speed is worth more than order.
func (q *queue) filling() bool {
	return q.messages.Load() >= messageLimit/4 || q.content.Load() >= contentLimit/4
}

// close makes push do nothing from now on. It drops and counts what waits, which may be content.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.dropped.messages.Add(int64(len(q.waiting)))
	q.messages.Add(-int64(len(q.waiting)))
	q.dropped.contents.Add(int64(len(q.lines)))
	q.lineCount.Add(-int64(len(q.lines)))
	q.waiting, q.lines = nil, nil
}

// discard closes the queue and counts as dropped what has not been consumed.
func (q *queue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.dropped.messages.Add(q.messages.Load())
	q.dropped.contents.Add(q.lineCount.Load())
	q.waiting, q.lines = nil, nil
}
