package conversation_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// read reads a recording whose events are lines such as "0.1 client {…}": a message, and what else begins with a quote is text.
// Other lines are events as they are.
func read(t *testing.T, lines string) *conversation.Conversation {
	t.Helper()
	text := `{"spanpipe":"recording","version":1,"started":"2026-11-28T10:00:00Z"}` + "\n"
	for line := range strings.Lines(lines) {
		at, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		from, data, ok := strings.Cut(rest, " ")
		switch {
		case line == "\n" || strings.HasPrefix(line, "{"):
			text += line
		case !ok:
			t.Fatalf("line %q", line)
		case data[0] == '"':
			text += fmt.Sprintf(`{"at":%s,"from":%q,"text":%s}`+"\n", at, from, data)
		default:
			text += fmt.Sprintf(`{"at":%s,"from":%q,"message":%s}`+"\n", at, from, data)
		}
	}
	r, err := recording.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return conversation.Read("test", r, conversation.Config{Key: []byte("key")})
}

const session = `
0.0 client {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","clientInfo":{"name":"c","version":"1"}}}
0.2 server "Server is running\n"
0.3 server {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"2"},"instructions":"Be kind."}}
0.4 client {"jsonrpc":"2.0","method":"notifications/initialized"}
0.5 client {"jsonrpc":"2.0","id":2,"method":"tools/list"}
0.6 server {"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a","description":"A","inputSchema":{"type":"object"}}],"nextCursor":"x"}}
0.7 client {"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"x"}}
0.8 server {"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"b","description":"Bé","inputSchema":{"type":"object"}}]}}
0.9 client {"jsonrpc":"2.0","id":4,"method":"resources/list"}
1.0 server {"jsonrpc":"2.0","id":4,"result":{"resources":[{"uri":"file:///x","name":"x"}]}}
1.1 client {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"a","arguments":{}}}
1.2 server {"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"hi"}]}}
`

const whole = session + `
{"at":2,"from":"client","end":"whole"}
{"at":2.1,"from":"server","end":"whole"}
{"at":2.2,"exit":{"code":0}}
`

// TestRead: what a recording says of the session as a whole, of its operations, and of what the server offers.
func TestRead(t *testing.T) {
	c := read(t, whole)
	r := c.Records
	if s := r.Session; s.Server != (record.Peer{Name: "s", Version: "2"}) || s.Protocol != "2025-11-25" || s.Client.Name != "c" {
		t.Errorf("%+v", s)
	}
	if r.Exit == nil || r.Exit.EndedBy != record.ByClient || r.Exit.Lifetime != 2200*time.Millisecond || r.State != view.Ended {
		t.Errorf("%+v %s", r.Exit, r.State)
	}
	if d, ok := c.Startup(); d != 300*time.Millisecond || !ok {
		t.Errorf("startup %v, %t", d, ok)
	}
	if len(r.Operations) != 5 || !reflect.DeepEqual(c.Stray, []string{"Server is running"}) {
		t.Errorf("%d operations, %q", len(r.Operations), c.Stray)
	}
	if a, ok := c.Answer(5); !ok || string(a.Result) != `{"content":[{"type":"text","text":"hi"}]}` {
		t.Errorf("%s %t", a.Result, ok)
	}
	if op, result, ok := c.Handshake(); !ok || op.Number != 1 || !strings.Contains(string(result), "capabilities") {
		t.Errorf("%v %s", op, result)
	}
	got := ""
	for _, d := range c.Definitions {
		got += fmt.Sprintf("%s %s %d %s\n", d.Kind, d.Name, d.Description, d.Text)
		if d.Tokens == 0 || d.Size != int64(len(d.Text)) {
			t.Errorf("%d tokens, %d bytes of %s", d.Tokens, d.Size, d.Text)
		}
	}
	const want = `instructions  8 "Be kind."
tool a 1 {"name":"a","description":"A","inputSchema":{"type":"object"}}
tool b 2 {"name":"b","description":"Bé","inputSchema":{"type":"object"}}
resource file:///x 0 {"uri":"file:///x","name":"x"}
`
	if got != want {
		t.Errorf("definitions:\n%s", got)
	}
}

// TestReadTwice: the same recording makes the same records, and the same fingerprints under the same key.
func TestReadTwice(t *testing.T) {
	a, b := read(t, whole), read(t, whole)
	if !reflect.DeepEqual(a.Records, b.Records) || !reflect.DeepEqual(a.Definitions, b.Definitions) {
		t.Error("they differ")
	}
	if a.Definitions[1].Fingerprint == (record.Fingerprint{}) {
		t.Error("no fingerprint")
	}
}

// TestBrokenOff: of a recording that ends in the middle, the session was killed and its operations are open.
func TestBrokenOff(t *testing.T) {
	c := read(t, session+`
1.3 client {"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"a"}}
1.4 server "{\"jsonrpc\":"
`)
	last := &c.Records.Operations[5]
	if c.Records.Exit != nil || c.Records.State != view.Killed || c.Records.Outcome(last).Ending != view.Unanswered || len(c.Stray) != 1 {
		t.Errorf("%v %s %v %q", c.Records.Exit, c.Records.State, c.Records.Outcome(last), c.Stray)
	}
}

// TestEnds: who has ended a session.
func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name, events string
		by           record.EndedBy
		cause        record.Cause
	}{
		{"client left", `{"at":2,"from":"client","end":"whole"}
{"at":2,"exit":{"code":0}}
{"at":2,"from":"server","end":"whole"}`, record.ByClient, record.ClientLeft},
		{"server exited", `{"at":2,"from":"server","end":"whole"}
{"at":2,"exit":{"code":1}}
{"at":3,"from":"client","end":"whole"}`, record.ByServer, record.ServerEnded},
		{"server crashed", `{"at":2,"exit":{"code":0,"signal":"SIGSEGV"}}
{"at":3,"from":"client","end":"cut"}`, record.ByServer, record.ServerEnded},
		{"signal of the host", `{"at":2,"from":"client","end":"cut"}
{"at":2,"exit":{"code":0,"signal":"SIGTERM"}}`, record.ByClient, record.Signaled},
	} {
		t.Run(test.name, func(t *testing.T) {
			exit := read(t, session+test.events+"\n").Records.Exit
			if exit == nil || exit.EndedBy != test.by || exit.Cause != test.cause {
				t.Errorf("%+v", exit)
			}
		})
	}
}

// TestLists: the definitions are those of the last list that was read to its end.
func TestLists(t *testing.T) {
	list := func(id int, cursor, tools, next string) string {
		return fmt.Sprintf(`2 client {"jsonrpc":"2.0","id":%d,"method":"tools/list","params":{%s}}
2 server {"jsonrpc":"2.0","id":%d,"result":{"tools":[%s]%s}}
`, id, cursor, id, tools, next)
	}
	for name, test := range map[string]struct{ more, want string }{
		"listed again": {list(10, "", `{"name":"a"}`, ""), "a"},
		"in part":      {list(10, "", `{"name":"c"}`, `,"nextCursor":"y"`), "a b"},
		"in two pages": {list(10, "", `{"name":"c"}`, `,"nextCursor":"y"`) + list(11, `"cursor":"y"`, `{"name":"a"}`, ""), "c a"},
		"empty":        {list(10, "", ``, ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, d := range read(t, session+test.more).Definitions {
				if d.Kind == record.ToolDefinition {
					names = append(names, d.Name)
				}
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestOfStored: records of the store do not say which page of which list an answer is; a list begins anew with a name that it has.
func TestOfStored(t *testing.T) {
	page := func(number uint64, names ...string) record.Operation {
		op := record.Operation{Change: record.Ended, Number: number, Direction: record.ToServer, Method: "tools/list", Answered: true}
		for _, name := range names {
			op.Definitions = append(op.Definitions, record.Definition{Kind: record.ToolDefinition, Name: name, Size: 10, Tokens: 3})
		}
		return op
	}
	c := conversation.Of("stored", &view.Records{Operations: []record.Operation{page(1, "a", "b"), page(2, "c"), page(3, "a"), page(4, "d")}})
	if tokens, size := c.Cost(); len(c.Definitions) != 2 || tokens != 6 || size != 20 {
		t.Errorf("%+v", c.Definitions)
	}
	if _, ok := c.Answer(1); ok {
		t.Error("a stored session has an answer")
	}
}
