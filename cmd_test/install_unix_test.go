//go:build unix

package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestInstallAsks: in a terminal, install shows what it would write and asks. What is written is what was chosen last; without a
// yes, by the end of input or by Ctrl-C, it is nothing.
func TestInstallAsks(t *testing.T) {
	const before = `{
  "mcpServers": {
    "memory": { "command": "mcp-memory", "env": { "KEY": "hide" } },
    "files": { "command": "npx", "args": ["files"] }
  }
}
`
	for _, test := range []struct {
		name, typed string
		wrapped     string // which servers are
		want        []string
	}{
		{"yes", "y\n", "memory files", []string{
			"  1 [x] Cursor, user: memory\n  2 [x] Cursor, user: files\n\nA number leaves a server out", "Would wrap 2 servers in 1 file, ", `"KEY": "***"`,
			"\nWrapped 2 servers in 1 file, ", "\nTo undo it: spanpipe uninstall\n",
		}},
		{"no", "n\n", "", []string{"\nNothing was written.\n"}},
		{"one is left out", "1\nyes\n", "files", []string{"\n  1 [ ] Cursor, user: memory\n", "\nWrapped 1 server in 1 file, "}},
		{"out and in again", "1\n2\n1\n\n7\ny\n", "memory", []string{"\n  1 [ ] Cursor, user: memory\n  2 [ ] Cursor, user: files\n"}},
		{"none is left", "1\n2\ny\n", "", []string{"\nNothing was written.\n"}},
		{"what is collected", "c\nn\n", "", []string{"\nTelemetry is on.\n", "SPANPIPE_TELEMETRY asks for local", "\nNever collected\n"}},
		{"Ctrl-D", "\x04", "", []string{"\nNothing was written.\n"}},
		{"Ctrl-C", "\x03", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHome(t)
			path, program := filepath.Join(h.root, "home", ".cursor", "mcp.json"), filepath.Join(h.root, "home", "spanpipe")
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(binary(t), program); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(binary(t), "install", "--program", program)
			h.in("NO_COLOR=1")(cmd)
			got := typeTo(t, cmd, strings.SplitAfter(test.typed, "\n"))
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in:\n%s", want, got)
				}
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"memory", "files"} {
				line := string(after)[strings.Index(string(after), `"`+name+`": {`):]
				line, _, _ = strings.Cut(line, "\n")
				if wrapped := strings.Contains(line, "spanpipe"); wrapped != strings.Contains(test.wrapped, name) {
					t.Errorf("%s is wrapped: %t; the file is\n%s", name, wrapped, after)
				}
			}
			if test.wrapped == "" && string(after) != before || strings.Contains(got, "hide") {
				t.Errorf("the file is\n%s\nthe screen\n%s", after, got)
			}
		})
	}
}

// typeTo runs a command at a terminal, types an answer each time it asks, and returns what the screen shows.
func typeTo(t *testing.T, cmd *exec.Cmd, answers []string) string {
	t.Helper()
	screen, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // it asks for something else
	defer hung.Stop()
	var all strings.Builder
	sent := 0
	buffer := make([]byte, 4096)
	for {
		n, err := screen.Read(buffer)
		all.Write(buffer[:n])
		if err != nil { // EIO, when the process has ended
			break
		}
		if sent < len(answers) && strings.Count(all.String(), "Write these changes? y, n, c or a number: ") > sent {
			sent++
			if _, err := screen.WriteString(answers[sent-1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // Ctrl-C ends it by a signal
	closeAll(t, screen)
	return strings.ReplaceAll(all.String(), "\r\n", "\n")
}
