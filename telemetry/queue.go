package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

const (
	// queueLimit bounds the messages that wait for the consumer or are just being consumed. At the highest rate a pipe carries,
	// it is about 5 ms.
	queueLimit = 4096
	// chunkSize is how many messages memory is taken for at once. A buffer that grew would be copied, and one for each
	// direction on each side would be held four times; chunks are held once, wherever they are needed.
	chunkSize = 256
	// contentLimit bounds the bytes of content among them.
	contentLimit = 4 << 20
	// lineLimit bounds the lines of stderr that wait or are just being consumed.
	lineLimit = 4096
	// tick is how long the first message in an empty queue waits for company. Waking a goroutine costs more than scanning
	// a small message, so messages are drained in batches.
	tick = 20 * time.Millisecond
	// patience is how long a message waits at most for what was read before it and has yet to be scanned. Bytes are passed on
	// before they are looked at: a request's answer can be scanned before the request is, and by far, where the request shares
	// a write with more than the server reads.
	patience = time.Second
	// hurry is how long it waits when the queue fills: order is worth less than messages.
	hurry = 10 * time.Millisecond
)

// chunk is a piece of one direction's messages, in order.
type chunk []session.Message

// queue takes messages from the relay's two goroutines to the consumer. Each direction has its own chunks, since the
// messages of one direction are in order; drain merges them by time. It never blocks: what does not fit is counted.
type queue struct {
	due  *time.Timer   // fires when a batch is due
	full chan struct{} // has an element when a batch should not wait for that

	taken   atomic.Int64 // messages that are being consumed
	dropped *dropped

	mu         sync.Mutex
	chunks     [2][]chunk
	free       []chunk
	length     int // messages that wait
	content    int // bytes of content in them
	lines      []stderrLine
	linesTaken int // lines that are being consumed
	text       int // bytes in both
	closed     bool
}

// dropped counts what did not fit, and what there was no time for.
type dropped struct{ messages, contents atomic.Int64 }

func newQueue() *queue {
	q := &queue{due: time.NewTimer(time.Hour), full: make(chan struct{}, 1), dropped: &dropped{}}
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
	if q.length+int(q.taken.Load()) >= queueLimit {
		q.dropped.messages.Add(1)
		return
	}
	if x := m.Extra; x != nil && x.Content != nil {
		if size := x.Content.Size(); q.admits(size) {
			q.content += size
		} else {
			x.Content = nil
		}
	}
	last := q.room(&q.chunks[m.Dir])
	*last = append(*last, *m)
	q.length++
	q.added(q.length)
}

// room returns the last of a direction's chunks, with a place that is free.
func (q *queue) room(chunks *[]chunk) *chunk {
	if n := len(*chunks); n == 0 || len((*chunks)[n-1]) == chunkSize {
		var empty chunk
		if n := len(q.free); n > 0 {
			empty, q.free = q.free[n-1], q.free[:n-1]
		} else {
			empty = make(chunk, 0, chunkSize)
		}
		*chunks = append(*chunks, empty)
	}
	return &(*chunks)[len(*chunks)-1]
}

// pushLine takes a line of stderr, which is the queue's from then on.
func (q *queue) pushLine(l stderrLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if len(q.lines)+q.linesTaken >= lineLimit {
		q.dropped.contents.Add(1)
		return
	}
	if !q.admits(len(l.raw)) {
		return
	}
	q.text += len(l.raw)
	q.lines = append(q.lines, l)
	q.added(len(q.lines))
}

// admits says whether there is room for so many bytes of content, and counts what there is not.
func (q *queue) admits(size int) bool {
	if q.content+q.text+size > contentLimit {
		q.dropped.contents.Add(1)
		return false
	}
	return true
}

// added sees to it that the consumer comes, when so many messages, or lines, wait.
func (q *queue) added(waiting int) {
	switch waiting {
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

// abandon closes the queue and counts what nobody is going to see, with what has been taken and not consumed.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.dropped.messages.Add(q.taken.Load())
	for _, direction := range q.chunks {
		for _, c := range direction {
			q.dropped.messages.Add(int64(len(c)))
		}
	}
	q.dropped.contents.Add(int64(len(q.lines) + q.linesTaken))
	q.chunks, q.lines = [2][]chunk{}, nil
}

// takeLines takes the lines of stderr out of the queue. Each that has been consumed is to be told by seenLine.
func (q *queue) takeLines() []stderrLine {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines := q.lines
	q.lines = nil
	q.linesTaken += len(lines)
	return lines
}

func (q *queue) seenLine(l stderrLine) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.linesTaken--
	q.text -= len(l.raw)
}

// take takes the messages out of the queue before which no other can come: those that were read until settled, and those
// that have waited for long enough. It says until when that is. Each message that has been consumed is to be taken off taken,
// and each chunk to be given back.
func (q *queue) take(now, settled time.Duration) ([2][]chunk, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	wait := patience
	if q.length >= queueLimit/4 || q.content >= contentLimit/4 {
		wait = hurry
	}
	until := max(settled, now-wait)
	var taken [2][]chunk
	waiting, content := 0, 0
	for dir, all := range q.chunks {
		q.chunks[dir] = nil
		for _, c := range all {
			n := len(c)
			for n > 0 && c[n-1].Last > until {
				n--
			}
			for i := range c[n:] {
				last := q.room(&q.chunks[dir])
				*last = append(*last, c[n+i])
				if x := c[n+i].Extra; x != nil && x.Content != nil {
					content += x.Content.Size()
				}
			}
			waiting += len(c) - n
			clear(c[n:])
			if n > 0 {
				taken[dir] = append(taken[dir], c[:n])
			} else {
				q.free = append(q.free, c[:0])
			}
			q.taken.Add(int64(n))
		}
	}
	q.length, q.content = waiting, content
	if waiting > 0 {
		q.due.Reset(tick)
	}
	return taken, until
}

// giveBack takes a chunk whose messages have been consumed, and are forgotten.
func (q *queue) giveBack(c chunk) {
	clear(c)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free = append(q.free, c[:0])
}

// merger is the messages of both directions in the order in which they were read.
type merger [2]cursor

func newMerger(taken [2][]chunk) merger { return merger{{chunks: taken[0]}, {chunks: taken[1]}} }

// each calls f with the messages that are left, and done with each chunk of which none is left. It goes on until stop is
// closed, and says whether it has come to the end.
func (m *merger) each(f func(*session.Message), done func(chunk), stop <-chan struct{}) bool {
	for {
		first := &m[0]
		if a, b := m[0].head(), m[1].head(); a == nil || b != nil && b.Last < a.Last {
			first = &m[1]
		}
		message := first.head()
		if message == nil {
			return true
		}
		if closed(stop) {
			return false
		}
		f(message)
		first.next(done)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// cursor is a place in one direction's messages.
type cursor struct {
	chunks []chunk
	at     int // in the first chunk
}

func (c *cursor) head() *session.Message {
	if len(c.chunks) == 0 {
		return nil
	}
	return &c.chunks[0][c.at]
}

func (c *cursor) next(done func(chunk)) {
	if c.at++; c.at == len(c.chunks[0]) {
		done(c.chunks[0])
		c.chunks, c.at = c.chunks[1:], 0
	}
}
