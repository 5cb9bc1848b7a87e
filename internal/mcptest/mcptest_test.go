package mcptest_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

var cast = mcptest.Cast{Roles: map[string]mcptest.Role{"server": func([]string) int { return mcptest.Serve() }}}

func TestMain(m *testing.M) { os.Exit(cast.Run(m)) }

// TestServe calls the tools that other tests rely on.
func TestServe(t *testing.T) {
	h := mcptest.Open(t, cast.As(t, "server"))
	c := mcptest.Connect(h)
	long := strings.Repeat("long ", 50_000) // more than the server's buffer
	for _, test := range []struct {
		tool      string
		arguments mcptest.Object
		text      string
	}{
		{"echo", mcptest.Object{"text": "hello"}, "hello"},
		{"echo", mcptest.Object{"text": long}, long},
		{"fail", mcptest.Object{"text": "no"}, "no"},
		{"size", nil, ""},
		{"size", mcptest.Object{"bytes": 3}, "xxx"},
		{"size", mcptest.Object{"bytes": 200_000}, strings.Repeat("x", 200_000)},
		{"pid", nil, strconv.Itoa(h.Cmd.Process.Pid)},
	} {
		if got := c.Tool(test.tool, test.arguments).Text(); got != test.text {
			t.Errorf("%s answers %.80q, want %.80q", test.tool, got, test.text)
		}
	}
	// The tool size does not decode its line, which may be of any length.
	h.Say(`{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"size","arguments":{"bytes":1,"text":"` + long + `"}}}` + "\n")
	if got, want := h.Line(), `{"jsonrpc":"2.0","id":"a","result":{"content":[{"text":"x","type":"text"}]}}`; got != want {
		t.Errorf("size answers %.200q, want %q", got, want)
	}
	if m := c.Tool("none", nil); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("an unknown tool is answered with %+v", m)
	}
	c.Ask("tools/call", mcptest.Object{"name": "exit", "arguments": mcptest.Object{"code": 3}})
	if code := h.Wait().ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

// TestHostPlay plays both parts of one conversation.
func TestHostPlay(t *testing.T) {
	c, err := mcptest.ParseConversation(`
		0ms >+ {"jsonrpc":"2.0","id":5,
		0ms >  "method":"ping"}
		0ms < {"jsonrpc":"2.0","id":5,"result":{}}`)
	if err != nil {
		t.Fatal(err)
	}
	mcptest.Open(t, cast.As(t, "server")).Play(c.Steps)
}
