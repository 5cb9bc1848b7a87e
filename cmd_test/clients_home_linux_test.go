package cmd_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clientsHome is a home directory with the files of many MCP clients, from testdata/home.
type clientsHome struct {
	home
	dir   string                // the home directory itself
	files map[string]clientFile // by path in dir, with slashes: as they are before anything runs
}

// clientFile is what an edit and its undoing must leave as it was.
type clientFile struct {
	text []byte
	mode fs.FileMode
	link string // where a symbolic link leads
}

// newClientsHome makes a home directory of testdata/home. Servers that real clients start are node's, of a directory of packages.
func newClientsHome(t testing.TB, node, packages string) *clientsHome {
	t.Helper()
	h := &clientsHome{home: newHome(t)}
	h.dir = filepath.Join(h.root, "home")
	replacer := strings.NewReplacer("@NODE@", node, "@SERVERS@", filepath.Join(packages, "@modelcontextprotocol"), "@HOME@", h.dir)
	err := filepath.WalkDir("testdata/home", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(h.dir, strings.TrimPrefix(filepath.ToSlash(path), "testdata/home"))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, []byte(replacer.Replace(string(text))), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".cursor", "My Notes", ".local/bin"} {
		if err := os.MkdirAll(filepath.Join(h.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, mode := range map[string]fs.FileMode{".claude.json": 0o600, ".codex/config.toml": 0o640, ".config/zed/settings.json": 0o664} {
		if err := os.Chmod(filepath.Join(h.dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	// As programs that keep people's configurations in a repository do it.
	if err := os.Symlink("../dotfiles/cursor-mcp.json", filepath.Join(h.dir, ".cursor/mcp.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(h.dir, ".local/bin/spanpipe"+exe)); err != nil {
		t.Fatal(err)
	}
	h.files = map[string]clientFile{".cursor/mcp.json": {}}
	err = filepath.WalkDir("testdata/home", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			h.files[strings.TrimPrefix(filepath.ToSlash(path), "testdata/home/")] = clientFile{}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.files = h.now(t)
	return h
}

// now returns the files as they are.
func (h *clientsHome) now(t testing.TB) map[string]clientFile {
	t.Helper()
	files := map[string]clientFile{}
	for name := range h.files {
		path := filepath.Join(h.dir, filepath.FromSlash(name))
		link, _ := os.Readlink(path) // fails for what is no link
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = clientFile{text, info.Mode(), link}
	}
	return files
}

// wantSame fails unless the files are those of before, byte for byte, with their modes and links.
func (h *clientsHome) wantSame(t testing.TB, when string, before map[string]clientFile) {
	t.Helper()
	after := h.now(t)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		b, a := before[name], after[name]
		if !bytes.Equal(b.text, a.text) {
			t.Errorf("%s: %s differs:\n%s\nwant:\n%s", when, name, a.text, b.text)
		}
		if a.mode != b.mode || a.link != b.link {
			t.Errorf("%s: %s has mode %v and leads to %q, want %v and %q", when, name, a.mode, a.link, b.mode, b.link)
		}
	}
}

// changed returns the names of the files that differ from before.
func (h *clientsHome) changed(t testing.TB, before map[string]clientFile) []string {
	t.Helper()
	var names []string
	for name, a := range h.now(t) {
		if !bytes.Equal(a.text, before[name].text) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// variables are those of every process in the home directory.
func (h *clientsHome) variables(path ...string) []string {
	path = append([]string{filepath.Join(h.dir, ".local/bin")}, path...)
	return []string{"PATH=" + strings.Join(append(path, "/usr/bin", "/bin"), string(os.PathListSeparator)), "TERM=dumb"}
}

// TestClientsHome installs and uninstalls in the home directory of many clients, without the clients.
func TestClientsHome(t *testing.T) {
	h := newClientsHome(t, "/usr/bin/node", "/opt/my packages")
	h.install(t)

	wrapped := h.now(t)
	h.edit(t, "install", "--yes")
	h.wantSame(t, "installed twice", wrapped)

	h.uninstall(t)
	h.wantSame(t, "uninstalled", h.files)
	h.run(t, "uninstall", "--yes")
	h.wantSame(t, "uninstalled twice", h.files)
}

// additions are servers that are added by hand, by the file and by what they are put in front of.
var additions = []struct{ file, before, server string }{
	{".claude.json", "    \"sentry\": {\n", "    \"added\": {\"command\": \"npx\", \"args\": [\"-y\", \"x\"]},\n"},
	{".claude.json", "        \"tickets\": {\n", "        \"added\": {\"command\": \"npx\"},\n"},
	{".config/Claude/claude_desktop_config.json", "\t\t\"C drive\"", "\t\t\"added\": { \"command\": \"npx\" },\r\n"},
	{".config/Code/User/mcp.json", "        // \"off\"", "        \"added\": { \"command\": \"npx\" }, // new\n"},
	{"dotfiles/cursor-mcp.json", "\t\t\"Everything\"", "\t\t\"added\": { \"command\": \"npx\" },\n"},
	{".cline/data/settings/cline_mcp_settings.json", "\"plain\"", "\"added\":{\"command\":\"npx\"},"},
	{".continue/config.yaml", "  - name: remote\n", "  - {name: added, command: npx}\n"},
	{".config/zed/settings.json", "    /* an extension's", "    \"added\": { \"source\": \"custom\", \"command\": \"npx\" },\n"},
	{".junie/mcp/mcp.json", "  , \"number\"", "  , \"added\" : { \"command\" : \"npx\" }\n"},
	{".gemini/settings.json", "    \"everything\": {\n", "    \"added\": { \"command\": \"npx\" },\n"},
	{".qwen/settings.json", "        \"memory\": {\n", "        \"added\": { \"command\": \"npx\" },\n"},
	{".codex/config.toml", "[mcp_servers.inline]\n", "[mcp_servers.added]\ncommand = \"npx\"\n\n"},
	{".config/goose/config.yaml", "  git:\n", "  added: {type: stdio, name: added, cmd: npx, args: [], enabled: true}\n"},
	{".kiro/settings/mcp.json", "        \"memory\": {\r\n", "        \"added\": { \"command\": \"npx\" },\r\n"},
	{".lmstudio/mcp.json", "    \"memory\": {\n", "    \"added\": { \"command\": \"npx\" },\n"},
	{".lmstudio/mcp.json", "\"MEMORY_FILE_PATH\"", "\"LANG\": \"C\", "}, // where spanpipe's own variable is, too
	{".config/opencode/opencode.jsonc", "    \"off\":", "    \"added\": { \"type\": \"local\", \"command\": [\"npx\"] },\n"},
	{".config/kilo/kilo.jsonc", "    \"docs\":", "    \"added\": { \"type\": \"local\", \"command\": [\"npx\"] },\n"},
	{".config/amp/settings.json", "    \"remote\":", "    \"added\": { \"command\": \"npx\" },\n"},
	{".config/crush/crush.json", "    \"github\":", "    \"added\": { \"type\": \"stdio\", \"command\": \"npx\" },\n"},
	{".copilot/mcp-config.json", "    \"playwright\":", "    \"added\": { \"type\": \"local\", \"command\": \"npx\", \"tools\": [] },\n"},
	{".vibe/config.toml", "[[mcp_servers]]\nname = \"remote\"\n", "[[mcp_servers]]\nname = \"added\"\ncommand = \"npx\"\n\n"},
	{".factory/mcp.json", "\"memory\":", "\"added\": { \"command\": \"npx\" }, "},
	{"mcporter.json", "    \"everything\":", "    \"added\": { \"command\": \"npx\" },\n"},
}

// TestClientsHomeEdited adds a server to each file between install and uninstall, which leave what was added, and nothing else, as a
// difference.
func TestClientsHomeEdited(t *testing.T) {
	h := newClientsHome(t, "/usr/bin/node", "/opt/my packages")
	h.install(t)
	want := maps.Clone(h.files)
	for _, a := range additions {
		add := func(text []byte) []byte {
			t.Helper()
			if strings.Count(string(text), a.before) != 1 {
				t.Fatalf("%s: %q is there %d times", a.file, a.before, strings.Count(string(text), a.before))
			}
			return []byte(strings.Replace(string(text), a.before, a.server+a.before, 1))
		}
		path := filepath.Join(h.dir, a.file)
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, add(now), 0o600); err != nil { // the mode stays
			t.Fatal(err)
		}
		f := want[a.file]
		f.text = add(f.text)
		want[a.file] = f
	}
	f := want[".cursor/mcp.json"] // leads to it
	f.text = want["dotfiles/cursor-mcp.json"].text
	want[".cursor/mcp.json"] = f
	h.uninstall(t)
	h.wantSame(t, "uninstalled after additions", want)
}

// run runs spanpipe in the home directory as its user would, and returns its stdout.
func (h *clientsHome) run(t *testing.T, args ...string) []byte {
	t.Helper()
	out, stderr, code := h.try(args...)
	if code != 0 {
		t.Fatalf("spanpipe %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, stderr)
	}
	return out
}

// try runs spanpipe in the home directory as its user would.
func (h *clientsHome) try(args ...string) (stdout, stderr []byte, code int) {
	cmd := exec.Command(filepath.Join(h.dir, ".local/bin/spanpipe"), args...)
	h.in(h.variables()...)(cmd)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); cmd.ProcessState == nil {
		return nil, []byte(err.Error()), -1
	}
	return out.Bytes(), problems.Bytes(), cmd.ProcessState.ExitCode()
}

// edit runs install. It has to name the program: this home directory is a temporary one, whose programs do not last. Where no file and
// no server is named, each unreadable file that is there is an error, in one line.
func (h *clientsHome) edit(t *testing.T, args ...string) []byte {
	t.Helper()
	args = append(args, "--program", filepath.Join(h.dir, ".local/bin/spanpipe"))
	if slices.Contains(args, "--config") || slices.Contains(args, "--server") {
		return h.run(t, args...)
	}
	out, stderr, code := h.try(args...)
	for _, name := range unreadable {
		if want := "~/" + name + " cannot be read and was left alone: "; code != 1 || strings.Count(string(stderr), want) != 1 {
			t.Errorf("spanpipe %s: exit code %d; want 1, and %q in:\n%s", strings.Join(args, " "), code, want, stderr)
		}
	}
	if n := bytes.Count(stderr, []byte("\n")); n != len(unreadable) {
		t.Fatalf("spanpipe %s: %d lines on stderr, want %d:\n%s", strings.Join(args, " "), n, len(unreadable), stderr)
	}
	return out
}

// unreadable are the files of the home directory that are never written: they do not parse, or have a name twice.
var unreadable = []string{".codeium/windsurf/mcp_config.json", ".warp/.mcp.json"}

// shared are those that are changed only if that is asked for.
var shared = []string{"code/desk/.mcp.json"}

// named are those that are changed only if they are named: of a client that is not in the table, and of one whose entries are unsure.
var named = []string{"mcporter.json", ".vibe/config.toml"}

// install wraps the servers of all files, and looks at what was written.
func (h *clientsHome) install(t *testing.T) {
	t.Helper()
	h.edit(t, "install", "--yes")
	for _, name := range named {
		h.edit(t, "install", "--yes", "--config", filepath.Join(h.dir, name))
	}
	changed := h.changed(t, h.files)
	for name := range h.files {
		if want := !slices.Contains(unreadable, name) && !slices.Contains(shared, name); slices.Contains(changed, name) != want {
			t.Errorf("%s: changed by install: %v, want %v", name, !want, want)
		}
	}
	if len(changed) < 15 {
		t.Errorf("%d files were changed, want at least 15: %v", len(changed), changed)
	}
	for name, now := range h.now(t) {
		if b := h.files[name]; now.mode != b.mode || now.link != b.link {
			t.Errorf("%s has mode %v and leads to %q, want %v and %q", name, now.mode, now.link, b.mode, b.link)
		}
	}
	h.wantWrapped(t, true)
}

// uninstall unwraps them again. Nothing of what was kept for it stays.
func (h *clientsHome) uninstall(t *testing.T) {
	t.Helper()
	h.run(t, "uninstall", "--yes")
	for _, name := range named {
		h.run(t, "uninstall", "--yes", "--config", filepath.Join(h.dir, name))
	}
	h.wantWrapped(t, false)
	kept, err := os.ReadDir(filepath.Join(h.dir, ".local/state/spanpipe/clients"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		if k.Name() != "lock" {
			t.Errorf("%s, which was kept for uninstall, is still there", k.Name())
		}
	}
}

// wantWrapped fails unless "spanpipe clients" shows all local servers as wrapped, or none.
func (h *clientsHome) wantWrapped(t *testing.T, want bool) {
	t.Helper()
	var found struct {
		Files []struct {
			Client, Scope string
			Servers       []struct {
				Name, State string
				Telemetry   struct{ Sinks []string }
			}
		}
	}
	if err := json.Unmarshal(h.run(t, "clients", "--json"), &found); err != nil {
		t.Fatal(err)
	}
	wrapped := 0
	for _, f := range found.Files {
		for _, one := range f.Servers {
			local := slices.Equal(one.Telemetry.Sinks, []string{"local"})
			if is := one.State == "wrapped"; is != local || is != want && (is || one.State == "not wrapped") {
				t.Errorf("%s: %s is %s, with telemetry to %v", f.Client, one.Name, one.State, one.Telemetry.Sinks)
			}
			if local {
				wrapped++
			}
		}
	}
	if want && wrapped < 30 {
		t.Errorf("%d servers are wrapped, want at least 30", wrapped)
	}
}
