package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// step is a message that the agent sends.
type step struct {
	method    string
	params    string // JSON
	abandoned bool   // the agent loses patience instead of waiting for the answer
}

// script returns what the agent does to plan a trip. Its requests are numbered from 1.
func script() []step {
	return []step{
		{"initialize", `{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},` +
			`"clientInfo":{"name":"demo-agent","version":"1.0.0"}}`, false},
		{"notifications/initialized", `{}`, false},
		{"tools/list", `{}`, false},
		{"resources/read", `{"uri":"memo://notes/travel"}`, false},
		{"prompts/get", `{"name":"weekend_trip"}`, false},
		{"tools/call", `{"name":"get_forecast","arguments":{"city":"Lisbon"}}`, false},
		{"tools/call", `{"name":"find_trains","arguments":{"from":"Porto","to":"Lisbon"}}`, false},
		{"tools/call", `{"name":"book_hotel","arguments":{"nights":2}}`, false},
		{"tools/call", `{"name":"no_such_tool"}`, false},
		{"tools/call", `{"name":"summarize_trip"}`, false},
		{"tools/call", `{"name":"watch_prices"}`, true},
		{"notifications/cancelled", `{"requestId":10,"reason":"the user has seen enough"}`, false},
		{"ping", `{}`, false},
	}
}

// Play plays an agent that plans a trip with the server on in and out. It waits for every answer, returns when the last
// request has been answered, and leaves closing the connection to the caller.
func Play(in io.Reader, out io.Writer, delay time.Duration) error {
	answers := bufio.NewReader(in)
	requests := 0
	for _, s := range script() {
		id := ""
		if !strings.HasPrefix(s.method, "notifications/") {
			requests++
			id = fmt.Sprint(requests)
		}
		if err := send(out, id, s); err != nil {
			return fmt.Errorf("sending %s: %w", s.method, err)
		}
		switch {
		case s.abandoned:
			time.Sleep(delay / 4)
		case id != "":
			if err := await(answers, out, id, delay); err != nil {
				return fmt.Errorf("waiting for the answer to %s: %w", s.method, err)
			}
		}
	}
	return nil
}

func send(out io.Writer, id string, s step) error {
	if id != "" {
		id = `"id":` + id + `,`
	}
	_, err := fmt.Fprintf(out, `{"jsonrpc":"2.0",%s"method":%q,"params":%s}`+"\n", id, s.method, s.params)
	return err
}

// await reads up to the answer to a request. Meanwhile it answers the server's requests to the agent's model.
func await(in *bufio.Reader, out io.Writer, id string, delay time.Duration) error {
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return err
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return err
		}
		switch {
		case m.Method == sampling:
			time.Sleep(delay / 5) // the model thinks
			_, err := fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":{"role":"assistant","model":"demo","content":%s}}`+"\n",
				m.ID, text("Sun and trains."))
			if err != nil {
				return err
			}
		case m.Method == "" && string(m.ID) == id:
			return nil
		}
	}
}
