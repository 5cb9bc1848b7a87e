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

// client is the client's side of a session. Its descriptors block, so that it costs little, and the same for every subject.
type client struct {
	in, out int    // what the client writes to and reads from
	buf     []byte // what the last read returned, and more
	id      int
	request []byte
}

var errEnd = errors.New("end of output")

// compose returns a request of the given size, in bytes, that asks for a response of the given size.
func (c *client) compose(size, response int) []byte {
	c.id++
	c.request = fmt.Appendf(c.request[:0], `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"size",`+
		`"arguments":{"bytes":%d,"text":"`, c.id, response)
	if pad := size - len(c.request) - len(tail); pad > 0 {
		c.request = append(c.request, bytes.Repeat([]byte("A"), pad)...)
	}
	c.request = append(c.request, tail...)
	return c.request
}

const tail = "\"}}}\n"

// The sizes of a small call: a tool call with two short arguments and a short response, in bytes.
const (
	smallRequest  = 200
	smallResponse = 100
)

func (c *client) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(c.in, b)
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

// read reads what is available, and returns how many ends of lines that was.
func (c *client) read() (lines int, err error) {
	for {
		n, err := unix.Read(c.out, c.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("reading a response: %w", err)
		}
		if n == 0 {
			return 0, errEnd
		}
		return bytes.Count(c.buf[:n], []byte("\n")), nil
	}
}

// call sends a request, waits for the end of its response, and returns the time in between.
func (c *client) call(request []byte) (time.Duration, error) {
	start := time.Now()
	if err := c.write(request); err != nil {
		return 0, err
	}
	for {
		lines, err := c.read()
		if err != nil {
			return 0, err
		}
		if lines > 0 {
			return time.Since(start), nil
		}
	}
}

// calls makes calls for a time, with a pause before each, and returns their latencies in microseconds.
func (c *client) calls(size, response int, lasting, pause time.Duration) ([]float64, error) {
	var took []float64
	for start := time.Now(); time.Since(start) < lasting || len(took) == 0; {
		time.Sleep(pause)
		d, err := c.call(c.compose(size, response))
		if err != nil {
			return nil, err
		}
		took = append(took, float64(d)/1e3)
	}
	return took, nil
}

// count makes n calls.
func (c *client) count(n int) error {
	for range n {
		if _, err := c.call(c.compose(smallRequest, smallResponse)); err != nil {
			return err
		}
	}
	return nil
}

// huge sends a request of more than size bytes, without holding it in memory, and waits for its response.
func (c *client) huge(size int) error {
	c.id++
	chunk := bytes.Repeat([]byte("A"), 64<<10)
	if err := c.write(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"size","arguments":{"bytes":1,"text":"`, c.id)); err != nil {
		return err
	}
	for sent := 0; sent < size; sent += len(chunk) {
		if err := c.write(chunk); err != nil {
			return err
		}
	}
	_, err := c.call([]byte(tail))
	return err
}

// window is how many requests a pipelining client leaves open. Their responses fit into a pipe, so that neither side
// blocks.
const window = 128

// pipeline keeps many small calls in flight for a time, each with a write of its own as clients do, at the given rate per
// second or as fast as possible (0). It returns how many it made.
func (c *client) pipeline(lasting time.Duration, rate float64) (int, error) {
	var answered, last atomic.Int64
	last.Store(-1)
	failed, done := make(chan error, 1), make(chan struct{})
	room := make(chan struct{}, window)
	go func() { // ends with the last response or a failure; waited for below
		defer close(done)
		for answered.Load() != last.Load() {
			lines, err := c.read()
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
		if err := c.write(c.compose(smallRequest, smallResponse)); err != nil {
			return 0, err
		}
		sent++
	}
	// The last call ends the reader, which may be in a read already.
	room <- struct{}{}
	last.Store(int64(sent) + 1)
	if err := c.write(c.compose(smallRequest, smallResponse)); err != nil {
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
