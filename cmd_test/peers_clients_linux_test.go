package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// peerClients is a directory with the node_modules of testdata/clients/package-lock.json.
const peerClients = "SPANPIPE_TEST_CLIENTS"

// realClient is an MCP client that others wrote. It connects to the servers of its configuration and lists them.
type realClient struct {
	name    string   // as it introduces itself to servers
	command []string // that connects
	dir     string   // where it runs, below the home directory
	input   string   // its stdin, which is closed once want has been printed
	want    []string // expressions for its output
	servers int      // that it connects to
}

// realClients returns the clients that can be had from npm. Where a client has a limit for the start of a server, files and commands
// here set one that a busy machine does not exceed.
func realClients(t *testing.T, p peers) []realClient {
	t.Helper()
	packages := filepath.Join(peerPath(t, peerClients), "node_modules")
	const codexAsks = `{"method":"initialize","id":1,"params":{"clientInfo":{"name":"test","title":"","version":"1"}}}
{"method":"initialized"}
{"method":"mcpServerStatus/list","id":2,"params":{}}
`
	codex, err := filepath.Glob(filepath.Join(packages, "@openai/codex-linux-x64/vendor/*/bin/codex"))
	if err != nil || len(codex) != 1 {
		t.Fatalf("where Codex is: %v, %v", codex, err)
	}
	return []realClient{
		{name: "opencode", servers: 2, command: []string{filepath.Join(packages, "opencode-linux-x64/bin/opencode"), "mcp", "list"},
			want: []string{`everything *connected`, `files *connected`, `off *disabled`}},
		{name: "codex-mcp-client", servers: 1, command: []string{codex[0], "app-server"}, input: codexAsks,
			want: []string{`(?m)^{"id":2,.*"name":"mcp-servers/everything".*"get-annotated-message"`}},
		{name: "mcp-test-client", servers: 1, // Gemini CLI's
			command: []string{p.node, filepath.Join(packages, "@google/gemini-cli/bundle/gemini.js"), "mcp", "list"},
			want:    []string{`(?m)^✓ everything: .* - Connected$`}},
		{name: "qwen-cli-mcp-client-memory", servers: 1, command: []string{p.node, filepath.Join(packages, "@qwen-code/qwen-code/cli.js"), "mcp", "reconnect", "--all"},
			want: []string{`(?m)^✓ memory: `}},
		{name: "claude-code", servers: 2, command: []string{claudeCode(t), "mcp", "list"}, dir: "code/desk",
			want: []string{`(?m)^memory: .* Connected$`, `(?m)^tickets: .* Connected$`}},
		{name: "mcporter", servers: 1, command: []string{p.node, filepath.Join(packages, "mcporter/dist/cli.js"), "list", "--config", "mcporter.json"},
			want: []string{`(?m)^- everything \(13 tools`, `1 healthy`}},
		{name: "inspector-cli", servers: 1, command: []string{p.node,
			filepath.Join(p.packages, "@modelcontextprotocol/inspector/clients/launcher/build/index.js"), "--cli", "--connect-timeout", "300000",
			"--config", ".lmstudio/mcp.json", "--server", "memory", "--method", "tools/list"},
			want: []string{`"name": "read_graph"`}},
	}
}

// claudeCode returns the program of Claude Code.
func claudeCode(t *testing.T) string {
	t.Helper()
	return filepath.Join(peerPath(t, peerClients), "node_modules/@anthropic-ai/claude-code-linux-x64/claude")
}

// connect runs a client in the home directory, without a network.
func (c realClient) connect(t *testing.T, h *clientsHome, p peers) error {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := slices.Concat(namespace(t, "-rn", "ip link set lo up"), c.command)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = 10 * time.Second
	h.in(append(h.variables(filepath.Dir(p.node)), "MCPORTER_LIST_TIMEOUT=300000", "MCP_TIMEOUT=300000")...)(cmd)
	cmd.Dir = filepath.Join(h.dir, c.dir)
	out := newPrinted(c.want)
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if _, err := stdin.Write([]byte(c.input)); err == nil && c.input != "" {
		select {
		case <-out.seen:
		case <-ctx.Done():
		}
	}
	_ = stdin.Close() // fails if the client has ended
	err = cmd.Wait()
	if missing := out.missing(); err != nil || len(missing) > 0 {
		return fmt.Errorf("%s: %w, without %q in its output:\n%s", c.name, err, missing, out.text())
	}
	return nil
}

// printed is what a client has printed.
type printed struct {
	mu   sync.Mutex
	b    bytes.Buffer
	want []*regexp.Regexp
	seen chan struct{} // is closed when all that is wanted has been printed
}

func newPrinted(want []string) *printed {
	w := &printed{seen: make(chan struct{})}
	for _, expression := range want {
		w.want = append(w.want, regexp.MustCompile(expression))
	}
	return w
}

// Write implements io.Writer.
func (w *printed) Write(b []byte) (int, error) {
	before := len(w.missing())
	w.mu.Lock()
	w.b.Write(b)
	w.mu.Unlock()
	if before > 0 && len(w.missing()) == 0 {
		close(w.seen)
	}
	return len(b), nil
}

func (w *printed) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return ansi.Strip(w.b.String())
}

func (w *printed) missing() []string {
	text := w.text()
	var missing []string
	for _, expression := range w.want {
		if !expression.MatchString(text) {
			missing = append(missing, expression.String())
		}
	}
	return missing
}

// connectAll runs all clients side by side.
func connectAll(t *testing.T, h *clientsHome, p peers, when string, all []realClient) {
	t.Helper()
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, c := range all {
		wait.Go(func() { errs[i] = c.connect(t, h, p) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
}

// TestPeersClients shows the whole way with clients that others wrote: they connect, spanpipe is installed in their files, they connect
// through it and their sessions are stored, it is uninstalled, every file is what it was, and they connect again.
func TestPeersClients(t *testing.T) {
	p := newPeers(t)
	all := realClients(t, p)
	h := newClientsHome(t, p.node, p.packages)
	connectAll(t, h, p, "before", all)
	for _, name := range []string{".claude.json", ".qwen/settings.json"} { // which their clients bring into a form of their own
		h.files[name] = h.now(t)[name]
	}
	h.wantSame(t, "the clients themselves", h.files)

	h.edit(t, "install", "--dry-run")
	h.wantSame(t, "a dry run", h.files)
	h.install(t)
	connectAll(t, h, p, "through spanpipe", all)

	h.uninstall(t)
	h.wantSame(t, "uninstalled", h.files)
	connectAll(t, h, p, "afterwards", all)
	h.wantSessions(t, all)
}

// TestPeersClaudeCodeWrites has Claude Code write its file, which it does as a whole, between install and uninstall: servers stay
// wrapped, and what it has written stays.
func TestPeersClaudeCodeWrites(t *testing.T) {
	p := newPeers(t)
	h := newClientsHome(t, p.node, p.packages)
	_, servers := h.claudeCode(t)
	h.install(t)
	_, wrapped := h.claudeCode(t)
	installed := h.now(t)

	add := realClient{name: "claude-code", command: []string{claudeCode(t), "mcp", "add", "--scope", "user", "added", "--", "absent", "a b"},
		want: []string{"^Added stdio MCP server added "}}
	if err := add.connect(t, h, p); err != nil {
		t.Fatal(err)
	}
	if changed := h.changed(t, installed); !slices.Equal(changed, []string{".claude.json"}) {
		t.Fatalf("Claude Code wrote %v, want its own file", changed)
	}
	_, now := h.claudeCode(t)
	added := now[""]["added"]
	wrapped[""]["added"] = added
	if added == nil || !reflect.DeepEqual(now, wrapped) {
		t.Errorf("Claude Code wrote the servers %v, want %v", now, wrapped)
	}
	connect := realClients(t, p)
	connect = slices.DeleteFunc(connect, func(c realClient) bool { return c.name != "claude-code" })
	connectAll(t, h, p, "through spanpipe", connect)

	others, _ := h.claudeCode(t)
	h.uninstall(t)
	servers[""]["added"] = added
	if gotOthers, got := h.claudeCode(t); !reflect.DeepEqual(got, servers) || !reflect.DeepEqual(gotOthers, others) {
		t.Errorf("uninstall left %v and %v, want %v and %v", got, gotOthers, servers, others)
	}
	h.wantSessions(t, connect)
}

// claudeCode returns what Claude Code's file has: its servers by project, the user's as of the project "", and all else. An empty env
// counts as none: uninstall cannot know which it was in a text that Claude Code has written.
func (h *clientsHome) claudeCode(t *testing.T) (others map[string]any, servers map[string]map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, ".claude.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &others); err != nil {
		t.Fatal(err)
	}
	servers = map[string]map[string]any{}
	take := func(project string, from map[string]any) {
		servers[project], _ = from["mcpServers"].(map[string]any)
		delete(from, "mcpServers")
		for _, server := range servers[project] {
			entry := server.(map[string]any)
			if env, ok := entry["env"].(map[string]any); ok && len(env) == 0 {
				delete(entry, "env")
			}
		}
	}
	take("", others)
	for project, from := range others["projects"].(map[string]any) {
		take(project, from.(map[string]any))
	}
	return others, servers
}

// wantSessions fails unless each client has stored its sessions, and no more.
func (h *clientsHome) wantSessions(t *testing.T, all []realClient) {
	t.Helper()
	var listed struct {
		Sessions []struct {
			Client struct{ Name string }
		}
	}
	if err := json.Unmarshal(h.run(t, "sessions", "--json"), &listed); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, s := range listed.Sessions {
		count[s.Client.Name]++
	}
	for _, c := range all {
		if count[c.name] != c.servers {
			t.Errorf("%s has %d sessions, want %d", c.name, count[c.name], c.servers)
		}
		delete(count, c.name)
	}
	if len(count) > 0 {
		t.Errorf("sessions of others: %v", count)
	}
}
