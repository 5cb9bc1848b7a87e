package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPeersExplainTokens replays the story of docs/explain.md about what a server costs a model: a client that reads a whole log file
// with the filesystem server, and then its end. What spanpipe prints there must be what it prints.
func TestPeersExplainTokens(t *testing.T) {
	p := newPeers(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	logFile, store := filepath.Join(root, "access.log"), t.TempDir()
	if err := os.WriteFile(logFile, []byte(tokensLog(2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	tokensSession(t, p.server("server-filesystem", root), store, logFile)

	env := newHome(t).in("SPANPIPE_DIR="+store, "SPANPIPE_TOKEN_PRICE=3 EUR")
	for _, part := range tokensStory(t) {
		cmd := exec.Command(binary(t), part.args...)
		env(cmd)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("spanpipe %s: %v: %s", strings.Join(part.args, " "), err, out)
		}
		got := tokensTimeless(string(out))
		for _, line := range part.lines {
			if want := tokensTimeless(line); !strings.Contains(got, want) {
				t.Errorf("spanpipe %s does not print\n%s\nbut\n%s", strings.Join(part.args, " "), line, out)
			}
		}
	}
}

// tokensLog returns the log of a web server.
func tokensLog(lines int) string {
	var b strings.Builder
	for i := range lines {
		status := 200
		if i == lines-5 {
			status = 502
		}
		fmt.Fprintf(&b, "10.0.%d.%d - - [26/Nov/2026:14:%02d:%02d +0000] \"GET /orders/%d HTTP/1.1\" %d %d\n",
			i%7, i%250, i/60%60, i%60, 7000+i*13, status, 300+i*37%9000)
	}
	return b.String()
}

// tokensSession is the session: a handshake, a list of tools, two calls.
func tokensSession(t *testing.T, server []string, store, file string) {
	t.Helper()
	h := open(t, server, "SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR="+store)
	id := 0
	ask := func(method string, params any) {
		t.Helper()
		id++
		text, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
		if err != nil {
			t.Fatal(err)
		}
		h.Say(string(text) + "\n")
		for {
			line := h.Line()
			if strings.Contains(line, fmt.Sprintf(`"id":%d`, id)) && strings.Contains(line, `"result"`) {
				return
			}
		}
	}
	type object = map[string]any
	ask("initialize", object{"protocolVersion": "2025-06-18", "capabilities": object{},
		"clientInfo": object{"name": "claude-code", "version": "2.1.240"}})
	h.Say(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n")
	ask("tools/list", object{})
	ask("tools/call", object{"name": "read_text_file", "arguments": object{"path": file}})
	ask("tools/call", object{"name": "read_text_file", "arguments": object{"path": file, "tail": 20}})
	h.CloseInput()
	h.Wait()
}

// tokensCommand is a command of the page, and the lines that it prints there.
type tokensCommand struct {
	args, lines []string
}

// tokensStory returns the commands of the page's part.
func tokensStory(t *testing.T) (all []tokensCommand) {
	t.Helper()
	page, err := os.ReadFile("../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(page), "<!-- story: tokens -->")
	part, _, _ = strings.Cut(part, "<!-- story:")
	for _, block := range regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(part, -1) {
		for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
			switch command, is := strings.CutPrefix(line, "$ spanpipe "); {
			case is:
				all = append(all, tokensCommand{args: strings.Fields(command)})
			case line != "" && line != "…":
				last := &all[len(all)-1]
				last.lines = append(last.lines, line)
			}
		}
	}
	if len(all) < 3 {
		t.Fatalf("the page has %d commands", len(all))
	}
	return all
}

// tokensTimeless replaces what differs from run to run: durations, and the sizes of messages, which have a path of a temporary
// directory in them.
func tokensTimeless(text string) string {
	text = regexp.MustCompile(`\d+(\.\d+)?(µs|ms|s)\b`).ReplaceAllString(text, "TIME")
	text = regexp.MustCompile(`\d+ B\b|≈\d{1,2} tokens`).ReplaceAllString(text, "SIZE")
	return regexp.MustCompile(`[ ]+`).ReplaceAllString(text, " ")
}
