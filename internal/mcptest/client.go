package mcptest

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Object is a JSON object.
type Object = map[string]any

// Message is a JSON-RPC message.
type Message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// Error is a JSON-RPC error.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Client speaks MCP over a Host, one request at a time.
type Client struct {
	*Host
	next int
}

// Connect opens a session of protocol version 2025-11-25 with the host's server.
func Connect(h *Host) *Client {
	h.t.Helper()
	c := &Client{Host: h}
	c.Call("initialize", Object{
		"protocolVersion": "2025-11-25", "capabilities": Object{},
		"clientInfo": Object{"name": "mcptest", "version": "1.2.3"},
	})
	c.Notify("notifications/initialized", nil)
	return c
}

// Ask sends a request and returns its id.
func (c *Client) Ask(method string, params Object) int {
	c.t.Helper()
	c.next++
	c.Say(line(Message{ID: json.RawMessage(strconv.Itoa(c.next)), Method: method, Params: raw(params)}))
	return c.next
}

// Notify sends a notification.
func (c *Client) Notify(method string, params Object) {
	c.t.Helper()
	c.Say(line(Message{Method: method, Params: raw(params)}))
}

// Call sends a request and waits for its response, which must be the next line.
func (c *Client) Call(method string, params Object) Message {
	c.t.Helper()
	id := c.Ask(method, params)
	text := c.Line()
	var m Message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		c.t.Fatalf("the response to %s is %.200q: %v", method, text, err)
	}
	if string(m.ID) != strconv.Itoa(id) {
		c.t.Fatalf("the response to %s (id %d) is %.200q", method, id, text)
	}
	return m
}

// List asks for all pages of a list, and returns the last response.
func (c *Client) List(method string) (last Message) {
	c.t.Helper()
	for cursor := Object(nil); ; {
		last = c.Call(method, cursor)
		var result struct{ NextCursor string }
		if json.Unmarshal(last.Result, &result) != nil || result.NextCursor == "" {
			return last
		}
		cursor = Object{"cursor": result.NextCursor}
	}
}

// Tool calls a tool and waits for its response. Nil arguments are an empty object: a null is none of MCP's.
func (c *Client) Tool(name string, arguments Object) Message {
	c.t.Helper()
	if arguments == nil {
		arguments = Object{}
	}
	return c.Call("tools/call", Object{"name": name, "arguments": arguments})
}

// line encodes a message as a line.
func line(m Message) string {
	m.JSONRPC = "2.0"
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encoding a test's message: %v", err))
	}
	return string(b) + "\n"
}

// raw encodes parameters or a result; a nil Object stays absent.
func raw(v any) json.RawMessage {
	if o, ok := v.(Object); ok && o == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encoding a test's parameters: %v", err))
	}
	return b
}
