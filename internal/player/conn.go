package player

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// message is any JSON-RPC message.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// incoming is a message whose parts have not been parsed.
type incoming struct {
	ID             json.RawMessage
	Method         string
	Params, Result json.RawMessage
	Error          *Error
}

// maxMessage bounds a line of the server's: a longer one ends the session.
const maxMessage = 64 << 20

// ErrTooLong is why a session has ended in which the server wrote too long a line.
var ErrTooLong = errors.New("a line of more than 64 MiB")

// conn is a connection: it sends requests and finds their answers. Two goroutines belong to it. The one that reads ends with
// the server's output, the one that writes with close.
type conn struct {
	out     io.WriteCloser
	timeout time.Duration
	queue   chan []byte
	closed  chan struct{} // what is queued is the last
	written chan struct{} // it has been written, or cannot be
	ended   chan struct{} // no more will be read, see err

	mu      sync.Mutex
	next    int
	waiting map[string]chan incoming // by id
	strays  Strays
	err     error // why there is no more to read
}

// Strays are lines on the server's stdout that are no messages. Strict clients end the connection there.
type Strays struct {
	Lines int
	First string // the beginning of the first one
}

func connect(in io.Reader, out io.WriteCloser, timeout time.Duration) *conn {
	c := &conn{
		out: out, timeout: timeout, queue: make(chan []byte, 64), closed: make(chan struct{}),
		written: make(chan struct{}), ended: make(chan struct{}), waiting: map[string]chan incoming{},
	}
	go c.write()
	go c.read(in)
	return c
}

// write writes what is queued, until close.
func (c *conn) write() {
	defer close(c.written)
	for {
		var text []byte
		select {
		case text = <-c.queue:
		case <-c.closed:
			select {
			case text = <-c.queue:
			default:
				return
			}
		}
		if _, err := c.out.Write(text); err != nil {
			c.end(err)
			return
		}
	}
}

// lastWrites is how long close waits for a server that does not read.
const lastWrites = time.Second

// close ends the server's input after what is queued. A write that is blocked for long fails.
func (c *conn) close() error {
	close(c.closed)
	select {
	case <-c.written:
	case <-time.After(lastWrites):
	}
	return c.out.Close()
}

// end notes that no more answers will come.
func (c *conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.ended)
	}
}

// read reads messages to the end of the server's output.
func (c *conn) read(in io.Reader) {
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(lines)
		if text := bytes.TrimPrefix(bytes.TrimSpace(line), []byte("\ufeff")); len(text) > 0 {
			c.line(text)
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

// readLine reads up to the next line feed, which is the only delimiter: other software breaks lines at U+2028 as well.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		} else if len(line) > maxMessage {
			return nil, ErrTooLong
		}
	}
}

// line handles one line: a message, a batch of them (2025-03-26), or what is neither.
func (c *conn) line(text []byte) {
	batch := []json.RawMessage{text}
	if text[0] == '[' && json.Unmarshal(text, &batch) != nil {
		batch = []json.RawMessage{text}
	}
	for _, one := range batch {
		var m incoming
		if err := json.Unmarshal(one, &m); err != nil || m.Method == "" && m.Result == nil && m.Error == nil {
			c.stray(text)
			return
		}
		switch {
		case m.Method == "":
			c.answered(m)
		case m.Method == "initialize": // a client's; an answer to it would come back as that of the server
			c.end(ErrEcho)
		case len(m.ID) > 0:
			c.serve(m)
		}
	}
}

func (c *conn) stray(text []byte) {
	const most = 200
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.strays.Lines++; c.strays.Lines == 1 {
		c.strays.First = strings.ToValidUTF8(string(text[:min(len(text), most)]), "")
	}
}

// key makes an id comparable: some servers answer with a text where the request had a number.
func key(id json.RawMessage) string { return strings.Trim(string(id), `"`) }

// answered hands an answer to the request that waits for it. An error without an id is about the only one.
func (c *conn) answered(m incoming) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := key(m.ID)
	if (id == "" || id == "null") && m.Error != nil && len(c.waiting) == 1 {
		for id = range c.waiting {
		}
	}
	if ch, ok := c.waiting[id]; ok {
		delete(c.waiting, id)
		ch <- m // has room for it
	}
}

// serve answers a request of the server's.
func (c *conn) serve(m incoming) {
	reply := message{ID: m.ID}
	if result, ok := response(m.Method); ok {
		reply.Result = result
	} else {
		reply.Error = refusal(m.Method)
	}
	_ = c.send(context.Background(), reply) // fails only once the session is over
}

// response returns what this client answers to a server's request, unless it refuses it.
func response(method string) (any, bool) {
	switch method {
	case "ping":
		return struct{}{}, true
	case "roots/list":
		return map[string]any{"roots": []any{}}, true
	case "elicitation/create": // the person is not asked
		return map[string]any{"action": "decline"}, true
	}
	return nil, false
}

// refusal returns the error for a request that this client does not serve.
func refusal(method string) *Error {
	if method == "sampling/createMessage" { // the code of a user who refuses it
		return &Error{Code: -1, Message: "this client has no model"}
	}
	return &Error{Code: MethodNotFound, Message: "method not found"}
}

// send queues a message.
func (c *conn) send(ctx context.Context, m message) error {
	m.Version = "2.0"
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	select {
	case c.queue <- append(text, '\n'):
		return nil
	case <-c.closed:
		return io.ErrClosedPipe
	case <-c.ended:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}

// request sends a request and waits for its answer. The error is an *Error, *NoAnswerError or *EndedError, that of an
// answer that does not fit, or that of the context.
func (c *conn) request(ctx context.Context, method string, params any) (json.RawMessage, error) {
	bounded := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	answer := make(chan incoming, 1)
	c.mu.Lock()
	c.next++
	id := strconv.Itoa(c.next)
	c.waiting[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, id)
	}()
	if err := c.send(bounded, message{ID: json.RawMessage(id), Method: method, Params: params}); err == nil {
		select {
		case m := <-answer:
			return m.outcome(method)
		case <-c.ended:
		case <-bounded.Done():
		}
	}
	select {
	case m := <-answer: // it came just before the end
		return m.outcome(method)
	default:
	}
	return nil, c.unanswered(ctx, method, id)
}

// unanswered returns why a request has no answer, and takes it back if the server still runs.
func (c *conn) unanswered(ctx context.Context, method, id string) error {
	c.mu.Lock()
	ended := c.err
	c.mu.Unlock()
	if errors.Is(ended, ErrEcho) {
		return ErrEcho
	}
	if ended != nil {
		return &EndedError{method, ended}
	}
	if method != "initialize" { // which cannot be cancelled
		soon, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.send(soon, message{Method: "notifications/cancelled", Params: map[string]any{
			"requestId": json.RawMessage(id), "reason": "request timed out",
		}})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return &NoAnswerError{method, c.timeout}
}

// outcome returns what an answer says.
func (m incoming) outcome(method string) (json.RawMessage, error) {
	switch {
	case m.Error != nil:
		return nil, m.Error
	case len(m.Result) == 0 || m.Result[0] != '{':
		return nil, badAnswer(method, "has a result that is no object")
	}
	return m.Result, nil
}
