//go:build unix

package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWithoutProgram follows docs/clients.md where spanpipe is gone: a script in its place starts a server, and the commands that the
// document prints bring the clients' files back.
func TestWithoutProgram(t *testing.T) {
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "**It is gone already.**")
	blocks := strings.Split(rest, "```")
	if len(blocks) < 4 {
		t.Fatalf("docs/clients.md has no commands for that:\n%s", rest)
	}
	commands, script := strings.TrimPrefix(blocks[1], "sh\n"), strings.TrimPrefix(blocks[3], "sh\n")

	h := newHome(t)
	home := filepath.Join(h.root, "home")
	before := map[string]string{
		".cursor/mcp.json":   `{ "mcpServers": { "memory": { "command": "echo", "args": ["a  b", "c"] } } } // mine` + "\n",
		".codex/config.toml": "[mcp_servers.memory] # mine\ncommand = \"echo\"\n",
	}
	for name, text := range before {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(home, ".local", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		h.in()(cmd)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	run(binary(t), "install", "--yes", "--program", "spanpipe")
	run("sh", "-c", script)
	if got := run(filepath.Join(home, ".local", "bin", "spanpipe"), "--", "echo", "a  b", "c"); got != "a  b c\n" {
		t.Errorf("the script in place of spanpipe started a command that wrote %q", got)
	}
	cd, _, _ := strings.Cut(commands, "\n")
	restore := run("sh", "-c", commands)
	if got := strings.Count(restore, "cp "); got != len(before) {
		t.Errorf("it prints %d commands for %d files:\n%s", got, len(before), restore)
	}
	run("sh", "-c", cd+"\n"+restore)
	for name, want := range before {
		if got, err := os.ReadFile(filepath.Join(home, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}
