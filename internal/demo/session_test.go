package demo_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/demo"
)

// TestSession lets the agent play with the server over pipes, on a clock that only moves when both wait: what it
// takes is exactly what the delays come to.
func TestSession(t *testing.T) {
	for _, delay := range []time.Duration{0, 40 * time.Millisecond, 800 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				toServer, fromAgent := io.Pipe()
				toAgent, fromServer := io.Pipe()
				var said bytes.Buffer
				served := make(chan error, 1)
				go func() { served <- demo.Serve(toServer, fromServer, delay) }() // ends with the agent's side of the pipe
				start := time.Now()
				if err := demo.Play(toAgent, io.MultiWriter(fromAgent, &said), delay); err != nil {
					t.Error("playing: ", err)
				}
				took := time.Since(start)
				_ = fromAgent.Close() // never fails
				if err := <-served; err != nil {
					t.Error("serving: ", err)
				}
				// A resource, the forecast, the slow call, the hotel, the summary with what the model thinks, and the
				// call that is given up.
				if want := delay/20 + delay/10 + delay + delay/8 + delay/20 + delay/5 + delay/4; took != want {
					t.Errorf("the session takes %v, want %v", took, want)
				}
				checkSaid(t, said.String())
			})
		})
	}
}

// checkSaid expects something of everything in what the agent has said.
func checkSaid(t *testing.T, text string) {
	t.Helper()
	var methods []string
	for line := range strings.Lines(text) {
		var m struct{ Method string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("the agent says %q: %v", line, err)
		}
		if m.Method == "" {
			m.Method = "a response"
		}
		if !slices.Contains(methods, m.Method) {
			methods = append(methods, m.Method)
		}
	}
	want := []string{"initialize", "notifications/initialized", "tools/list", "resources/read", "prompts/get", "tools/call", "a response", "notifications/cancelled", "ping"}
	if !slices.Equal(methods, want) {
		t.Errorf("the agent says %q, want %q", methods, want)
	}
}

// TestPlayNeedsAServer has no server, or one that says something else.
func TestPlayNeedsAServer(t *testing.T) {
	for _, test := range []struct{ name, said, want string }{
		{"nothing", "", "waiting for the response to initialize"},
		{"no JSON", "hello\n", "waiting for the response to initialize: invalid character"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := demo.Play(strings.NewReader(test.said), io.Discard, 0)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestServe asks the server what the agent never does.
func TestServe(t *testing.T) {
	for _, test := range []struct{ name, ask, want string }{
		{"no JSON", "hello", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}`},
		{"an unknown method", `{"jsonrpc":"2.0","id":"a","method":"no/such"}`, `{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"method not found"}}`},
		{"an unknown tool", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"unknown tool"}}`},
		{"a ping", `{"jsonrpc":"2.0","id":0,"method":"ping"}`, `{"jsonrpc":"2.0","id":0,"result":{}}`},
		{"a notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, ""},
		{"a cancelled call", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"watch_prices"}}` + "\n" +
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, ""},
		{"cancelling what was never asked", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var said bytes.Buffer
			if err := demo.Serve(strings.NewReader(test.ask+"\n"), &said, 0); err != nil {
				t.Error(err)
			}
			lines := bufio.NewScanner(&said)
			lines.Scan()
			if got := lines.Text(); got != test.want || lines.Scan() {
				t.Errorf("%s, want %s, and no more", got, test.want)
			}
		})
	}
}
