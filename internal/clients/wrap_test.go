package clients_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
)

var wrapping = clients.Wrapping{
	Program: "/opt/spanpipe", Env: []clients.Var{{Name: "SPANPIPE_TELEMETRY", Value: "local"}},
}

// TestWrap: in each shape of entries, wrapping changes the entry alone, a second time changes nothing, and unwrapping gives the
// bytes of before.
func TestWrap(t *testing.T) {
	for name, test := range map[string]struct{ client, file, text, want string }{
		"JSON, of Claude Desktop": {
			"claude-desktop", "config.json", `{
  // mine
  "mcpServers": {
    "a": {
      "command": "npx", // always the newest
      "args": ["-y", "server", 8080]
    },
    "b": {"command": "${input:x}", "args": [], "env": {"KEY": "${env:KEY}"}}
  }
}
`, `{
  // mine
  "mcpServers": {
    "a": {
      "command": "/opt/spanpipe", // always the newest
      "args": ["--", "npx", "-y", "server", 8080],
      "env": {"SPANPIPE_TELEMETRY": "local"}
    },
    "b": {"command": "/opt/spanpipe", "args": ["--", "${input:x}"], "env": {"KEY": "${env:KEY}", "SPANPIPE_TELEMETRY": "local"}}
  }
}
`,
		},
		"without arguments": {
			"cursor", "mcp.json", `{"mcpServers": {"a": {"command": "server"}, "b": {"command": "server", "env": {"A": "1"}}}}`,
			`{"mcpServers": {"a": {"command": "/opt/spanpipe", "env": {"SPANPIPE_TELEMETRY": "local"}, "args": ["--", "server"]}, "b": {"command": "/opt/spanpipe", "env": {"A": "1", "SPANPIPE_TELEMETRY": "local"}, "args": ["--", "server"]}}}`,
		},
		"an environment that is empty, and not the last": {
			"cline", "mcp.json", `{"mcpServers": {"a": {"command": "server", "args": [], "env": {}, "disabled": true}}}`,
			`{"mcpServers": {"a": {"command": "/opt/spanpipe", "args": ["--", "server"], "env": {"SPANPIPE_TELEMETRY": "local"}, "disabled": true}}}`,
		},
		"cmd of Windows": {
			"cursor", "mcp.json", `{"mcpServers": {"a": {"command": "cmd", "args": ["/c", "npx", "-y", "server"]}}}`,
			`{"mcpServers": {"a": {"command": "/opt/spanpipe", "args": ["--", "cmd", "/c", "npx", "-y", "server"], "env": {"SPANPIPE_TELEMETRY": "local"}}}}`,
		},
		"a dot in the key, of Amp": {
			"amp", "settings.json", `{"amp.mcpServers": {"a": {"command": "x", "args": ["y"]}}}`,
			`{"amp.mcpServers": {"a": {"command": "/opt/spanpipe", "args": ["--", "x", "y"], "env": {"SPANPIPE_TELEMETRY": "local"}}}}`,
		},
		"OpenCode": {
			"opencode", "opencode.jsonc", `{"mcp": {"a": {"type": "local", "command": ["npx", "server",], "enabled": true,},},}`,
			`{"mcp": {"a": {"type": "local", "command": ["/opt/spanpipe", "--", "npx", "server",], "enabled": true, "environment": {"SPANPIPE_TELEMETRY": "local"},},},}`,
		},
		"Zed": {
			"zed", "settings.json", `{"context_servers": {"a": {"source": "custom", "command": "x", "args": ["y"]}}}`,
			`{"context_servers": {"a": {"source": "custom", "command": "/opt/spanpipe", "args": ["--", "x", "y"], "env": {"SPANPIPE_TELEMETRY": "local"}}}}`,
		},
		"Zed's old form": {
			"zed", "settings.json", `{"context_servers": {"a": {"command": {"path": "x", "args": ["y"], "env": {"A": "b"}}, "settings": {}}}}`,
			`{"context_servers": {"a": {"command": {"path": "/opt/spanpipe", "args": ["--", "x", "y"], "env": {"A": "b", "SPANPIPE_TELEMETRY": "local"}}, "settings": {}}}}`,
		},
		"Codex": {
			"codex", "config.toml", `model = "x"

[mcp_servers.a] # read only
command = "uvx"
args = ["server", "--repository", "."]

[mcp_servers."b c"]
command = 'C:\bin\server'

[mcp_servers."b c".env]
KEY = "x"
`, `model = "x"

[mcp_servers.a] # read only
command = "/opt/spanpipe"
args = ["--", "uvx", "server", "--repository", "."]
env = { SPANPIPE_TELEMETRY = "local" }

[mcp_servers."b c"]
command = '/opt/spanpipe'
args = ["--", "C:\\bin\\server"]

[mcp_servers."b c".env]
KEY = "x"
SPANPIPE_TELEMETRY = "local"
`,
		},
		"Mistral Vibe": {
			"mistral-vibe", "config.toml", `[[mcp_servers]]
name = "a"
transport = "stdio"
command = "uvx"
args = ["server"]

[[mcp_servers]]
name = "b"
transport = "stdio"
command = "uvx"
args = ["other"]
`, `[[mcp_servers]]
name = "a"
transport = "stdio"
command = "/opt/spanpipe"
args = ["--", "uvx", "server"]
env = { SPANPIPE_TELEMETRY = "local" }

[[mcp_servers]]
name = "b"
transport = "stdio"
command = "/opt/spanpipe"
args = ["--", "uvx", "other"]
env = { SPANPIPE_TELEMETRY = "local" }
`,
		},
		"Goose": {
			"goose", "config.yaml", `extensions:
  a: # mine
    type: stdio
    cmd: npx
    args:
      - -y
      - server
    envs: {}
    enabled: true
`, `extensions:
  a: # mine
    type: stdio
    cmd: /opt/spanpipe
    args:
      - "--"
      - npx
      - -y
      - server
    envs: { SPANPIPE_TELEMETRY: local }
    enabled: true
`,
		},
		"Continue": {
			"continue", "config.yaml", `mcpServers:
  - name: a
    command: npx
    args: ["-y", "server"]
    env:
      KEY: ${{ secrets.KEY }}
`, `mcpServers:
  - name: a
    command: /opt/spanpipe
    args: ["--", "npx", "-y", "server"]
    env:
      KEY: ${{ secrets.KEY }}
      SPANPIPE_TELEMETRY: local
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := given(t, test.client, test.file, test.text)
			wrapped, err := f.Wrap(f.Servers, wrapping)
			if err != nil {
				t.Fatal(err)
			}
			if string(wrapped.Before) != test.text || string(wrapped.After) != test.want || len(wrapped.Servers) != len(f.Servers) {
				t.Fatalf("wrapped:\n%s\nwant:\n%s", wrapped.After, test.want)
			}
			again := f.Reread(wrapped.After)
			for i, s := range again.Servers {
				old := f.Servers[i]
				if s.State != clients.Wrapped || s.Command != old.Command || len(s.Args) != len(old.Args) || s.Program != "/opt/spanpipe" {
					t.Errorf("the wrapped server is %+v, want as %+v", s, old)
				}
			}
			if twice, err := again.Wrap(again.Servers, wrapping); err != nil || string(twice.After) != test.want || len(twice.Servers) != 0 {
				t.Errorf("wrapped twice: %s, %v", twice.After, err)
			}
			if back, err := again.Unwrap(again.Servers, nil); err != nil || string(back.After) != test.text {
				t.Errorf("unwrapped: %v\n%s", err, back.After)
			}
			moved := clients.Wrapping{Program: "/usr/bin/spanpipe", Env: wrapping.Env}
			if there, err := again.Wrap(again.Servers, moved); err != nil || len(there.Servers) != len(f.Servers) {
				t.Errorf("with a program that moved: %v", err)
			} else if back, err := again.Reread(there.After).Wrap(again.Reread(there.After).Servers, wrapping); err != nil || string(back.After) != test.want {
				t.Errorf("and moved back: %v\n%s", err, back.After)
			}
		})
	}
}

// TestUnwrapRefused: what is an administrator's, or is no command, is not unwrapped.
func TestUnwrapRefused(t *testing.T) {
	f := given(t, "cursor", "mcp.json", `{"mcpServers": {"a": {"command": "spanpipe", "args": ["--", 8080]}}}`)
	if c, err := f.Unwrap(f.Servers, nil); err == nil || err.Error() != "a: the command behind spanpipe's -- is not a string" {
		t.Errorf("a number as a command: %v, %v", c, err)
	}
	f.Scope = clients.Managed
	if c, err := f.Unwrap(f.Servers, nil); err == nil || err.Error() != "administrators manage it" {
		t.Errorf("a managed file: %v, %v", c, err)
	}
}

// TestWrappedAlready: what is as it should be stays, in whatever way it is written.
func TestWrappedAlready(t *testing.T) {
	f := given(t, "cursor", "mcp.json", `{"mcpServers": {"a": {"command": "\/opt\/spanpipe", "args": ["--", "x"], "env": {"SPANPIPE_TELEMETRY": "loc\u0061l"}}}}`)
	if c, err := f.Wrap(f.Servers, wrapping); err != nil || string(c.After) != string(f.Raw) || len(c.Servers) != 0 {
		t.Errorf("%s, %v", c.After, err)
	}
}

// TestVariables: a value that was asked for becomes a string, and one that was not changed stays as it is written.
func TestVariables(t *testing.T) {
	const text = `{"mcpServers": {"a": {"command": "x", "args": [], "env": {"OTEL_A": 5, "OTEL_B": "a\/b", "OTEL_C": "ours"}}}}`
	f := given(t, "cursor", "mcp.json", text)
	asked := clients.Wrapping{Program: "spanpipe", Env: []clients.Var{{Name: "OTEL_A", Value: "5"}}, Asked: []string{"OTEL_A"}}
	wrapped, err := f.Wrap(f.Servers, asked)
	if err != nil || !strings.Contains(string(wrapped.After), `"OTEL_A": "5"`) {
		t.Errorf("wrapped: %s, %v", wrapped.After, err)
	}
	f = f.Reread(wrapped.After)
	back, err := f.Unwrap(f.Servers, func(*clients.Server) (before, after []clients.Var) {
		return []clients.Var{{Name: "OTEL_B", Value: "a/b"}, {Name: "OTEL_C", Value: "mine"}},
			[]clients.Var{{Name: "OTEL_A", Value: "5"}, {Name: "OTEL_B", Value: "a/b"}, {Name: "OTEL_C", Value: "ours"}}
	})
	if want := `{"mcpServers": {"a": {"command": "x", "args": [], "env": {"OTEL_B": "a\/b", "OTEL_C": "mine"}}}}`; err != nil || string(back.After) != want {
		t.Errorf("unwrapped: %s, %v", back.After, err)
	}
}

// given returns a client's file with a text.
func given(t *testing.T, client, name, text string) *clients.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := clients.Given(path, "", client)[0]
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	return f
}
