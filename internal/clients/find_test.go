package clients_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// home writes files below a new home directory and returns a machine with it. The working directory is code/desk/sub, in a
// repository of code/desk.
func home(t *testing.T, system string, files map[string]string) clients.Machine {
	t.Helper()
	m := clients.Machine{OS: system, Home: filepath.Join(t.TempDir(), "ann [1]*"), Getenv: func(string) string { return "" }}
	if runtime.GOOS == "windows" {
		m.Home = filepath.Join(t.TempDir(), "ann [1]")
	}
	m.Dir = filepath.Join(m.Home, "code", "desk", "sub")
	for _, dir := range []string{m.Dir, filepath.Join(m.Home, "code", "desk", ".git")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		path := filepath.Join(m.Home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// summary returns a line for each file, and one for each server.
func summary(m clients.Machine, files []*clients.File) string {
	var b strings.Builder
	for _, f := range files {
		path, _ := filepath.Rel(m.Home, f.Path)
		b.WriteString(f.Client.ID + " " + string(f.Scope) + " " + filepath.ToSlash(path))
		if f.Project != "" {
			b.WriteString(" of " + f.Project)
		}
		for _, c := range f.Others {
			b.WriteString(" also " + c.ID)
		}
		if f.Err != nil {
			b.WriteString(": " + f.Err.Error())
		}
		b.WriteString("\n")
		for _, s := range f.Servers {
			line := "  " + s.Name + ": " + string(s.State)
			if s.Why != "" {
				line += ", " + s.Why
			}
			if s.Disabled {
				line += ", disabled"
			}
			if s.State == clients.Wrapped || s.State == clients.NotWrapped {
				line += ": " + strings.Join(append([]string{s.Command}, s.Args...), " ")
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

const one = `{"mcpServers": {"a": {"command": "x"}}}`

// TestFind: files of all scopes are found, each once, in the order of the table; what shadows another file hides it.
func TestFind(t *testing.T) {
	m := home(t, "linux", map[string]string{
		".claude.json": `{"mcpServers": {"a": {"command": "x", "args": ["y"]}},
			"projects": {"/p": {"mcpServers": {"b": {"command": "z"}}}, "/q": {"mcpServers": {}}, "/r": {}}}`,
		"code/desk/.mcp.json":                       one,
		"code/desk/sub/.cursor/mcp.json":            one,
		"code/.mcp.json":                            one, // above the repository
		".config/Code/User/profiles/77/mcp.json":    `{"servers": {"p": {"command": "x"}}}`,
		".config/Code/User/profiles/78/other.json":  `{`,
		".config/opencode/opencode.json":            `{"mcp": {"hidden": {"type": "local", "command": ["x"]}}}`,
		".config/opencode/opencode.jsonc":           `{"mcp": {"seen": {"type": "local", "command": ["x", "y"], "enabled": false}}}`,
		".continue/config.yaml":                     "mcpServers:\n  - name: n\n    command: x\n",
		"code/desk/.continue/mcpServers/a.yaml":     "name: A\nversion: 0.0.1\nschema: v1\nmcpServers:\n  - name: n\n    command: x\n",
		".gemini/settings.json":                     `{"theme": "x"}`,
		".codex/config.toml":                        "[mcp_servers.t]\ncommand = \"x\"\n",
		".vibe/config.toml":                         "[[mcp_servers]]\nname = \"v\"\ntransport = \"http\"\nurl = \"https://example.com\"\n",
		".kimi/mcp.json":                            one,
		".gemini/antigravity/mcp_config.json":       one,
		"Library/Application Support/Code/User/mcp": `{`,
	})
	if err := os.Symlink(filepath.Join(m.Home, ".gemini", "antigravity"), filepath.Join(m.Home, ".gemini", "config")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	compare(t, summary(m, clients.Find(m)), `claude-code user .claude.json
  a: not wrapped: x y
claude-code local .claude.json of /p
  b: not wrapped: z
claude-code project code/desk/.mcp.json also qwen-code also copilot-cli
  a: not wrapped: x
vscode user .config/Code/User/profiles/77/mcp.json
  p: unsupported, its format has not been verified
cursor project code/desk/sub/.cursor/mcp.json
  a: not wrapped: x
continue user .continue/config.yaml
  n: not wrapped: x
continue project code/desk/.continue/mcpServers/a.yaml
  n: not wrapped: x
gemini-cli user .gemini/settings.json
codex user .codex/config.toml
  t: not wrapped: x
opencode user .config/opencode/opencode.jsonc
  seen: not wrapped, disabled: x y
antigravity user .gemini/antigravity/mcp_config.json
  a: unsupported, its format has not been verified
mistral-vibe user .vibe/config.toml
  v: remote
kimi-cli user .kimi/mcp.json
  a: unsupported, its format has not been verified
`)
}

// TestAllowList: a list by command, on which a wrapped command is not, is known from one by name.
func TestAllowList(t *testing.T) {
	for text, want := range map[string]bool{
		`{"allowedMcpServers": [{"serverName": "a"}, {"serverCommand": ["npx", "b"]}]}`: true,
		`{"allowedMcpServers": [{"serverName": "a"}]}`:                                  false,
		`{"permissions": {}}`: false,
		`{`:                   false,
	} {
		m := home(t, "windows", map[string]string{"ClaudeCode/managed-settings.json": text})
		m.Getenv = func(name string) string { return map[string]string{"ProgramFiles": m.Home}[name] }
		if got := clients.Lookup("claude-code").AllowList(m); (got != "") != want || clients.Lookup("codex").AllowList(m) != "" {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestHomeInGit: a home directory that is a repository does not make its files those of each directory below it.
func TestHomeInGit(t *testing.T) {
	m := home(t, "linux", map[string]string{".git/HEAD": "", ".mcp.json": one, "code/.mcp.json": one, "notes/.mcp.json": one})
	for dir, want := range map[string]string{
		"notes":         "claude-code project notes/.mcp.json also qwen-code also copilot-cli\n  a: not wrapped: x\n",
		"":              "claude-code project .mcp.json also qwen-code also copilot-cli\n  a: not wrapped: x\n",
		"code/desk/sub": "",
	} {
		m.Dir = filepath.Join(m.Home, dir)
		compare(t, summary(m, clients.Find(m)), want)
	}
}

// TestSystems: on macOS and Windows the same clients are elsewhere.
func TestSystems(t *testing.T) {
	files := map[string]string{
		"Library/Application Support/Claude/claude_desktop_config.json":                                                 one,
		"AppData/Roaming/Claude/claude_desktop_config.json":                                                             one,
		".config/Claude/claude_desktop_config.json":                                                                     one,
		"AppData/Local/Packages/Claude_pzs8/LocalCache/Roaming/Claude/claude_desktop_config.json":                       one,
		"Library/Application Support/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json": one,
		".mcp.json": `{"servers": {"a": {"command": "x"}}}`,
	}
	for system, want := range map[string]string{
		"linux": "claude-desktop user .config/Claude/claude_desktop_config.json\n  a: not wrapped: x\n",
		"darwin": "claude-desktop user Library/Application Support/Claude/claude_desktop_config.json\n  a: not wrapped: x\n" +
			"cline user Library/Application Support/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json\n  a: not wrapped: x\n",
		"windows": "claude-desktop user AppData/Roaming/Claude/claude_desktop_config.json\n  a: not wrapped: x\n" +
			"claude-desktop user AppData/Local/Packages/Claude_pzs8/LocalCache/Roaming/Claude/claude_desktop_config.json\n" +
			"  a: unsupported, which file the Store's edition of Claude Desktop reads is not known for sure\n" +
			"visual-studio user .mcp.json\n  a: unsupported, its format has not been verified\n",
	} {
		m := home(t, system, files)
		compare(t, summary(m, clients.Find(m)), want)
	}
}

// TestUnreadable: a file that cannot be parsed, or whose servers are no map, has an error with its position, and no change can
// be made of it.
func TestUnreadable(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no JSON":               {`{"mcpServers": {`, "line 1, column 17: the file ends too early"},
		"a list":                {`{"mcpServers": []}`, "line 1, column 16: mcpServers is a list, where a map of servers is due"},
		"a duplicate":           {"{\"mcpServers\": {\"a\": {\"command\": \"x\"},\n \"a\": {}}}", "line 2, column 2: "},
		"not a regular file":    {"", "it is not a regular file"},
		"larger than it may be": {strings.Repeat(" ", 9<<20), "it is larger than 8192 KiB"},
	} {
		m := home(t, "linux", map[string]string{".cursor/mcp.json": test.text})
		if path := filepath.Join(m.Home, ".cursor", "mcp.json"); test.text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			} else if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		found := clients.Find(m)
		if len(found) != 1 || found[0].Err == nil || !strings.HasPrefix(found[0].Err.Error(), test.want) || len(found[0].Servers) != 0 {
			t.Fatalf("%s: %s, want %s", name, summary(m, found), test.want)
		}
		if change, err := found[0].Wrap(nil, wrapping); err == nil {
			t.Errorf("%s: it would be changed to %s", name, change.After)
		}
	}
}

// TestEntries: what an entry is. What is not understood in full is left alone.
func TestEntries(t *testing.T) {
	f := given(t, "cursor", "mcp.json", `{"mcpServers": {
		"text": "npx",
		"empty": {},
		"list": {"command": ["npx"]},
		"args": {"command": "npx", "args": "-y x"},
		"nested": {"command": "npx", "args": [["x"]]},
		"env": {"command": "npx", "env": ["A=b"]},
		"deep": {"command": "npx", "env": {"A": {}}},
		"line": {"command": "npx -y x"},
		"blank": {"command": " "},
		"both": {"command": "npx", "url": "https://example.com"},
		"builtin": {"type": "builtin"},
		"extension": {"source": "extension", "settings": {}},
		"unknown": {"type": "pipe", "command": "npx"},
		"sse": {"type": "sse", "command": "npx", "url": "https://example.com"},
		"server": {"serverUrl": "https://example.com"},
		"null": {"command": "x", "args": null, "env": null, "url": ""},
		"space": {"command": "C:\\Program Files\\node.exe", "args": [1, true], "env": {"N": 1}, "disabled": true},
		"wrapped": {"command": "C:\\bin\\SpanPipe.exe", "args": ["--server-name", "x", "--", "cmd", "/c", "npx"]},
		"spelled": {"command": "/usr/bin/spanpipe", "args": ["wrap", "--", "npx"]},
		"bare": {"command": "spanpipe", "args": ["--"]},
		"tried": {"command": "spanpipe", "args": ["try", "--", "npx"]},
		"own": {"command": "spanpipe", "args": ["demo-server"]},
		"through": {"command": "cmd", "args": ["/c", "spanpipe", "--", "npx"]}
	}}`)
	m := clients.Machine{Home: filepath.Dir(f.Path)}
	compare(t, summary(m, []*clients.File{f}), `cursor user mcp.json
  text: unsupported, it is a string, where a map is due
  empty: unsupported, it has neither a command nor a URL
  list: unsupported, command is not a string
  args: unsupported, args is a string, where a list is due
  nested: unsupported, args has an item that is a list
  env: unsupported, env is a list, where a map is due
  deep: unsupported, env.A is a map
  line: unsupported, its command contains arguments, which belong to args
  blank: unsupported, its command is empty
  both: unsupported, it has both a command and a URL
  unknown: unsupported, its type is pipe
  sse: remote
  server: remote
  null: not wrapped: x
  space: not wrapped, disabled: C:\Program Files\node.exe 1 true
  wrapped: wrapped: cmd /c npx
  spelled: wrapped: npx
  bare: unsupported, it has no command behind spanpipe's --
  tried: unsupported, it runs spanpipe try
  own: not wrapped: spanpipe demo-server
  through: unsupported, it starts spanpipe through cmd; spanpipe belongs to the command itself
`)
	for _, s := range f.Servers {
		_, err := f.Wrap([]*clients.Server{s}, wrapping)
		if can := s.State == clients.Wrapped || s.State == clients.NotWrapped; can != (err == nil) {
			t.Errorf("%s is %s, and wrapping it: %v", s.Name, s.State, err)
		}
	}
	named := slices.IndexFunc(f.Servers, func(s *clients.Server) bool { return s.Name == "wrapped" })
	change, err := f.Unwrap(f.Servers[named:named+1], nil)
	if err != nil || !strings.Contains(string(change.After), `"wrapped": {"command": "cmd", "args": ["/c", "npx"]}`) {
		t.Errorf("unwrapped with flags of its own: %v\n%s", err, change.After)
	}
}

// TestPrinted: nothing is wrapped in a place that is only printed. What its owner has wrapped there is unwrapped.
func TestPrinted(t *testing.T) {
	m := home(t, "linux", map[string]string{
		".kimi/mcp.json": `{"mcpServers": {"a": {"command": "spanpipe", "args": ["--", "x"]}, "b": {"command": "x"}}}`,
	})
	f := clients.Find(m)[0]
	if f.Servers[0].State != clients.Wrapped || f.Servers[1].State != clients.Unsupported {
		t.Errorf("the servers are %s and %s", f.Servers[0].State, f.Servers[1].State)
	}
	for _, s := range f.Servers {
		if _, err := f.Wrap([]*clients.Server{s}, wrapping); err == nil || !strings.Contains(err.Error(), f.Place.Print) {
			t.Errorf("wrapping %s: %v", s.Name, err)
		}
	}
	change, err := f.Unwrap(f.Servers[:1], nil)
	if want := `"a": {"command": "x", "args": []}`; err != nil || !strings.Contains(string(change.After), want) {
		t.Errorf("unwrapping: %v\n%s\nwant %s", err, change.After, want)
	}
}

// TestPlugin: what belongs to a plugin is only printed, also for those who work in its directory.
func TestPlugin(t *testing.T) {
	const dir = ".claude/plugins/cache/a"
	m := home(t, "linux", map[string]string{dir + "/.mcp.json": `{"mcpServers": {"a": {"command": "x"}}}`})
	m.Dir = filepath.Join(m.Home, dir)
	files := clients.Find(m)
	if len(files) != 1 || files[0].Servers[0].State != clients.Unsupported || !strings.Contains(files[0].Servers[0].Why, "plugin") {
		t.Errorf("found %d files, the first server: %+v", len(files), files[0].Servers[0])
	}
}

// TestGiven: the keys in a file decide whose form it has, where no client is named.
func TestGiven(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ text, want string }{
		"a.json":  {`{"mcp": {"a": {"command": "x"}}}`, "  a: not wrapped: x"},
		"b.jsonc": {`{"mcp": {"a": {"type": "local", "command": ["x", "y"]}}}`, "  a: not wrapped: x y"},
		"c.yml":   {"extensions:\n  a: {type: stdio, cmd: x}\n", "  a: not wrapped: x"},
		"d.toml":  {"[[mcp_servers]]\nname = \"a\"\ncommand = \"x\"\n", "  a: not wrapped: x"},
		"e.json":  {`{"other": {}}`, ""},
		"h.json":  {`{"projects": {"/a": {"mcpServers": {"a": {"command": "x"}}}}}`, "local h.json of /a\n  a: not wrapped: x"},
		"f.txt":   {`{}`, `: "" is not known as a format of it: want json, toml or yaml`},
		"g.json":  {`{`, ": line 1, column 2: "},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := strings.TrimPrefix(summary(clients.Machine{Home: dir}, clients.Given(path, "", "")), " user "+name)
		if got = strings.TrimSpace(got); !strings.HasPrefix(got, strings.TrimSpace(test.want)) || test.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if f := clients.Given(filepath.Join(dir, "none.json"), "", "cursor")[0]; f.Err == nil || strings.Contains(f.Err.Error(), dir) {
		t.Errorf("a file that is not there: %v", f.Err)
	}
}

// TestSide: where a user may mean another machine's files, a sentence says whose these are.
func TestSide(t *testing.T) {
	for variable, want := range map[string]string{
		"WSL_DISTRO_NAME": "this is WSL", "REMOTE_CONTAINERS": "this is a development container", "SSH_CONNECTION": "this is a session over SSH", "TERM": "",
	} {
		m := clients.Machine{Getenv: func(name string) string { return map[bool]string{true: "x"}[name == variable] }}
		if got := clients.Side(m); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q", variable, got)
		}
	}
}

// TestFindDangling: a symbolic link that leads nowhere is found and called that, and the client's next place is found, too, since the
// client passes by the link.
func TestFindDangling(t *testing.T) {
	m := home(t, "linux", map[string]string{".config/opencode/opencode.json": `{"mcp": {"a": {"type": "local", "command": ["x"]}}}`})
	for _, name := range []string{".config/opencode/opencode.jsonc", ".claude.json"} {
		if err := os.Symlink("gone.json", filepath.Join(m.Home, filepath.FromSlash(name))); err != nil {
			t.Skip(err) // Windows, without the right to make them
		}
	}
	compare(t, summary(m, clients.Find(m)), `claude-code user .claude.json: it is a symbolic link to gone.json, which does not exist
opencode user .config/opencode/opencode.jsonc: it is a symbolic link to gone.json, which does not exist
opencode user .config/opencode/opencode.json
  a: not wrapped: x
`)
}
