package cmd_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
)

// windowsFiles are files of clients in their places, with the line ends and the marks that Windows' editors write. SERVER stands for
// the command line of a server that runs in wine.
var windowsFiles = map[string]string{
	"AppData/Roaming/Claude/claude_desktop_config.json": "\ufeff{\r\n  \"mcpServers\": {\r\n    \"a b\": {\r\n" +
		"      \"command\": \"cmd\",\r\n      \"args\": [\"/c\", \"npx\", \"C:\\\\Users\\\\Jürgen Müller\"]\r\n    }\r\n  }\r\n}\r\n",
	"AppData/Roaming/Code/User/mcp.json": "\ufeff// servers\r\n{\r\n  \"servers\": {\r\n" +
		"    \"y\": {\"command\": \"C:\\\\Program Files\\\\nodejs\\\\npx.cmd\", \"args\": [\"z\"],}, // last\r\n  },\r\n}\r\n",
	"AppData/Roaming/Zed/settings.json": "{\r\n  \"context_servers\": {\"old\": {\"command\": {\"path\": \"C:\\\\a.exe\", \"args\": []}}}\r\n}\r\n",
	"AppData/Roaming/Block/goose/config/config.yaml": "extensions:\r\n  dev:\r\n    type: stdio\r\n    cmd: 'C:\\a b.exe' # c\r\n" +
		"    args:\r\n      - /c\r\n    envs: {}\r\n",
	"AppData/Local/crush/crush.json":      `{"mcp": {"c": {"type":"stdio","command":"cmd","args":["/c","npx"]}}}`,
	".cursor/mcp.json":                    `{"mcpServers": {"real": SERVER}}`,
	".gemini/settings.json":               "{\r\n\t// c\r\n\t\"mcpServers\": {\"g\": {\"command\": \"cmd\", \"args\": [\"/c\", \"npx\"]}}\r\n}\r\n",
	".config/opencode/opencode.jsonc":     `{"mcp": {"o": {"type": "local", "command": ["cmd", "/c", "npx"]}}}`,
	"Jürgen Müller/.codex/config.toml":    "[mcp_servers.l]\r\ncommand = 'C:\\a b.exe'\r\nargs = [\r\n  'C:\\x', # c\r\n]\r\n[mcp_servers.b]\r\ncommand = \"cmd\"\r\n",
	".codeium/windsurf/mcp_config.json":   `{"mcpServers": {"read-only": {"command": "x"}}}`,
	"AppData/Roaming/Trae/User/mcp.json":  `{"mcpServers": {"broken`,
	"AppData/Roaming/amp/settings.json":   "{\"amp.mcpServers\": {\"m\": {\"command\": \"x\"}}}\n",
	"AppData/Roaming/Witsy/settings.json": `{"mcpServers": {"printed": {"command": "x"}}}`,
}

// wineInstall wraps the servers of clients in Windows' places, has one of them serve, and unwraps them: the files have the same bytes.
func wineInstall(t *testing.T, w *wine) {
	w.build(t, "backup.exe", "test", "-c", "../internal/clients/backup")
	out, _ := w.output(t, "backup.exe", "-test.v", "-test.run", "^TestOpenElsewhere$") // wine 8 does not remove its directory
	if strings.Contains(out, "_test.go:") || !strings.Contains(out, ": TestOpenElsewhere ") {
		t.Errorf("a file that is open elsewhere:\n%s", out)
	}

	home := w.profile(t)
	files := w.clientFiles(t, home)
	program := filepath.Join(w.dir, "Program Files", "spanpipe.exe")
	text, err := os.ReadFile(filepath.Join(w.dir, "spanpipe.exe"))
	if err = errors.Join(err, os.Mkdir(filepath.Dir(program), 0o755), os.WriteFile(program, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		h := mcptest.Open(t, append([]string{"wine", windowsPath(program)}, args...), w.in(`CODEX_HOME=C:\users\`+filepath.Base(home)+`\Jürgen Müller\.codex`))
		out := h.Rest()
		if code := h.Wait().ExitCode(); code != want {
			t.Errorf("%s: exit code %d\n%s%s", args, code, out, h.Stderr)
		}
		return out + w.stderr(h)
	}
	path := "--program=" + windowsPath(program)
	if out := run(1, "install", "--dry-run", path); !strings.Contains(out, "Would wrap 12 servers in 11 files") ||
		!strings.Contains(out, "cannot be read and was left alone: ") {
		t.Error(out)
	}
	files.same(t)
	if out := run(1, "install", "--yes", path); !strings.Contains(out, "Wrapped 11 servers in 10 files") ||
		!strings.Contains(out, "mcp_config.json was not written: the file is read-only") {
		t.Error(out)
	}
	if out := run(1, "install", "--yes", path); strings.Contains(out, "Wrapped") {
		t.Error(out)
	}
	w.serveInstalled(t, home)
	if out := run(0, "doctor", "claude-desktop"); !strings.Contains(out, "paths exist, nothing is wrapped twice") {
		t.Error(out)
	}
	run(0, "uninstall", "--yes")
	files.same(t)
}

// profile returns the home directory that Windows programs have.
func (w *wine) profile(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("wine", "cmd", "/c", "echo %USERPROFILE%")
	cmd.Env = w.env
	out, err := cmd.Output()
	_, path, ok := strings.Cut(strings.TrimSpace(string(out)), `:\`)
	if err != nil || !ok {
		t.Fatalf("the profile is %q: %v", out, err)
	}
	return filepath.Join(w.dir, "prefix", "drive_c", filepath.FromSlash(strings.ReplaceAll(path, `\`, "/")))
}

// clientTexts are what files were, by path.
type clientTexts map[string]string

func (w *wine) clientFiles(t *testing.T, home string) clientTexts {
	t.Helper()
	line := w.as(t, "server")
	entry, err := json.Marshal(map[string]any{"command": line[0], "args": line[1:]})
	if err != nil {
		t.Fatal(err)
	}
	files := clientTexts{}
	for name, text := range windowsFiles {
		path := filepath.Join(home, name)
		files[path] = strings.ReplaceAll(text, "SERVER", string(entry))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(files[path]), 0o644)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "read-only") {
			if err := os.Chmod(path, 0o444); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}

func (files clientTexts) same(t *testing.T) {
	t.Helper()
	for path, want := range files {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s, %v:\n%q\nwant\n%q", path, err, got, want)
		}
	}
}

// serveInstalled starts the server of Cursor's file as its entry has it, and finds its session in the store of the user.
func (w *wine) serveInstalled(t *testing.T, home string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, ".cursor", "mcp.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		MCPServers map[string]struct {
			Command string
			Args    []string
			Env     map[string]string
		}
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	e := config.MCPServers["real"]
	var variables []string
	for name, value := range e.Env {
		variables = append(variables, name+"="+value)
	}
	h := mcptest.Open(t, append([]string{"wine", e.Command}, e.Args...), w.in(variables...))
	if got := mcptest.Connect(h).Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
		t.Errorf(`echo("still here") = %q`, got)
	}
	endSession(t, h)
	if all, err := store.Open(filepath.Join(home, "AppData", "Local", "spanpipe")).Sessions(); err != nil || len(all) != 1 {
		t.Errorf("stored: %+v, %v", all, err)
	}
}
