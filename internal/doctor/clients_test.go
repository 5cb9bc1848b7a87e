package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/doctor"
)

// lines returns what a person reads of a group.
func lines(g doctor.Group) string {
	var out strings.Builder
	for i := range g.Checks {
		c := &g.Checks[i]
		fmt.Fprintf(&out, "%s %s: %s\n", c.Status, c.ID, c.Line())
		for _, r := range c.Remedy {
			out.WriteString("  " + r + "\n")
		}
	}
	return out.String()
}

// on returns what is known of a system whose home directory has the given file, and on which everything is well: programs called
// npx are in /usr/bin, and those called uvx only where the shell finds them.
func on(t *testing.T, system, name, text string, variables map[string]string) *doctor.Clients {
	t.Helper()
	home := t.TempDir()
	path := filepath.Join(home, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		return map[string]string{"PATH": "/shell/bin:/usr/bin"}[name]
	}
	return &doctor.Clients{
		Files: clients.Find(clients.Machine{OS: system, Home: home, Getenv: getenv}), OS: system, Home: "/home/ann", Getenv: getenv,
		Tilde: func(p string) string { return strings.ReplaceAll(strings.Replace(p, home, "~", 1), `\`, "/") },
		Find: func(program string, dirs []string) string {
			dir := map[string]string{"npx": "/usr/bin", "spanpipe": "/usr/bin", "uvx": "/shell/bin"}[program]
			if dir == "" || !slices.Contains(dirs, dir) {
				return ""
			}
			return dir + "/" + program
		},
		Look: func(p string) doctor.Program {
			return doctor.Program{Exists: !strings.Contains(p, "gone"), Runs: !strings.Contains(p, "text"), Same: !strings.Contains(p, "old") && !strings.Contains(p, "new"), Version: "0.1.0",
				Age: strings.Count(p, "new") - strings.Count(p, "older")}
		},
		Exists: func(p string) bool { return !strings.Contains(p, "gone") },
		Stored: func(s *clients.Server) bool { return s.Name != "fresh" },
		Cut:    map[string][]string{"long": {"create", "write"}},
		Named:  func(s *clients.Server) string { return s.Name },
		Kept:   func(string) []string { return strings.Fields(strings.ReplaceAll(variables["KEPT"], "HOME", home)) },
		Was:    func(string) []string { return strings.Fields(variables["WAS"]) },
		Hosts:  func(*clients.File, *clients.Server) []string { return []string{"otlp.example"} },
		Store:  "/home/ann/.local/state/spanpipe", Dir: variables["SPANPIPE_DIR"],
	}
}

const well = `"command": "/usr/local/bin/spanpipe", "args": ["--", "npx", "x"]`

const stored = `"env": {"SPANPIPE_TELEMETRY": "local"}`

// TestClients plants each fault.
func TestClients(t *testing.T) {
	const cursor, claude, code = ".cursor/mcp.json", ".claude.json", ".config/Code/User/mcp.json"
	for _, test := range []struct {
		name, file, entry string
		variables         map[string]string
		want              string // besides what is always there
	}{
		{"well", cursor, well + "," + stored, nil, ""},
		{"spanpipe is gone", cursor, `"command": "/gone/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"fail program: Cursor, one: spanpipe is not at /gone/spanpipe any more\n  spanpipe install cursor writes the present path\n"},
		{"spanpipe is no program", cursor, `"command": "/text/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"fail program: Cursor, one: /text/spanpipe cannot be run\n  spanpipe install cursor writes the present path\n"},
		{"another spanpipe", cursor, `"command": "/old/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"warn program: Cursor, one: /old/spanpipe is another spanpipe than this, version 0.1.0\n  spanpipe install cursor writes the present path\n"},
		{"an older spanpipe", cursor, `"command": "/older/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"warn program: Cursor, one: /older/spanpipe is an older spanpipe than this, version 0.1.0\n  spanpipe install cursor writes the present path\n"},
		{"a newer spanpipe", cursor, `"command": "/new/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"warn program: Cursor, one: /new/spanpipe is a newer spanpipe than this, version 0.1.0\n" +
				"  use that one here, too; spanpipe install cursor writes the present path\n"},
		{"a place of one version", cursor, `"command": "/opt/homebrew/Cellar/spanpipe/1/bin/spanpipe", "args": ["--", "npx"], ` + stored, nil,
			"warn program: Cursor, one: /opt/homebrew/Cellar/spanpipe/1/bin/spanpipe is in a place that an update takes away (Homebrew)\n" +
				"  spanpipe install cursor writes the present path\n"},
		{"a bare name", cursor, `"command": "spanpipe", "args": ["--", "npx"], ` + stored, nil, ""},
		{"a bare name that is not found", cursor, `"command": "spanpipe", "args": ["--", "npx"], "env": {"PATH": "/bin", "SPANPIPE_TELEMETRY": "off"}`, nil,
			"fail program: Cursor, one: spanpipe is not on the PATH that Cursor passes on\n  spanpipe install cursor writes the present path\n" +
				"warn command: Cursor, one: npx is on this shell's PATH, and not on the one that Cursor passes on (PATH in the entry's env)\n" +
				"  to fix: in ~/.cursor/mcp.json, line 1, write the whole path behind --: /usr/bin/npx\n"},
		{"wrapped twice", cursor, `"command": "/bin/spanpipe", "args": ["--", "spanpipe", "--", "npx"], ` + stored, nil,
			"fail twice: Cursor, one: is wrapped twice: what it does is recorded two times\n" +
				"  in ~/.cursor/mcp.json, line 1, remove one spanpipe with its --\n"},
		{"the command is nowhere", cursor, `"command": "/bin/spanpipe", "args": ["--", "bunx"], ` + stored, nil,
			"fail command: Cursor, one: bunx is not on the PATH that Cursor passes on, nor on this shell's\n" +
				"  install it, or write its whole path in ~/.cursor/mcp.json, line 1\n"},
		{"the command's path is wrong", cursor, `"command": "/bin/spanpipe", "args": ["--", "/gone/server"], ` + stored, nil,
			"fail command: Cursor, one: /gone/server does not exist or cannot be run\n  mend the command in ~/.cursor/mcp.json, line 1\n"},
		{"only the shell finds it", ".config/Claude/claude_desktop_config.json", `"command": "/bin/spanpipe", "args": ["--", "uvx"], ` + stored, nil,
			"fail command: Claude Desktop, one: uvx is on this shell's PATH, and not on the one that Claude Desktop passes on " +
				"(assumed: that of a desktop's session)\n" +
				"  to fix: in ~/.config/Claude/claude_desktop_config.json, line 1, write the whole path behind --: /shell/bin/uvx\n"},
		{"a terminal's client finds it", claude, `"command": "/bin/spanpipe", "args": ["--", "uvx"], ` + stored, nil, ""},
		{"a placeholder", cursor, `"command": "/bin/spanpipe", "args": ["--", "${workspaceFolder}/server"], ` + stored, nil, ""},
		{"an argument with a space", cursor, `"command": "/bin/spanpipe", "args": ["--", "npx", "a b"], ` + stored, nil,
			"warn arguments: Cursor, one: has an argument with a space, which Cursor has been seen to take apart\n" +
				"  if the server complains: give the value in env, or start a script that contains it\n"},
		{"no telemetry", claude, well, nil,
			"warn telemetry: Claude Code, one: telemetry is off, since the entry does not set SPANPIPE_TELEMETRY\n  to turn it on: spanpipe install claude-code\n"},
		{"telemetry of a flag", claude, `"command": "/bin/spanpipe", "args": ["--telemetry=local", "--", "npx"]`, nil, ""},
		{"telemetry of the shell", claude, well, map[string]string{"SPANPIPE_TELEMETRY": "local"}, ""},
		{"the shell's, in vain", cursor, well, map[string]string{"SPANPIPE_TELEMETRY": "local"},
			"warn telemetry: Cursor, one: SPANPIPE_TELEMETRY is set in this shell, and may not reach the server, so that its telemetry is off\n"},
		{"a store elsewhere", cursor, well + "," + stored, map[string]string{"SPANPIPE_DIR": "/other"},
			"warn variables: Cursor, one: SPANPIPE_DIR is set in this shell and not in the entry, so that its sessions are stored elsewhere\n" +
				"  to put it into the entry: spanpipe install cursor\n"},
		{"OTEL_ is stripped", claude, well + `, "env": {"SPANPIPE_TELEMETRY": "otlp"}`,
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://secret.example", "OTEL_EXPORTER_OTLP_HEADERS": "key=secret.example"},
			"warn variables: Claude Code, one: Claude Code may not pass on OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, " +
				"set in this shell and not in the entry\n" +
				"  Claude Code passes on: all of its environment but OTEL_*; with CLAUDE_CODE_SUBPROCESS_ENV_SCRUB=1 no credentials\n" +
				"  to put that into the entry: spanpipe install claude-code --set OTEL_EXPORTER_OTLP_ENDPOINT=\"$OTEL_EXPORTER_OTLP_ENDPOINT\"" +
				" --set OTEL_EXPORTER_OTLP_HEADERS=\"$OTEL_EXPORTER_OTLP_HEADERS\"\n"},
		{"it has its own", claude, well + `, "env": {"SPANPIPE_TELEMETRY": "otlp", "SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}`,
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://secret.example"}, ""},
		{"cut descriptions", claude, `"long": {` + well + "," + stored + `}`, nil,
			"warn descriptions: Claude Code, long: 2 descriptions over 2,048 characters, Claude Code cuts them: create, write\n"},
		{"never used", cursor, `"fresh": {` + well + "," + stored + `}`, nil,
			"warn unused: Cursor, fresh: no session is stored yet\n"},
		{"shut in", code, well + `, "sandboxEnabled": true, "env": {"SPANPIPE_TELEMETRY": "local,otlp"}`, nil,
			"warn sandbox: VS Code, one: its sandbox keeps spanpipe from its store, so nothing is stored\n" +
				"  in ~/.config/Code/User/mcp.json, line 1, add to sandbox.filesystem.allowWrite: /home/ann/.local/state/spanpipe\n" +
				"warn sandbox: VS Code, one: its sandbox keeps spanpipe from a collector, so nothing is sent\n"},
		{"let out to another place", code, well + `, "sandboxEnabled": true, "sandbox": {"filesystem": {"allowWrite": ["~/.local/state"]}, ` +
			`"network": {"allowedDomains": ["api.example", "*.otlp.example"]}}, "env": {"SPANPIPE_TELEMETRY": "local,otlp", "SPANPIPE_DIR": "/other"}`, nil,
			"warn sandbox: VS Code, one: its sandbox keeps spanpipe from its store, so nothing is stored\n" +
				"  in ~/.config/Code/User/mcp.json, line 1, add to sandbox.filesystem.allowWrite: /other\n" +
				"warn sandbox: VS Code, one: its sandbox keeps spanpipe from a collector, so nothing is sent\n" +
				"  in ~/.config/Code/User/mcp.json, line 1, add to sandbox.network.allowedDomains: otlp.example\n"},
		{"let out to all of a domain", code, well + `, "sandboxEnabled": true, "sandbox": {"network": {"allowedDomains": ["*.example"]}}, ` +
			`"env": {"SPANPIPE_TELEMETRY": "otlp"}`, nil, ""},
		{"let out", code, well + `, "sandboxEnabled": true, "sandbox": {"filesystem": {"allowWrite": ["~/.local/state"]}, ` +
			`"network": {"allowedDomains": ["otlp.example"]}}, "env": {"SPANPIPE_TELEMETRY": "local,otlp"}`, nil, ""},
		{"not wrapped", cursor, `"command": "npx"`, nil, "warn unwrapped: Cursor: one is not wrapped\n  to wrap it: spanpipe install cursor\n"},
		{"not wrapped any more", cursor, `"command": "npx"`, map[string]string{"WAS": "one two"},
			"warn unwrapped: Cursor: one is not wrapped any more: Cursor or another program has changed its file since spanpipe did\n" +
				"  to wrap it: spanpipe install cursor\n"},
		{"a whole line as the command", cursor, `"command": "/bin/spanpipe", "args": ["--", "npx -y server"], ` + stored, nil,
			"fail arguments: Cursor, one: its command is a whole line, and no program has that name\n" +
				"  in ~/.cursor/mcp.json, line 1, write each word behind -- as an item of its own\n"},
		{"an entry of another shape", cursor, `"command": "npx -y server"`, nil,
			"warn shape: Cursor, one: cannot be wrapped by install: its command contains arguments, which belong to args\n" +
				"  what to paste in its place: spanpipe install cursor --dry-run\n"},
		{"an entry without a command", cursor, `"args": ["server"]`, nil,
			"warn shape: Cursor, one: cannot be wrapped by install: it has neither a command nor a URL\n  mend it in ~/.cursor/mcp.json, line 1\n"},
		{"a disabled one of another shape", cursor, `"command": "npx -y server", "disabled": true`, nil, ""},
		{"a path with a space", cursor, `"command": "/bin/spanpipe", "args": ["--", "/my programs/server"], ` + stored, nil, ""},
		{"disabled", cursor, `"command": "/gone/spanpipe", "args": ["--", "npx"], "disabled": true`, nil, ""},
		{"a backup is left", cursor, `"url": "https://x.example"`, map[string]string{"KEPT": "HOME/before HOME/left"},
			"warn backup: Cursor: none of its servers is wrapped any more, and what its file was is still kept\n" +
				"  it may hold secrets; once you are sure that you do not need it: rm ~/before ~/left\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.HasPrefix(test.entry, `"long"`) && !strings.HasPrefix(test.entry, `"fresh"`) {
				test.entry = `"one": {` + test.entry + "}"
			}
			key := map[bool]string{true: "servers", false: "mcpServers"}[test.file == code]
			got := lines(on(t, "linux", test.file, `{"`+key+`": {`+test.entry+`}}`, test.variables).Check())
			got = strings.ReplaceAll(got, "ok entries: 1 of 1 wrapped server: paths exist, nothing is wrapped twice\n", "")
			got = strings.ReplaceAll(got, "ok removal: wrapped servers need spanpipe; before you remove it: spanpipe uninstall\n", "")
			if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) || strings.Contains(got, "secret.example") {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestClientsFiles: a file that cannot be parsed is a failure with its line, and what several servers share is one check.
func TestClientsFiles(t *testing.T) {
	broken := lines(on(t, "linux", ".cursor/mcp.json", "{\n\"mcpServers\": {\n\"a\": 1\n\"b\": 2}}", nil).Check())
	if want := "fail files: Cursor: ~/.cursor/mcp.json, line 3: "; !strings.HasPrefix(broken, want) {
		t.Errorf("got\n%s\nwant\n%s", broken, want)
	}
	none := on(t, "linux", "unknown", "", nil).Check()
	if got := lines(none); got != "ok files: no client's configuration was found here\n" {
		t.Errorf("without files: %s", got)
	}
	two := on(t, "linux", ".cursor/mcp.json", `{"mcpServers": {"a": {`+well+`}, "b": {`+well+`}}}`, nil).Check()
	if got := lines(two); !strings.Contains(got, "warn telemetry: Cursor, a, b: telemetry is off") || len(two.Checks) != 3 {
		t.Errorf("two servers: %s", got)
	}
}

// TestSessionPath: each system's desktop has a PATH of its own, and Windows' is that of the shell.
func TestSessionPath(t *testing.T) {
	for system, want := range map[string]string{
		"darwin": "/usr/bin /bin /usr/sbin /sbin", "windows": `C:\a C:\b`,
		"linux": "/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /snap/bin " + filepath.Join("/home/ann", ".local/bin") + " " + filepath.Join("/home/ann", "bin"),
	} {
		if got := strings.Join(doctor.SessionPath(system, "/home/ann", `C:\a;;C:\b`), " "); got != want {
			t.Errorf("%s: %s, want %s", system, got, want)
		}
	}
}

// TestKnown: each client that is taken for one of a desktop is in the table.
func TestKnown(t *testing.T) {
	for _, id := range doctor.Desktop() {
		if !slices.ContainsFunc(clients.Table(), func(c *clients.Client) bool { return c.ID == id }) {
			t.Errorf("there is no client %s", id)
		}
	}
}
