package clients_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// TestSnippet: what a person pastes has the client's format and shape, and parses.
func TestSnippet(t *testing.T) {
	server := &clients.Server{
		Name: "my server", Command: `C:\x.exe`, Args: []string{"<y>"}, Env: []clients.Var{{Name: "KEY", Value: "secret"}},
	}
	for client, want := range map[string]string{
		"jetbrains-ai-assistant": `"mcpServers": {
  "my server": {
    "command": "/opt/spanpipe",
    "args": ["--", "C:\\x.exe", "<y>"],
    "env": { "SPANPIPE_TELEMETRY": "local" }
  }
}
`,
		"opencode": `"mcp": {
  "my server": {
    "command": ["/opt/spanpipe", "--", "C:\\x.exe", "<y>"],
    "environment": { "SPANPIPE_TELEMETRY": "local" }
  }
}
`,
		"codex": `[mcp_servers."my server"]
command = "/opt/spanpipe"
args = ["--", "C:\\x.exe", "<y>"]
env = { SPANPIPE_TELEMETRY = "local" }
`,
		"mistral-vibe": `[[mcp_servers]]
name = "my server"
command = "/opt/spanpipe"
args = ["--", "C:\\x.exe", "<y>"]
env = { SPANPIPE_TELEMETRY = "local" }
`,
		"goose": `extensions:
  "my server":
    cmd: "/opt/spanpipe"
    args: ["--", "C:\\x.exe", "<y>"]
    envs: { SPANPIPE_TELEMETRY: "local" }
`,
		"continue": `mcpServers:
  - name: "my server"
    command: "/opt/spanpipe"
    args: ["--", "C:\\x.exe", "<y>"]
    env: { SPANPIPE_TELEMETRY: "local" }
`,
	} {
		got := clients.Snippet(clients.Lookup(client), server, wrapping)
		compare(t, got, want)
		format, text := edit.JSON, "{"+got+"}"
		if places := clients.Lookup(client).Places; len(places) > 0 && places[0].Format != edit.JSON {
			format, text = places[0].Format, got
		}
		if _, err := edit.Parse(format, []byte(text)); err != nil {
			t.Errorf("the snippet for %s does not parse: %v", client, err)
		}
	}
}

// TestSnippetOfUnsupported: what is pasted in place of an entry with the wrong shape loses no argument silently.
func TestSnippetOfUnsupported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mcp.json")
	text := `{"mcpServers": {
"string": {"command": "npx", "args": "-y server"},
"item":   {"command": "npx", "args": ["-y", {}]},
"line":   {"command": "npx -y", "args": ["server"]}
}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{`["--", "npx", "ARGUMENT"]`, `["--", "npx", "ARGUMENT"]`, `["--", "npx", "-y", "server"]`}
	for i, s := range clients.Given(path, edit.JSON, "cursor")[0].Servers {
		if got := clients.Snippet(clients.Lookup("cursor"), s, wrapping); s.State != clients.Unsupported || !strings.Contains(got, want[i]) {
			t.Errorf("%s is %s:\n%swant %s", s.Name, s.State, got, want[i])
		}
	}
}
