package cmd_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// rawClient is a client that need not wait for answers, nor give any.
type rawClient struct {
	t  *testing.T
	h  *mcptest.Host
	id int
}

func (c *rawClient) say(line string) { c.h.Say(line + "\n") }

// ask sends a request.
func (c *rawClient) ask(method, params string) {
	c.id++
	c.say(`{"jsonrpc":"2.0","id":` + strconv.Itoa(c.id) + `,"method":"` + method + `","params":` + params + `}`)
}

// answer waits for the answer to the last request.
func (c *rawClient) answer() {
	for {
		var m struct {
			ID     int
			Method string
		}
		if err := json.Unmarshal([]byte(c.h.Line()), &m); err == nil && m.Method == "" && m.ID == c.id {
			return
		}
	}
}

// question waits for a request of the server, and returns its id.
func (c *rawClient) question(method string) (id string) {
	for {
		var m struct {
			ID     json.RawMessage
			Method string
		}
		if err := json.Unmarshal([]byte(c.h.Line()), &m); err == nil && m.Method == method {
			return string(m.ID)
		}
	}
}

// giveUp takes the last request back, since it has taken too long.
func (c *rawClient) giveUp() {
	c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":` + strconv.Itoa(c.id) + `,"reason":"timed out"}}`)
}
