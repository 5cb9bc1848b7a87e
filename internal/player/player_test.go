package player_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/player"
)

// request is a message as a server reads it.
type request struct {
	ID     json.RawMessage
	Method string
	Params struct {
		ProtocolVersion, Cursor, Name string
		RequestState                  string
		InputResponses, Arguments     json.RawMessage
		Meta                          map[string]any `json:"_meta"`
	}
	Result, Error json.RawMessage
}

// server is the server's side of a session: it answers each message with lines, in which ID stands for the message's id.
type server func(m request) []string

// result returns the answer to a request.
func result(text string) []string { return []string{`{"jsonrpc":"2.0","id":ID,"result":` + text + `}`} }

// refuse returns an error in answer to a request.
func refuse(code int, data string) []string {
	return []string{fmt.Sprintf(`{"jsonrpc":"2.0","id":ID,"error":{"code":%d,"message":"no"%s}}`, code, data)}
}

// older returns a server of a version with a handshake, which is asked for no other.
func older(version string, rest server) server {
	return func(m request) []string {
		switch m.Method {
		case "initialize":
			return result(`{"protocolVersion":"` + version + `","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}`)
		case "notifications/initialized":
			return nil
		}
		if rest == nil {
			return refuse(-32601, "")
		}
		return rest(m)
	}
}

// talk runs a session between a client and a server, on a clock that moves only when both wait. It returns what the client
// has sent.
func talk(t *testing.T, s server, use func(t *testing.T, c *player.Session, err error)) (sent []request) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		toServer, fromClient := io.Pipe()
		toClient, fromServer := io.Pipe()
		served := make(chan struct{})
		go func() { // ends with the client's side of the pipe
			defer close(served)
			defer fromServer.Close()
			lines := bufio.NewReader(toServer)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				var m request
				if err := json.Unmarshal([]byte(line), &m); err != nil {
					t.Errorf("the client sends %q: %v", line, err)
				}
				sent = append(sent, m)
				for _, answer := range s(m) {
					if answer == "exit" {
						_ = toServer.Close() // never fails
						return
					}
					_, _ = io.WriteString(fromServer, strings.ReplaceAll(answer, "ID", string(m.ID))+"\n")
				}
			}
		}()
		c, err := player.Open(t.Context(), player.Config{
			In: toClient, Out: fromClient, Name: "test", Version: "1", Timeout: time.Minute,
		})
		use(t, c, err)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return sent
}

// TestVersions opens a session with servers of every version.
func TestVersions(t *testing.T) {
	stateless := func(m request) []string {
		switch {
		case m.Method == "initialize":
			return refuse(-32601, "")
		case m.Params.Meta["io.modelcontextprotocol/protocolVersion"] != "2026-07-28" ||
			m.Params.Meta["io.modelcontextprotocol/clientCapabilities"] == nil:
			return refuse(-32602, "")
		case m.Method == "server/discover":
			return result(`{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},` +
				`"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}`)
		}
		return result(`{"resultType":"complete","tools":[{"name":"a"}]}`)
	}
	choosy := func(m request) []string {
		if m.Method == "initialize" && m.Params.ProtocolVersion != "2024-11-05" {
			return refuse(-32602, `,"data":{"supported":["2024-11-05"],"requested":"2025-11-25"}`)
		}
		return older("2024-11-05", nil)(m)
	}
	for _, test := range []struct {
		name string
		server
		protocol string
		sent     []string
	}{
		{"2025-11-25", older("2025-11-25", nil), "2025-11-25", []string{"initialize", "notifications/initialized"}},
		{"2025-06-18", older("2025-06-18", nil), "2025-06-18", []string{"initialize", "notifications/initialized"}},
		{"2025-03-26", older("2025-03-26", nil), "2025-03-26", []string{"initialize", "notifications/initialized"}},
		{"2024-11-05", older("2024-11-05", nil), "2024-11-05", []string{"initialize", "notifications/initialized"}},
		{"a refusal that names a version", choosy, "2024-11-05", []string{"initialize", "initialize", "notifications/initialized"}},
		{"2026-07-28", stateless, "2026-07-28", []string{"initialize", "server/discover"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent := talk(t, test.server, func(t *testing.T, c *player.Session, err error) {
				if err != nil || c.Protocol != test.protocol || c.Name != "s" || c.Version != "1" || !c.Offers("tools") || c.Offers("prompts") {
					t.Errorf("%+v, %v", c, err)
				}
				synctest.Wait() // the notification is written by then
			})
			var methods []string
			for _, m := range sent {
				methods = append(methods, m.Method)
			}
			if !slices.Equal(methods, test.sent) {
				t.Errorf("the client sends %q, want %q", methods, test.sent)
			}
		})
	}
	talk(t, stateless, func(t *testing.T, c *player.Session, _ error) {
		if names, err := c.List(t.Context(), player.Tools); err != nil || !slices.Equal(names, []string{"a"}) {
			t.Errorf("the tools are %q, %v", names, err)
		}
	})
}

// TestNoSession: servers with which no session can be opened, and what is said of them.
func TestNoSession(t *testing.T) {
	silent := func(request) []string { return nil }
	for _, test := range []struct {
		name string
		server
		want string
	}{
		{"silent", silent, "no answer to initialize within 1m0s"},
		{"ends", func(request) []string { return []string{"exit"} }, "the server ended before it answered initialize"},
		{"refuses", func(request) []string { return refuse(-32000, "") }, "the server refuses initialize: error -32000: no"},
		{"refuses, and knows nothing else", func(m request) []string {
			if m.Method == "initialize" {
				return refuse(-32000, "")
			}
			return nil
		}, "the server refuses initialize: error -32000: no"},
		{"of the future", older("2099-01-01", nil),
			`the answer to initialize names the protocol version "2099-01-01", which this client does not speak`},
		{"a result that is a text", func(request) []string { return result(`"ready"`) },
			"the answer to initialize has a result that is no object"},
		{"another result", func(request) []string { return result(`{"capabilities":[]}`) },
			"the answer to initialize does not have the form that MCP demands"},
		{"stateless, of the future", func(m request) []string {
			if m.Method == "initialize" {
				return refuse(-32022, `,"data":{"supported":["2026-07-28"]}`)
			}
			return result(`{"supportedVersions":["2099-01-01"],"capabilities":{}}`)
		}, `the answer to server/discover names the protocol versions ["2099-01-01"], none of which this client speaks`},
		{"an error without an id", func(request) []string {
			return []string{`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}`}
		}, "the server refuses initialize: error -32700: parse error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			talk(t, test.server, func(t *testing.T, _ *player.Session, err error) {
				if err == nil || err.Error() != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
			})
		})
	}
}

// TestLists reads lists of several pages, and lists that are wrong.
func TestLists(t *testing.T) {
	for _, test := range []struct {
		name string
		list player.List
		page map[string]string // by cursor
		want []string
		err  string
	}{
		{"tools", player.Tools, map[string]string{
			"": `{"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"2"}`, "2": `{"tools":[{"name":"c"}],"nextCursor":"3"}`,
			"3": `{"tools":[]}`,
		}, []string{"a", "b", "c"}, ""},
		{"resources", player.Resources, map[string]string{"": `{"resources":[{"uri":"x://1","name":"n"}]}`}, []string{"x://1"}, ""},
		{"templates", player.Templates, map[string]string{"": `{"resourceTemplates":[{"uriTemplate":"x://{a}"}]}`}, []string{"x://{a}"}, ""},
		{"prompts", player.Prompts, map[string]string{"": `{"prompts":[{"name":"p"}]}`}, []string{"p"}, ""},
		{"none", player.Tools, map[string]string{"": `{"tools":[]}`}, []string{}, ""},
		{"a circle", player.Tools, map[string]string{
			"": `{"tools":[{"name":"a"}],"nextCursor":"2"}`, "2": `{"tools":[{"name":"b"}],"nextCursor":"2"}`,
		}, []string{"a", "b"}, "the answer to tools/list has a cursor that leads back to a page before it"},
		{"no list", player.Tools, map[string]string{"": `{}`}, []string{}, `the answer to tools/list has no list "tools"`},
		{"no name", player.Tools, map[string]string{"": `{"tools":[{"title":"a"}]}`}, []string{},
			`the answer to tools/list has an entry without "name"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			talk(t, older("2025-11-25", func(m request) []string { return result(test.page[m.Params.Cursor]) }),
				func(t *testing.T, c *player.Session, _ error) {
					got, err := c.List(t.Context(), test.list)
					text := ""
					if err != nil {
						text = err.Error()
					}
					if !reflect.DeepEqual(got, test.want) || text != test.err {
						t.Errorf("%q, %v; want %q, %q", got, err, test.want, test.err)
					}
				})
		})
	}
}

// TestCall calls a tool of servers that answer in many ways.
func TestCall(t *testing.T) {
	const answer = `{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"one"},{"type":"image","data":""},` +
		`{"type":"text","text":"two\n"}]}}`
	for _, test := range []struct {
		name   string
		answer []string
		strays player.Strays
	}{
		{"plain", []string{answer}, player.Strays{}},
		{"after other messages", []string{`{"jsonrpc":"2.0","method":"notifications/message","params":{}}`,
			`{"jsonrpc":"2.0","id":77,"result":{}}`, answer}, player.Strays{}},
		{"with CRLF and blank lines", []string{"", "\r", answer + "\r"}, player.Strays{}},
		{"with a byte order mark", []string{"\ufeff" + answer}, player.Strays{}},
		{"in a batch", []string{"[" + answer + "]"}, player.Strays{}},
		{"with its id as a text", []string{strings.Replace(answer, "ID", `"ID"`, 1)}, player.Strays{}},
		{"with U+2028", []string{strings.Replace(answer, `"data":""`, "\"data\":\"\u2028\"", 1)}, player.Strays{}},
		{"after a banner", []string{"Server listening", "[1, 2", "{}", answer}, player.Strays{Lines: 3, First: "Server listening"}},
		{"a long one", []string{strings.Replace(answer, `"data":""`, `"data":"`+strings.Repeat("x", 1<<20)+`"`, 1)}, player.Strays{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent := talk(t, older("2025-11-25", func(request) []string { return test.answer }),
				func(t *testing.T, c *player.Session, _ error) {
					got, err := c.Call(t.Context(), "echo", json.RawMessage(`{"a":1}`))
					if err != nil || got.Text != "one\ntwo\n" || got.Failed || c.Strays() != test.strays {
						t.Errorf("%+v, %v, %+v", got, err, c.Strays())
					}
				})
			if last := sent[len(sent)-1].Params; last.Name != "echo" || string(last.Arguments) != `{"a":1}` {
				t.Errorf("the call is %+v", last)
			}
		})
	}
	talk(t, older("2025-11-25", func(request) []string { return result(`{"isError":true,"content":[{"type":"text","text":"429"}]}`) }),
		func(t *testing.T, c *player.Session, _ error) {
			if got, err := c.Call(t.Context(), "fail", nil); err != nil || !got.Failed || got.Text != "429\n" {
				t.Errorf("%+v, %v", got, err)
			}
		})
}

// TestServerAsks: the server's own requests are answered, or refused, while a call waits.
func TestServerAsks(t *testing.T) {
	asked := []string{"ping", "roots/list", "elicitation/create", "sampling/createMessage", "no/such"}
	var call json.RawMessage
	sent := talk(t, older("2025-11-25", func(m request) []string {
		if m.Method == "tools/call" {
			call = m.ID
			return []string{`{"jsonrpc":"2.0","id":0,"method":"ping"}`}
		}
		for i, method := range asked[1:] {
			if string(m.ID) == fmt.Sprint(i) {
				return []string{fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{}}`, i+1, method)}
			}
		}
		return []string{`{"jsonrpc":"2.0","id":` + string(call) + `,"result":{"content":[]}}`}
	}), func(t *testing.T, c *player.Session, _ error) {
		if got, err := c.Call(t.Context(), "ask", nil); err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
	var answers []string
	for _, m := range sent {
		if m.Method == "" {
			answers = append(answers, string(m.Result)+string(m.Error))
		}
	}
	want := []string{`{}`, `{"roots":[]}`, `{"action":"decline"}`, `{"code":-1,"message":"this client has no model"}`,
		`{"code":-32601,"message":"method not found"}`}
	if !slices.Equal(answers, want) {
		t.Errorf("the client answers %q, want %q", answers, want)
	}
}

// TestInputRequired: a stateless server asks for input with its answer, and gets a refusal and its state back.
func TestInputRequired(t *testing.T) {
	stateless := func(rest server) server {
		return func(m request) []string {
			switch m.Method {
			case "initialize":
				return refuse(-32601, "")
			case "server/discover":
				return result(`{"supportedVersions":["2026-07-28"],"capabilities":{}}`)
			}
			return rest(m)
		}
	}
	ask := func(method string) []string {
		return result(`{"resultType":"input_required","requestState":"s1","inputRequests":{"x":{"method":"` + method + `","params":{}}}}`)
	}
	talk(t, stateless(func(m request) []string {
		if m.Params.RequestState == "s1" && string(m.Params.InputResponses) == `{"x":{"action":"decline"}}` {
			return result(`{"resultType":"complete","content":[{"type":"text","text":"without you, then"}]}`)
		}
		return ask("elicitation/create")
	}), func(t *testing.T, c *player.Session, _ error) {
		if got, err := c.Call(t.Context(), "ask", json.RawMessage("{}")); err != nil || got.Text != "without you, then\n" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	for name, test := range map[string]struct{ method, want string }{
		"again and again": {"elicitation/create", "the answer to tools/call asks for input again after 8 rounds"},
		"for a model": {"sampling/createMessage",
			`the answer to tools/call asks for "sampling/createMessage", which this client has not offered`},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, stateless(func(request) []string { return ask(test.method) }), func(t *testing.T, c *player.Session, _ error) {
				if _, err := c.Call(t.Context(), "ask", json.RawMessage("{}")); err == nil || err.Error() != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
			})
		})
	}
}

// TestNoAnswer: a call that is not answered is cancelled, and the session goes on; an answer that comes late is no other's.
func TestNoAnswer(t *testing.T) {
	var hung json.RawMessage
	sent := talk(t, older("2025-11-25", func(m request) []string {
		switch {
		case m.Params.Name == "hang":
			hung = m.ID
		case m.Method == "tools/call":
			return append([]string{`{"jsonrpc":"2.0","id":` + string(hung) + `,"result":{"content":[{"type":"text","text":"late"}]}}`},
				result(`{"content":[{"type":"text","text":"mine"}]}`)...)
		}
		return nil
	}), func(t *testing.T, c *player.Session, _ error) {
		started := time.Now()
		_, err := c.Call(t.Context(), "hang", nil)
		if _, ok := errors.AsType[*player.NoAnswerError](err); !ok || time.Since(started) != time.Minute {
			t.Errorf("%v after %v, want no answer after a minute", err, time.Since(started))
		}
		if got, err := c.Call(t.Context(), "echo", nil); err != nil || got.Text != "mine\n" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	var methods []string
	for _, m := range sent {
		methods = append(methods, m.Method)
	}
	want := []string{"initialize", "notifications/initialized", "tools/call", "notifications/cancelled", "tools/call"}
	if !slices.Equal(methods, want) {
		t.Errorf("the client sends %q, want %q", methods, want)
	}
}

// TestServerDoesNotRead: a server that has stopped reading does not keep the client longer than its timeout.
func TestServerDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, fromClient := io.Pipe() // not read
		toClient, fromServer := io.Pipe()
		started := time.Now()
		c, err := player.Open(t.Context(), player.Config{In: toClient, Out: fromClient, Timeout: time.Minute})
		if _, ok := errors.AsType[*player.NoAnswerError](err); !ok || time.Since(started) != time.Minute {
			t.Errorf("%v after %v, want no answer after a minute", err, time.Since(started))
		}
		_, _ = c.Close(), fromServer.Close()
	})
}

// TestEndsInACall: a server that ends in the middle of a call ends the wait.
func TestEndsInACall(t *testing.T) {
	talk(t, older("2025-11-25", func(request) []string { return []string{"exit"} }), func(t *testing.T, c *player.Session, _ error) {
		for range 2 {
			_, err := c.Call(t.Context(), "exit", nil)
			if ended, ok := errors.AsType[*player.EndedError](err); !ok || ended.Method != "tools/call" {
				t.Errorf("%v, want that the server has ended", err)
			}
		}
	})
}
