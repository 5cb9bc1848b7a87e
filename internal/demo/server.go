package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"
)

// Serve is a small MCP server on in and out, of protocol version 2025-11-25. Its tools take time, fail, ask the
// client's model and can be cancelled, so that a session with it has an example of everything. It returns at the end
// of in.
func Serve(in io.Reader, out io.Writer, delay time.Duration) error {
	s := &server{
		out: json.NewEncoder(out), delay: delay,
		cancels: map[string]chan struct{}{}, asked: map[int]chan json.RawMessage{},
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			s.message(line)
		}
		if err != nil {
			s.calls.Wait()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

type server struct {
	delay time.Duration
	calls sync.WaitGroup

	mu      sync.Mutex
	out     *json.Encoder
	cancels map[string]chan struct{}     // by request id
	asked   map[int]chan json.RawMessage // requests to the client, by id
	next    int
}

type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type object = map[string]any

func (s *server) message(line []byte) {
	var m struct {
		message
		Result json.RawMessage `json:"result"`
	}
	if json.Unmarshal(line, &m) != nil {
		s.send(message{ID: json.RawMessage("null"), Error: &rpcError{-32700, "parse error"}})
		return
	}
	switch {
	case m.Method == "":
		s.answered(m.ID, m.Result)
	case m.Method == "notifications/cancelled":
		s.cancel(m.Params)
	case m.ID != nil:
		cancelled := s.open(m.ID)
		s.calls.Go(func() { s.request(m.message, cancelled) }) // ends with the call; Serve waits
	}
}

func (s *server) send(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.JSONRPC = "2.0"
	_ = s.out.Encode(m) // a client that is gone closes our input as well
}

func (s *server) open(id json.RawMessage) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan struct{})
	s.cancels[string(id)] = c
	return c
}

func (s *server) cancel(params json.RawMessage) {
	var p struct {
		RequestID json.RawMessage `json:"requestId"`
	}
	_ = json.Unmarshal(params, &p) // invalid parameters name no request
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.cancels[string(p.RequestID)]; c != nil {
		close(c)
		delete(s.cancels, string(p.RequestID))
	}
}

func (s *server) answered(id, result json.RawMessage) {
	var n int
	_ = json.Unmarshal(id, &n) // all ours are numbers
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.asked[n]; c != nil {
		c <- result
		delete(s.asked, n)
	}
}

// request answers one request, unless it is cancelled.
func (s *server) request(m message, cancelled <-chan struct{}) {
	var p struct {
		Name string `json:"name"`
		URI  string `json:"uri"`
	}
	_ = json.Unmarshal(m.Params, &p)
	answer := message{ID: m.ID}
	switch m.Method {
	case "initialize":
		answer.Result = object{
			"protocolVersion": "2025-11-25",
			"capabilities":    object{"tools": object{}, "resources": object{}, "prompts": object{}},
			"serverInfo":      object{"name": "spanpipe-demo", "version": "1.0.0"},
		}
	case "tools/list":
		answer.Result = object{"tools": tools()}
	case "tools/call":
		answer.Result, answer.Error = s.tool(p.Name, cancelled)
	case "resources/read":
		s.work(s.delay/20, cancelled)
		answer.Result = object{"contents": []object{{"uri": p.URI, "text": "Pack light. Trains are on time."}}}
	case "prompts/get":
		answer.Result = object{"messages": []object{{"role": "user", "content": text("Plan a weekend trip.")}}}
	case "ping":
		answer.Result = object{}
	default:
		answer.Error = &rpcError{-32601, "method not found"}
	}
	select {
	case <-cancelled: // a cancelled request gets no answer
	default:
		s.send(answer)
	}
}

func tools() []object {
	var list []object
	for name, does := range map[string]string{
		"get_forecast":   "The weather of the next days in a city.",
		"find_trains":    "Connections between two cities. Slow.",
		"book_hotel":     "Book a room.",
		"summarize_trip": "Let the client's model write a summary.",
		"watch_prices":   "Watch prices until cancelled.",
	} {
		list = append(list, object{"name": name, "description": does, "inputSchema": object{"type": "object"}})
	}
	return list
}

func (s *server) tool(name string, cancelled <-chan struct{}) (any, *rpcError) {
	switch name {
	case "get_forecast":
		s.work(s.delay/10, cancelled)
		return object{"content": []object{text("Sunny, 24 degrees.")}}, nil
	case "find_trains":
		s.work(s.delay, cancelled)
		return object{"content": []object{text("08:04 and 10:04, four hours each.")}}, nil
	case "book_hotel":
		s.work(s.delay/8, cancelled)
		return object{"isError": true, "content": []object{text("429 Too Many Requests: try again later")}}, nil
	case "summarize_trip":
		s.work(s.delay/20, cancelled)
		s.sample(cancelled)
		return object{"content": []object{text("A sunny weekend by train.")}}, nil
	case "watch_prices":
		<-cancelled
		return nil, nil
	}
	return nil, &rpcError{-32602, "unknown tool"}
}

// sample asks the client's model and waits for the answer.
func (s *server) sample(cancelled <-chan struct{}) {
	s.mu.Lock()
	s.next++
	id, answer := s.next, make(chan json.RawMessage, 1)
	s.asked[id] = answer
	s.mu.Unlock()
	messages := []object{{"role": "user", "content": text("Summarize the trip.")}}
	params, _ := json.Marshal(object{"maxTokens": 50, "messages": messages})
	idText, _ := json.Marshal(id)
	s.send(message{ID: idText, Method: "sampling/createMessage", Params: params})
	select {
	case <-answer:
	case <-cancelled:
	}
}

func (s *server) work(d time.Duration, cancelled <-chan struct{}) {
	select {
	case <-time.After(d):
	case <-cancelled:
	}
}

func text(s string) object { return object{"type": "text", "text": s} }
