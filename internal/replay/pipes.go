package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

// maxLine bounds a line of the server's. A longer one ends the session, as for other clients.
const maxLine = 64 << 20

// readLines reads lines, with their line feeds, until the end of the server's output, which closes the channel.
func readLines(in io.Reader, lines chan<- []byte, done <-chan struct{}) {
	defer close(lines)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		var line []byte
		part, err := r.ReadSlice('\n')
		for line = bytes.Clone(part); errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxLine; line = append(line, part...) {
			part, err = r.ReadSlice('\n')
		}
		if len(line) > 0 {
			select {
			case lines <- line:
			case <-done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// writer writes lines in a goroutine of its own: a server need not read while it writes.
type writer struct {
	out     io.WriteCloser
	queue   chan []byte
	written chan struct{}
}

// queuedLines is how many lines a server may leave unread. Those beyond are lost, as is their answer.
const queuedLines = 64 << 10

func newWriter(out io.WriteCloser) *writer {
	w := &writer{out, make(chan []byte, queuedLines), make(chan struct{})}
	go func() { // ends with close: a write that is blocked fails once the pipe is closed
		defer close(w.written)
		for line := range w.queue {
			if _, err := out.Write(line); err != nil {
				break
			}
		}
		for range w.queue { // nothing more can be written
		}
	}()
	return w
}

func (w *writer) write(line []byte) {
	select {
	case w.queue <- line:
	default:
	}
}

// close ends the server's input after what is queued, and at the latest after a while.
func (w *writer) close(most time.Duration) {
	close(w.queue)
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-w.written:
	case <-timer.C:
	}
	_ = w.out.Close() // what could fail has failed before
}
