package demo

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// script is what the agent sends to plan a trip.
const script = `
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
	`"capabilities":{"sampling":{}},"clientInfo":{"name":"demo-agent","version":"1.0.0"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/list"}
{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"memo://notes/travel"}}
{"jsonrpc":"2.0","id":4,"method":"prompts/get","params":{"name":"weekend_trip"}}
{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get_forecast","arguments":{"city":"Lisbon"}}}
{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"find_trains","arguments":{"from":"Porto"}}}
{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"book_hotel","arguments":{"nights":2}}}
{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"no_such_tool"}}
{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"summarize_trip"}}
{"jsonrpc":"2.0","id":10,"method":"tools/call","params":{"name":"watch_prices"}}
{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":10,"reason":"seen enough"}}
{"jsonrpc":"2.0","id":11,"method":"ping"}
`

// Play plays an agent that plans a trip with the server on in and out. It waits for every response, returns when the
// last request has been answered, and leaves closing the connection to the caller.
func Play(in io.Reader, out io.Writer, delay time.Duration) error {
	responses := bufio.NewScanner(in)
	for line := range strings.Lines(strings.TrimSpace(script) + "\n") {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return fmt.Errorf("reading the script: %w", err)
		}
		if _, err := io.WriteString(out, line); err != nil {
			return fmt.Errorf("sending %s: %w", m.Method, err)
		}
		switch {
		case m.ID == nil: // a notification
		case m.Params.Name == "watch_prices":
			time.Sleep(delay / 4) // then the agent cancels it
		default:
			if err := await(responses, out, string(m.ID), delay); err != nil {
				return fmt.Errorf("waiting for the response to %s: %w", m.Method, err)
			}
		}
	}
	return nil
}

// await reads up to the response to a request. Meanwhile it answers the server's requests to the agent's model.
func await(responses *bufio.Scanner, out io.Writer, id string, delay time.Duration) error {
	for responses.Scan() {
		var m message
		if err := json.Unmarshal(responses.Bytes(), &m); err != nil {
			return err
		}
		switch {
		case m.Method == sampling:
			time.Sleep(delay / 5) // the model thinks
			_, err := fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"role":"assistant","model":"demo",`+
				`"content":%s}}`+"\n", m.ID, text("Sun and trains."))
			if err != nil {
				return err
			}
		case m.Method == "" && string(m.ID) == id:
			return nil
		}
	}
	return cmp.Or(responses.Err(), io.ErrUnexpectedEOF)
}
