package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Play is an agent that plans a trip with the server on in and out. It waits for every answer, returns when the last
// call has been answered, and leaves closing the connection to the caller.
func Play(in io.Reader, out io.Writer, delay time.Duration) error {
	c := &client{in: bufio.NewReader(in), out: json.NewEncoder(out), delay: delay}
	c.call("initialize", object{
		"protocolVersion": "2025-11-25", "capabilities": object{"sampling": object{}},
		"clientInfo": object{"name": "demo-agent", "version": "1.0.0"},
	})
	c.notify("notifications/initialized", nil)
	c.call("tools/list", nil)
	c.call("resources/read", object{"uri": "memo://notes/travel"})
	c.call("prompts/get", object{"name": "weekend_trip"})
	c.tool("get_forecast", object{"city": "Lisbon"})
	c.tool("find_trains", object{"from": "Porto", "to": "Lisbon"})
	c.tool("book_hotel", object{"nights": 2})
	c.tool("no_such_tool", nil)
	c.tool("summarize_trip", nil)
	c.cancel("watch_prices", delay/4)
	c.call("ping", nil)
	return c.err
}

type client struct {
	in    *bufio.Reader
	out   *json.Encoder
	delay time.Duration
	next  int
	err   error // the first
}

func (c *client) send(m message) {
	m.JSONRPC = "2.0"
	if err := c.out.Encode(m); err != nil && c.err == nil {
		c.err = fmt.Errorf("sending %s: %w", m.Method, err)
	}
}

func (c *client) request(method string, params object) int {
	c.next++
	c.send(message{ID: number(c.next), Method: method, Params: raw(params)})
	return c.next
}

func (c *client) notify(method string, params object) {
	c.send(message{Method: method, Params: raw(params)})
}

func (c *client) tool(name string, arguments object) {
	c.call("tools/call", object{"name": name, "arguments": arguments})
}

// call sends a request and waits for the answer. Meanwhile it answers the server's requests.
func (c *client) call(method string, params object) {
	id := c.request(method, params)
	for c.err == nil {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			c.err = fmt.Errorf("waiting for the answer to %s: %w", method, err)
			return
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			c.err = fmt.Errorf("reading the answer to %s: %w", method, err)
			return
		}
		switch {
		case m.Method == "sampling/createMessage":
			time.Sleep(c.delay / 5) // the model thinks
			result := object{"role": "assistant", "model": "demo", "content": text("Sun and trains.")}
			c.send(message{ID: m.ID, Result: result})
		case m.Method == "" && string(m.ID) == string(number(id)):
			return
		}
	}
}

// cancel starts a call and cancels it.
func (c *client) cancel(tool string, after time.Duration) {
	id := c.request("tools/call", object{"name": tool})
	time.Sleep(after)
	c.notify("notifications/cancelled", object{"requestId": id, "reason": "the user has seen enough"})
}

func number(n int) json.RawMessage { return json.RawMessage(fmt.Sprint(n)) }

func raw(params object) json.RawMessage {
	if params == nil {
		return nil
	}
	b, _ := json.Marshal(params) // strings and numbers: it cannot fail
	return b
}
