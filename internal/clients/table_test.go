package clients_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// TestTable: each row has what the code relies on. That no field is unknown, decoding has seen to.
func TestTable(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range clients.Table() {
		if ids[c.ID] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.ID) || c.Name == "" || c.After == "" {
			t.Errorf("%+v lacks an ID of its own, a name or the next step", c)
		}
		ids[c.ID] = true
		if len(c.Places) == 0 && c.Note == "" {
			t.Errorf("%s has neither a place nor a note", c.ID)
		}
		if strings.HasSuffix(c.After, ".") || !slices.Contains([]clients.Inherits{clients.All, clients.Few, clients.Unknown}, c.Env.Inherits) ||
			(c.Env.Inherits != clients.Unknown) != (c.Env.Text != "") {
			t.Errorf("%s: the next step is no clause, or the rule of the environment is wrong", c.ID)
		}
		for _, pattern := range slices.Concat(c.Env.Passes, c.Env.Drops) {
			if _, err := path.Match(pattern, ""); err != nil || pattern != strings.ToUpper(pattern) {
				t.Errorf("%s: %s is no pattern of variables: %v", c.ID, pattern, err)
			}
		}
		for _, p := range c.Places {
			checkPlace(t, c, p)
		}
	}
	if len(ids) < 30 {
		t.Errorf("there are %d clients", len(ids))
	}
}

func checkPlace(t *testing.T, c *clients.Client, p *clients.Place) {
	scopes := []clients.Scope{clients.User, clients.Local, clients.Project, clients.Managed}
	formats := []edit.Format{edit.JSON, edit.TOML, edit.YAML}
	sures := []clients.Sure{clients.Verified, clients.Agreed, clients.One, clients.Uncertain}
	if !slices.Contains(scopes, p.Scope) || !slices.Contains(formats, p.Format) || !slices.Contains(sures, p.Sure) || p.Key == nil {
		t.Errorf("%s: scope, format, sureness or key of %+v is wrong", c.ID, p)
	}
	if p.Scope == clients.Managed && p.Print == "" || (p.Scope == clients.Local) != slices.Contains(p.Key, "*") {
		t.Errorf("%s: %+v could be edited, or has a key of another scope", c.ID, p)
	}
	if p.Sure == clients.Uncertain && p.Print == "" {
		t.Errorf("%s: %+v is unsure, and would be edited", c.ID, p)
	}
	if !clients.HasShape(p) {
		t.Errorf("%s has no shape %q", c.ID, p.Shape)
	}
	found := 0
	for _, system := range []string{"darwin", "linux", "windows"} {
		found += len(clients.Candidates(p, clients.Machine{OS: system, Home: rooted("/home/ann"), Getenv: func(string) string { return "" }}))
	}
	if found == 0 {
		t.Errorf("%s: %+v has no path", c.ID, p)
	}
	for _, text := range slices.Concat(p.Paths, p.Darwin, p.Linux, p.Win) {
		relative := !strings.ContainsAny(text[:1], "/~${")
		if _, err := path.Match(text, ""); err != nil || strings.ContainsAny(text, `\?`) || relative != (p.Scope == clients.Project) {
			t.Errorf("%s: %q is no path of the scope %s: %v", c.ID, text, p.Scope, err)
		}
	}
}

// rooted returns a path with slashes as absolute on this system, too.
func rooted(path string) string {
	if strings.HasPrefix(path, "/") {
		return filepath.VolumeName(os.TempDir()) + path
	}
	return path
}

// TestPaths: the first user's path of clients on the three systems.
func TestPaths(t *testing.T) {
	for _, test := range []struct{ client, system, variable, want string }{
		{"claude-desktop", "darwin", "", "/home/ann/Library/Application Support/Claude/claude_desktop_config.json"},
		{"claude-desktop", "linux", "", "/home/ann/.config/Claude/claude_desktop_config.json"},
		{"claude-desktop", "windows", "", "/home/ann/AppData/Roaming/Claude/claude_desktop_config.json"},
		{"claude-desktop", "windows", "APPDATA=/roaming", "/roaming/Claude/claude_desktop_config.json"},
		{"claude-desktop", "linux", "XDG_CONFIG_HOME=/cfg", "/cfg/Claude/claude_desktop_config.json"},
		{"claude-desktop", "freebsd", "", "/home/ann/.config/Claude/claude_desktop_config.json"},
		{"claude-code", "linux", "", "/home/ann/.claude.json"},
		{"claude-code", "windows", "", "/home/ann/.claude.json"},
		{"claude-code", "linux", "CLAUDE_CONFIG_DIR=/c", "/c/.claude.json"},
		{"claude-code", "linux", "CLAUDE_CONFIG_DIR=relative", ""},
		{"vscode", "darwin", "", "/home/ann/Library/Application Support/Code/User/mcp.json"},
		{"vscode", "windows", "", "/home/ann/AppData/Roaming/Code/User/mcp.json"},
		{"codex", "darwin", "", "/home/ann/.codex/config.toml"},
		{"codex", "windows", "CODEX_HOME=/c", "/c/config.toml"},
		{"cline", "linux", "", "/home/ann/.cline/data/settings/cline_mcp_settings.json"},
		{"cline", "linux", "CLINE_MCP_SETTINGS_PATH=/c/x.json", "/c/x.json"},
		{"cline", "linux", "CLINE_DATA_DIR=/c", "/c/settings/cline_mcp_settings.json"},
		{"cline", "linux", "CLINE_DIR=/c", "/c/data/settings/cline_mcp_settings.json"},
		{"qwen-code", "linux", "QWEN_HOME=/c", "/c/settings.json"},
		{"goose", "linux", "", "/home/ann/.config/goose/config.yaml"},
		{"goose", "darwin", "GOOSE_PATH_ROOT=/g", "/g/config/config.yaml"},
		{"goose", "windows", "", "/home/ann/AppData/Roaming/Block/goose/config/config.yaml"},
		{"zed", "darwin", "", "/home/ann/.config/zed/settings.json"},
		{"zed", "windows", "", "/home/ann/AppData/Roaming/Zed/settings.json"},
		{"copilot-cli", "linux", "", "/home/ann/.copilot/mcp-config.json"},
		{"copilot-cli", "linux", "COPILOT_HOME=/c", "/c/mcp-config.json"},
		{"opencode", "linux", "", "/home/ann/.config/opencode/opencode.jsonc"},
		{"opencode", "windows", "LOCALAPPDATA=/local", "/local/opencode/opencode.jsonc"},
		{"crush", "windows", "", "/home/ann/AppData/Local/crush/crush.json"},
		{"amp", "windows", "", "/home/ann/AppData/Roaming/amp/settings.json"},
		{"boltai", "darwin", "", "/home/ann/.boltai/mcp.json"},
		{"boltai", "linux", "", ""},
	} {
		name, value, _ := strings.Cut(test.variable, "=")
		m := clients.Machine{OS: test.system, Home: rooted("/home/ann"), Getenv: func(n string) string {
			if n == name {
				return rooted(value)
			}
			return ""
		}}
		all := clients.Candidates(clients.Lookup(test.client).Places[0], m)
		got := append(all, "")[0]
		if only := map[string]bool{"CLINE_MCP_SETTINGS_PATH": true, "GOOSE_PATH_ROOT": true, "COPILOT_HOME": true}[name]; only && len(all) != 1 {
			t.Errorf("%s with %s looks at %v, too", test.client, name, all[1:])
		}
		if got != rooted(test.want) {
			t.Errorf("%s on %s with %q: %q, want %q", test.client, test.system, test.variable, got, test.want)
		}
	}
}

// TestStrips: what of a client's environment its servers do not have.
func TestStrips(t *testing.T) {
	for _, test := range []struct {
		client, name string
		want         bool
	}{
		{"claude-code", "OTEL_SERVICE_NAME", true}, {"claude-code", "SPANPIPE_TELEMETRY", false},
		{"codex", "SPANPIPE_TELEMETRY", true}, {"codex", "LANG", false}, {"codex", "XDG_STATE_HOME", true},
		{"gemini-cli", "SPANPIPE_TELEMETRY", false}, {"gemini-cli", "GITHUB_token", true},
		{"crush", "OTEL_SERVICE_NAME", false},
		{"cursor", "PATH", false}, {"cursor", "SPANPIPE_DIR", true},
	} {
		if got := clients.Lookup(test.client).Env.Strips(test.name); got != test.want {
			t.Errorf("%s strips %s: %v", test.client, test.name, got)
		}
	}
}
