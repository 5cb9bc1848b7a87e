package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// message is what the demo reads of a JSON-RPC message.
type message struct {
	ID     json.RawMessage
	Method string
	Params struct{ Name string }
}

// reply is a response of the server: how long it takes, and the member "result" or "error".
type reply struct {
	work   time.Duration
	member string
}

// The server's request to the client's model, and two tools that are not answered like the others.
const (
	sampling  = "sampling/createMessage"
	summarize = "tools/call summarize_trip" // answered once the client's model has answered
	watch     = "tools/call watch_prices"   // never answered: the client cancels it
)

// replies returns the server's responses, by method and, for tools, name.
func replies(delay time.Duration) map[string]reply {
	return map[string]reply{
		"initialize": {0, `"result":{"protocolVersion":"2025-11-25",` +
			`"capabilities":{"tools":{},"resources":{},"prompts":{}},` +
			`"serverInfo":{"name":"demo-server","version":"1.0.0"}}`},
		"ping":                    {0, `"result":{}`},
		"tools/list":              {0, `"result":{"tools":[` + tools + `]}`},
		"prompts/list":            {0, `"result":{"prompts":[{"name":"weekend_trip"}]}`},
		"resources/list":          {0, `"result":{"resources":[{"uri":"memo://notes/travel","name":"travel"}]}`},
		"prompts/get":             {0, `"result":{"messages":[{"role":"user","content":` + text("Plan it.") + `}]}`},
		"resources/read":          {delay / 20, `"result":{"contents":[{"uri":"memo://notes/travel","text":"Go."}]}`},
		"tools/call get_forecast": {delay / 10, `"result":{"content":[` + text("Sunny, 24 degrees.") + `]}`},
		"tools/call find_trains":  {delay, `"result":{"content":[` + text("08:04 and 10:04, four hours each.") + `]}`},
		"tools/call book_hotel": {delay / 8,
			`"result":{"isError":true,"content":[` + text("429 Too Many Requests: try again later") + `]}`},
		summarize: {delay / 20, `"result":{"content":[` + text("A sunny weekend by train.") + `]}`},
	}
}

// tools are the server's tools.
const tools = `{"name":"get_forecast","description":"The weather of the next days.","inputSchema":{"type":"object"}},` +
	`{"name":"find_trains","description":"Connections between cities. Slow.","inputSchema":{"type":"object"}},` +
	`{"name":"book_hotel","description":"Book a room.","inputSchema":{"type":"object"}},` +
	`{"name":"summarize_trip","description":"Ask the client's model.","inputSchema":{"type":"object"}},` +
	`{"name":"watch_prices","description":"Watch until cancelled.","inputSchema":{"type":"object"}}`

// text returns a piece of content. The demo's texts need no escaping.
func text(s string) string { return `{"type":"text","text":"` + s + `"}` }

// Serve runs a small MCP server on in and out, of protocol version 2025-11-25. Its tools take time, fail, ask the
// client's model and hang, so that a session with it has an example of everything. It handles one message after the
// other and returns at the end of in.
func Serve(in io.Reader, out io.Writer, delay time.Duration) error {
	responses := replies(delay)
	var waiting json.RawMessage // the id of the request that waits for the client's model
	send := func(id json.RawMessage, members string) {
		fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,%s}`+"\n", id, members) // a client that is gone ends in as well
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			send(json.RawMessage("null"), `"error":{"code":-32700,"message":"parse error"}`)
			continue
		}
		name := m.Method
		if name == "tools/call" {
			name += " " + m.Params.Name
		}
		response, known := responses[name]
		time.Sleep(response.work)
		switch {
		case m.ID == nil || name == watch: // notifications need no response
		case m.Method == "":
			send(waiting, responses[summarize].member)
		case name == summarize:
			waiting = m.ID
			send(json.RawMessage("1"), `"method":"`+sampling+`","params":{"maxTokens":50,"messages":[`+
				`{"role":"user","content":`+text("Summarize the trip.")+`}]}`)
		case known:
			send(m.ID, response.member)
		case m.Method == "tools/call":
			send(m.ID, `"error":{"code":-32602,"message":"unknown tool"}`)
		default:
			send(m.ID, `"error":{"code":-32601,"message":"method not found"}`)
		}
	}
	return lines.Err()
}
