package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// desk is a client that has several servers behind spanpipe, all in one store. What these do is what the page has to show.
type desk struct {
	t     *testing.T
	peers peers
	place home
	dir   string // the store
	files string // what server-filesystem may read
}

// deskHang is how long a call is open until it hangs.
const deskHang = "SPANPIPE_HANG_AFTER=3s"

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, peers: newPeers(t), place: newHome(t), dir: t.TempDir(), files: pastFiles(t)}
}

// variables are those of every session.
func (d *desk) variables() []string {
	return []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=" + d.dir, "SPANPIPE_CAPTURE=arguments,results,errors", deskHang}
}

// start starts a server, with more variables.
func (d *desk) start(server []string, more ...string) *rawClient {
	d.t.Helper()
	return &rawClient{t: d.t, h: mcptest.Open(d.t, wrapped(d.t, server), d.place.in(append(d.variables(), more...)...))}
}

// open starts a server and opens a session with it.
func (d *desk) open(server []string, more ...string) *rawClient {
	d.t.Helper()
	c := d.start(server, more...)
	c.ask("initialize", `{"protocolVersion":"2025-11-25","capabilities":{"sampling":{},"elicitation":{}},`+
		`"clientInfo":{"name":"desk","version":"2.1"}}`)
	c.answer()
	c.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	c.ask("tools/list", `{}`)
	c.answer()
	return c
}

// begin calls a tool.
func (c *rawClient) begin(tool string, arguments mcptest.Object) {
	c.t.Helper()
	if arguments == nil {
		arguments = mcptest.Object{}
	}
	params, err := json.Marshal(mcptest.Object{"name": tool, "arguments": arguments, "_meta": mcptest.Object{"progressToken": c.id}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.ask("tools/call", string(params))
}

// call calls a tool and waits for the answer.
func (c *rawClient) call(tool string, arguments mcptest.Object) {
	c.t.Helper()
	c.begin(tool, arguments)
	c.answer()
}

// reply answers a request of the server.
func (c *rawClient) reply(id, result string) {
	c.say(`{"jsonrpc":"2.0","id":` + id + `,"result":` + result + `}`)
}

// end ends a session that the client closes.
func (c *rawClient) end() {
	c.t.Helper()
	c.h.CloseInput()
	_ = c.h.Rest()
	c.h.Wait()
}

// everything is a session of the reference server that shows all that servers do. It stays open, and so does a question to
// a person.
func (d *desk) everything() *rawClient {
	d.t.Helper()
	c := d.open(d.peers.server("server-everything"))
	for i := range 3 {
		c.call("echo", mcptest.Object{"message": fmt.Sprintf("line %d", i)})
	}
	c.call("get-sum", mcptest.Object{"a": 2, "b": 3})
	c.call("get-tiny-image", nil)
	c.call("trigger-long-running-operation", mcptest.Object{"duration": 1, "steps": 4})
	c.begin("trigger-sampling-request", mcptest.Object{"prompt": "hello", "maxTokens": 5})
	c.reply(c.question("sampling/createMessage"), `{"model":"stub","role":"assistant","content":{"type":"text","text":"hello"}}`)
	c.answer()
	c.begin("trigger-elicitation-request", nil)
	c.question("elicitation/create")
	return c
}

// filesystem is a session of server-filesystem in which something is not there. It stays open.
func (d *desk) filesystem() *rawClient {
	d.t.Helper()
	c := d.open(d.peers.server("server-filesystem", d.files))
	c.call("list_directory", mcptest.Object{"path": d.files})
	for _, name := range []string{"monday.txt", "tuesday.txt", "sunday.txt"} {
		c.call("read_text_file", mcptest.Object{"path": filepath.Join(d.files, name)})
	}
	return c
}

// memory is a session of server-memory that the client closes.
func (d *desk) memory() {
	d.t.Helper()
	c := d.open(d.peers.server("server-memory"))
	c.call("create_entities", mcptest.Object{"entities": []mcptest.Object{
		{"name": "spanpipe", "entityType": "program", "observations": []string{"is read"}},
	}})
	c.call("read_graph", nil)
	c.end()
}

// trouble is a server in two sessions, between which one of its definitions changes. In the second, calls fail, are wrong, are given
// up, are answered late and hang. It stays open.
func (d *desk) trouble() *rawClient {
	d.t.Helper()
	offers := filepath.Join(d.t.TempDir(), "offers.json")
	offer := func(text string) {
		if err := os.WriteFile(offers, []byte(text), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	server := cast.As(d.t, "offers", offers)
	offer(harmless)
	d.open(server).end()
	offer(harmful)
	c := d.open(server)
	c.call("echo", mcptest.Object{"text": "hello"})
	c.call("fail", mcptest.Object{"text": "rate limit exceeded"})
	c.call("add", nil) // the server lists it and does not have it
	c.begin("sleep", mcptest.Object{"ms": 700})
	c.giveUp()
	c.answer()
	c.begin("hang", nil)
	return c
}

// ends are sessions that the server ends: one in the middle of a call, one before it has said anything.
func (d *desk) ends() {
	d.t.Helper()
	c := d.open(cast.As(d.t, "offers", filepath.Join(d.t.TempDir(), "none")))
	c.begin("exit", mcptest.Object{"code": 3})
	c.h.Wait()
	d.start(cast.As(d.t, "exit", "1")).h.Wait()
}

// hostile are names and texts of a server, a client and a tool, all of which a page must show as text.
var hostile = []string{
	`<img src=x onerror=alert(1)>`,
	`"><script>alert(1)</script>`,
	"\x1b[31mred\x1b[0m\x07",
	"ab\u202egnp.exe\u2066\u200b",
	"javascript:alert(1)",
	strings.Repeat("long ", 2000), // 10,000 characters
	`{{constructor.constructor("alert(1)")()}}`,
	"../../../etc/passwd?since=1#x&y=%00",
	`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`,
}

// playHostile is a server whose name, tools and results are hostile.
func playHostile([]string) int {
	var tools []mcptest.Object
	for _, name := range hostile {
		tools = append(tools, mcptest.Object{"name": name, "title": name, "description": name,
			"inputSchema": mcptest.Object{"type": "object", "properties": mcptest.Object{name: mcptest.Object{"type": "string"}}}})
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var m struct {
			ID     json.RawMessage
			Method string
			Params struct{ Name string }
		}
		if in.Decode(&m) != nil {
			return 0
		}
		if m.ID == nil {
			continue
		}
		reply := mcptest.Object{"jsonrpc": "2.0", "id": m.ID}
		switch m.Method {
		case "initialize":
			reply["result"] = mcptest.Object{"protocolVersion": "2025-11-25", "capabilities": mcptest.Object{"tools": mcptest.Object{}},
				"serverInfo": mcptest.Object{"name": hostile[0], "version": hostile[1]}, "instructions": hostile[0]}
		case "tools/list":
			reply["result"] = mcptest.Object{"tools": tools}
		case "tools/call":
			reply["result"] = mcptest.Object{"content": []mcptest.Object{{"type": "text", "text": m.Params.Name}}}
			if strings.HasPrefix(m.Params.Name, "javascript:") {
				delete(reply, "result")
				reply["error"] = mcptest.Object{"code": -32000, "message": hostile[0] + hostile[1]}
			}
		}
		if out.Encode(reply) != nil {
			return 1
		}
	}
}

// hostile is a session with the server of playHostile, which stays open while a call of a hostile name is.
func (d *desk) hostile() *rawClient {
	d.t.Helper()
	c := d.start(cast.As(d.t, "hostile"))
	info, err := json.Marshal(mcptest.Object{"name": hostile[0], "version": hostile[3]})
	if err != nil {
		d.t.Fatal(err)
	}
	c.ask("initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":`+string(info)+`}`)
	c.answer()
	c.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	c.ask("tools/list", `{}`)
	c.answer()
	for _, name := range hostile {
		c.call(name, mcptest.Object{name: name})
	}
	return c
}
