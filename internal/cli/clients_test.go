package cli_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/internal/clients"
)

// homeOfClients makes a home directory with clients' files, and a repository in it, which it makes the working directory.
func homeOfClients(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if resolved, err := filepath.EvalSymlinks(home); err == nil { // macOS has a link before it
		home = resolved
	}
	for name, text := range map[string]string{
		".claude.json": `{
  "mcpServers": {
    "filesystem": {
      "command": "/usr/local/bin/spanpipe",
      "args": ["--", "npx", "-y", "server-filesystem", "."],
      "env": {"SPANPIPE_TELEMETRY": "local"}
    },
    "sentry": {"type": "http", "url": "https://mcp.example.com/mcp?token=secret"}
  },
  "projects": {"/code/desk": {"mcpServers": {"tickets": {"command": "node", "args": "index.js --key=secret"}}}}
}`,
		"code/desk/.mcp.json":               `{"mcpServers": {"tickets": {"command": "spanpipe", "args": ["--", "node", "index.js"]}}}`,
		"code/desk/.git/config":             "",
		".codex/config.toml":                "[mcp_servers.git]\ncommand = \"uvx\"\nargs = [\"mcp-server-git\"]\nenabled = false\n",
		".gemini/settings.json":             `{"theme": "GitHub"}`,
		".codeium/windsurf/mcp_config.json": "{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"x\"}\n    \"b\": {}\n  }\n}",
		".cursor/mcp.json": `{"mcpServers": {
  "off": {"command": "spanpipe", "args": ["--", "x"], "env": {"SPANPIPE_TELEMETRY": "otlp", "DO_NOT_TRACK": "1"}},
  "flag": {"command": "spanpipe", "args": ["--telemetry=local,otlp", "--", "x"]},
  "\u001b[2Jsecond": {"command": "x"}
}}`,
	} {
		path := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(home, "code", "desk"))
	return home
}

// TestClients: what "spanpipe clients" shows, for people and for programs. No argument, URL or value of a variable is in it.
func TestClients(t *testing.T) {
	shown := map[string]string{}
	t.Run("run", func(t *testing.T) { // in another working directory
		home := homeOfClients(t)
		for name, args := range map[string][]string{"clients.txt": {}, "clients-some.txt": {"cursor", "Codex"}, "clients.json": {"--json"}} {
			stdout, stderr, code := runAt(t, home, append([]string{"clients"}, args...)...)
			if code != 0 || stderr != "" || strings.Contains(stdout, "secret") || strings.Contains(stdout, "\x1b") {
				t.Errorf("clients %v: exit code %d, stderr %q\n%s", args, code, stderr, stdout)
			}
			shown[name] = stdout
		}
	})
	for name, text := range shown {
		golden(t, name, text)
	}
}

// windowsPath matches a path in the home directory, also in JSON.
var windowsPath = regexp.MustCompile(`(/home/kim|~)(\\+[\w.-]+)+`)

// runAt runs a command with a home directory, which is called /home/kim in what it returns, with slashes on every system.
func runAt(t *testing.T, home string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var texts [2]string
	var files [2]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	code = cli.Main(cli.Process{
		Args: append([]string{"spanpipe"}, args...), Environ: []string{"HOME=" + home, "USERPROFILE=" + home},
		Stdin: os.Stdin, Stdout: files[0], Stderr: files[1],
	})
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{strings.ReplaceAll(home, `\`, `\\`), home} { // in JSON, and as it is
			text = bytes.ReplaceAll(text, []byte(form), []byte("/home/kim"))
		}
		texts[i] = windowsPath.ReplaceAllStringFunc(string(text), func(path string) string {
			return strings.ReplaceAll(strings.ReplaceAll(path, `\\`, "/"), `\`, "/")
		})
	}
	return texts[0], texts[1], code
}

// TestClientsPage: the tables of docs/clients.md are those of the code.
func TestClientsPage(t *testing.T) {
	generated(t, "../../docs/clients.md", "TestClientsPage", map[string]string{
		"bases": basesTable(t), "clients": clientsTable(), "environment": environmentTable(), "after": afterTable(),
	})
}

// basesTable lists what paths of the table begin with.
func basesTable(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../clients/table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Bases map[string]map[string]string `yaml:"bases"`
	}
	if err := yaml.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	b := "| in the table | macOS | Linux | Windows |\n|---|---|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(table.Bases)) {
		b += "| `{" + name + "}`"
		for _, system := range []string{"darwin", "linux", "windows"} {
			if base := table.Bases[name][system]; base != "" {
				b += " | `" + base + "`"
			} else {
				b += " | –"
			}
		}
		b += " |\n"
	}
	return b
}

// clientsTable lists where clients keep their servers.
func clientsTable() string {
	sure := map[clients.Sure]string{clients.Verified: "verified", clients.Agreed: "agreed", clients.One: "one source", clients.Uncertain: "unsure"}
	b := "| client | name | scope | file | format | key | known |\n|---|---|---|---|---|---|---|\n"
	for _, c := range clients.Table() {
		for _, p := range c.Places {
			known := sure[p.Sure]
			if p.Print != "" {
				known += "; never edited: " + p.Print
			}
			key := strings.Join(p.Key, "` → `")
			if key == "" {
				key = "(the whole file)"
			} else {
				key = "`" + key + "`"
			}
			b += fmt.Sprintf("| %s | `%s` | %s | %s | %s | %s | %s |\n", c.Name, c.ID, p.Scope, paths(p), strings.ToUpper(string(p.Format)), key, known)
		}
		if c.Note != "" {
			b += fmt.Sprintf("| %s | `%s` | | %s | | | |\n", c.Name, c.ID, c.Note)
		}
	}
	return b
}

// paths returns the paths of a place, by system where these differ.
func paths(p *clients.Place) string {
	var parts []string
	for _, of := range []struct {
		name  string
		paths []string
	}{{"", p.Paths}, {"macOS: ", p.Darwin}, {"Linux: ", p.Linux}, {"Windows: ", p.Win}} {
		if len(of.paths) > 0 {
			parts = append(parts, of.name+"`"+strings.Join(of.paths, "`, `")+"`")
		}
	}
	return strings.Join(parts, "; ")
}

// environmentTable lists what servers inherit, where that is known.
func environmentTable() string {
	b := "| client | what its servers inherit |\n|---|---|\n"
	for _, c := range clients.Table() {
		if c.Env.Text != "" {
			b += fmt.Sprintf("| %s | %s |\n", c.Name, strings.ReplaceAll(c.Env.Text, "*", `\*`))
		}
	}
	return b
}

// afterTable lists what makes a change take effect.
func afterTable() string {
	b := "| client | next step |\n|---|---|\n"
	for _, c := range clients.Table() {
		b += fmt.Sprintf("| %s | %s |\n", c.Name, c.Next(clients.Project))
	}
	return b
}
