//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// line is the client's side of a conversation. Its descriptors block, so that the client costs little, and the same for
// every subject.
type line struct {
	in, out int // what the client writes to and reads from
	buf     []byte
	id      int
	request []byte
}

var errHungUp = errors.New("the other side has hung up")

// compose makes a request of the given size, in bytes, for an answer of the given size.
func (l *line) compose(size, answer int) []byte {
	l.id++
	l.request = fmt.Appendf(l.request[:0], `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"search","arguments":{"bytes":%d,"text":"`, l.id, answer)
	if pad := size - len(l.request) - len(tail); pad > 0 {
		l.request = append(l.request, bytes.Repeat([]byte("A"), pad)...)
	}
	l.request = append(l.request, tail...)
	return l.request
}

const tail = "\"}}}\n"

// The sizes of a small call: what a tool call with two short arguments has, and its short answer.
const (
	smallRequest = 200
	smallAnswer  = 100
)

func (l *line) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(l.in, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("writing a request: %w", err)
		}
		b = b[n:]
	}
	return nil
}

// read reads what there is and says how many lines ended in it.
func (l *line) read() (n, lines int, err error) {
	for {
		n, err = unix.Read(l.out, l.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("reading an answer: %w", err)
		}
		if n == 0 {
			return 0, 0, errHungUp
		}
		return n, bytes.Count(l.buf[:n], []byte("\n")), nil
	}
}

// call sends a request and waits for the end of its answer.
func (l *line) call(request []byte) (time.Duration, error) {
	start := time.Now()
	if err := l.write(request); err != nil {
		return 0, err
	}
	for {
		_, lines, err := l.read()
		if err != nil {
			return 0, err
		}
		if lines > 0 {
			return time.Since(start), nil
		}
	}
}

// calls makes calls for so long, with a pause before each, and returns their times in microseconds.
func (l *line) calls(size, answer int, lasting, pause time.Duration) ([]float64, error) {
	var took []float64
	for start := time.Now(); time.Since(start) < lasting || len(took) == 0; {
		time.Sleep(pause)
		d, err := l.call(l.compose(size, answer))
		if err != nil {
			return nil, err
		}
		took = append(took, float64(d)/1e3)
	}
	return took, nil
}

// count makes so many calls.
func (l *line) count(n int) error {
	for range n {
		if _, err := l.call(l.compose(smallRequest, smallAnswer)); err != nil {
			return err
		}
	}
	return nil
}

// huge sends a request whose line is too long to be kept in memory here.
func (l *line) huge(size int) error {
	l.id++
	chunk := bytes.Repeat([]byte("A"), 64<<10)
	if err := l.write(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"search","arguments":{"bytes":1,"text":"`, l.id)); err != nil {
		return err
	}
	for sent := 0; sent < size; sent += len(chunk) {
		if err := l.write(chunk); err != nil {
			return err
		}
	}
	_, err := l.call([]byte(tail))
	return err
}

// window is how many requests a pipelining client leaves open. Their answers fit into a pipe, so that nothing can get stuck.
const window = 128

// pipeline keeps many small calls in flight, each written on its own as clients do, for so long, at the given rate a
// second or as fast as it goes (0), and returns how many it made.
func (l *line) pipeline(lasting time.Duration, rate float64) (int, error) {
	var answered, last atomic.Int64
	last.Store(-1)
	failed, done := make(chan error, 1), make(chan struct{})
	room := make(chan struct{}, window)
	go func() { // ends with the last answer or a failure; waited for below
		defer close(done)
		for answered.Load() != last.Load() {
			_, lines, err := l.read()
			if err != nil {
				failed <- err
				return
			}
			answered.Add(int64(lines))
			for range lines {
				<-room
			}
		}
	}()
	sent := 0
	for start := time.Now(); ; {
		passed := time.Since(start)
		if passed >= lasting {
			break
		}
		if rate > 0 && float64(sent) > rate*passed.Seconds() {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		select {
		case room <- struct{}{}:
		case err := <-failed:
			return 0, err
		}
		if err := l.write(l.compose(smallRequest, smallAnswer)); err != nil {
			return 0, err
		}
		sent++
	}
	// One call more, so that the reader is not left in a read that nothing will end.
	room <- struct{}{}
	last.Store(int64(sent) + 1)
	if err := l.write(l.compose(smallRequest, smallAnswer)); err != nil {
		return 0, err
	}
	<-done
	select {
	case err := <-failed:
		return 0, err
	default:
		return sent + 1, nil
	}
}
