package clients_test

import (
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
