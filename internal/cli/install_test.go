package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// kim is a home directory with the files of clients.
type kim struct {
	testing.TB
	home  string
	files []txtar.File
	sleep func(time.Duration)

	environ []string
}

func newKim(t testing.TB) *kim {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "install", "home.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	k := &kim{TB: t, home: t.TempDir(), files: archive.Files, sleep: func(time.Duration) {}}
	files := append([]txtar.File{{Name: ".local/bin/spanpipe"}}, archive.Files...)
	for _, f := range files {
		k.put(f.Name, string(f.Data))
	}
	return k
}

func (k *kim) path(name string) string { return filepath.Join(k.home, filepath.FromSlash(name)) }

func (k *kim) put(name, text string) {
	k.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(k.path(name)), 0o700), os.WriteFile(k.path(name), []byte(text), 0o600)); err != nil {
		k.Fatal(err)
	}
}

func (k *kim) text(name string) string {
	k.Helper()
	text, err := os.ReadFile(k.path(name))
	if err != nil {
		k.Fatal(err)
	}
	return string(text)
}

// run runs spanpipe and returns what it has written, with HOME for the directory. No secret may be in it.
func (k *kim) run(args ...string) (stdout, stderr string, code int) {
	k.Helper()
	out, err := os.Create(filepath.Join(k.TempDir(), "stdout"))
	if err != nil {
		k.Fatal(err)
	}
	defer out.Close()
	messages, err := os.Create(filepath.Join(k.TempDir(), "stderr"))
	if err != nil {
		k.Fatal(err)
	}
	defer messages.Close()
	code = cli.Main(cli.Process{
		Args: append([]string{"spanpipe"}, args...), Environ: append([]string{"HOME=" + k.home, "USERPROFILE=" + k.home}, k.environ...),
		Stdout: out, Stderr: messages, Sleep: k.sleep,
	})
	for i, f := range []*os.File{out, messages} {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			k.Fatal(err)
		}
		if secret := regexp.MustCompile(`hide-\w*`).Find(text); secret != nil {
			k.Errorf("spanpipe %s shows %s:\n%s", strings.Join(args, " "), secret, text)
		}
		*[]*string{&stdout, &stderr}[i] = strings.ReplaceAll(string(text), k.home, "HOME")
	}
	return stdout, stderr, code
}

// same reports where files are not what they were.
func (k *kim) same() {
	k.Helper()
	for _, f := range k.files {
		if got := k.text(f.Name); got != string(f.Data) {
			k.Errorf("%s is\n%s\nwant\n%s", f.Name, got, f.Data)
		}
	}
}

// TestInstall: what is shown is what is written, and uninstall brings back the same bytes.
func TestInstall(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths are written in another way")
	}
	k := newKim(t)
	program := "--program=" + k.path(".local/bin/spanpipe")
	const unread = "spanpipe: ~/.codeium/windsurf/mcp_config.json cannot be read and was left alone: line 3, column 33: a comma is missing\n"
	for _, test := range []struct {
		golden, unread string
		args           []string
	}{
		{"install-dry-run.txt", unread, []string{"install", "--dry-run", program}},
		{"install.json", "", []string{"install", "--dry-run", "--json", "cursor", "codex", program}},
		{"install-unread.json", unread, []string{"install", "--yes", "--json", "windsurf", program}},
		{"install-yes.txt", unread, []string{"install", "--yes", program}},
		{"install-nothing.txt", unread, []string{"install", program}},
		{"install-quiet.txt", unread, []string{"install", "--yes", program}},
		{"uninstall-dry-run.txt", "", []string{"uninstall", "--dry-run"}},
		{"uninstall-one.txt", "", []string{"uninstall", "--yes", "--server", "github", "Claude Code"}},
		{"uninstall.json", "", []string{"uninstall", "--yes", "--json"}},
		{"uninstall-nothing.txt", "", []string{"uninstall"}},
	} {
		stdout, stderr, code := k.run(test.args...)
		if stderr != test.unread || (code == 1) != (test.unread != "") || code > 1 {
			t.Errorf("%s: exit code %d, stderr %s", strings.Join(test.args, " "), code, stderr)
		}
		golden(t, filepath.Join("install", test.golden), stdout)
	}
	k.same()
	left, err := os.ReadDir(k.path(".local/state/spanpipe/clients"))
	if err != nil || len(left) != 1 || left[0].Name() != "lock" {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestInstallPartly: a file that cannot be written is reported, and the others are written.
func TestInstallPartly(t *testing.T) {
	k := newKim(t)
	if err := os.Chmod(k.path(".cursor/mcp.json"), 0o400); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "cursor", "codex")
	if code != 1 || !strings.HasPrefix(stdout, "Wrapped 1 server in 1 file,") ||
		!strings.Contains(filepath.ToSlash(stderr), ".cursor/mcp.json was not written: the file is read-only\nspanpipe: hint: ") {
		t.Errorf("exit code %d, stdout:\n%s\nstderr:\n%s", code, stdout, stderr)
	}
	if !strings.Contains(k.text(".codex/config.toml"), `"spanpipe"`) {
		t.Errorf("the other file is\n%s", k.text(".codex/config.toml"))
	}
	if err := os.Chmod(k.path(".cursor/mcp.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	k.run("uninstall", "--yes")
	k.same()
}

// TestInstallUnread: a file that cannot be read is an error, in one line, where something may be due in it; others are edited all the same.
func TestInstallUnread(t *testing.T) {
	const broken, wrapped = `{"mcpServers": {"a" {}}}`, `{"mcpServers": {"a": {"command": "/usr/bin/spanpipe", "args": ["--", "x"]} "b": {}}}`
	for name, test := range map[string]struct {
		file, text, args string
		unread           bool
	}{
		"to be wrapped":           {".kiro/settings/mcp.json", broken, "install", true},
		"to be unwrapped":         {".kiro/settings/mcp.json", wrapped, "uninstall", true},
		"a wrong shape":           {".kiro/settings/mcp.json", `{"mcpServers": ["spanpipe"]}`, "uninstall", true},
		"nothing to unwrap":       {".kiro/settings/mcp.json", broken, "uninstall", false},
		"another client is named": {".kiro/settings/mcp.json", broken, "install cursor", false},
		"a server is named":       {".kiro/settings/mcp.json", broken, "install --server memory", false},
		"never edited":            {".gemini/antigravity/mcp_config.json", broken, "install", false},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKim(t)
			if err := os.Remove(k.path(".codeium/windsurf/mcp_config.json")); err != nil {
				t.Fatal(err)
			}
			k.files = nil
			args := append(strings.Fields(test.args), "--yes")
			if args[0] == "install" {
				args = append(args, "--program", "spanpipe")
			} else {
				k.run("install", "--yes", "--program", "spanpipe", "cursor")
			}
			k.put(test.file, test.text)
			_, stderr, code := k.run(args...)
			if want := "spanpipe: ~/" + test.file + " cannot be read and was left alone: "; test.unread {
				if code != 1 || !strings.HasPrefix(filepath.ToSlash(stderr), want) || strings.Count(stderr, "\n") != 1 {
					t.Errorf("exit code %d, stderr:\n%s", code, stderr)
				}
			} else if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr:\n%s", code, stderr)
			}
			if got := k.text(test.file); got != test.text {
				t.Errorf("it is\n%s", got)
			}
			if now := strings.Contains(k.text(".cursor/mcp.json"), "spanpipe"); now != (args[0] == "install") {
				t.Errorf("the other file is\n%s", k.text(".cursor/mcp.json"))
			}
		})
	}
}

// TestInstallMasked: values of variables and headers are not shown, whatever the client calls these: run fails for any. What has no
// secret in its name has none for the redaction, so that each is found by its place.
func TestInstallMasked(t *testing.T) {
	for client, file := range map[string]txtar.File{
		"opencode": {Name: ".config/opencode/opencode.json", Data: []byte(`{"mcp": {
			"a": {"type": "local", "command": ["x"], "environment": {"LANG": "hide-21"}},
			"b": {"type": "remote", "url": "https://example.com", "headers": {"X-Org": "hide-22"}}}}`)},
		"goose": {Name: ".config/goose/config.yaml", Data: []byte(
			"extensions:\n  a:\n    type: stdio\n    cmd: x\n    envs:\n      LANG: hide-23\n      TEXT: |\n        hide-24\n    args: []\n")},
		"codex": {Name: ".codex/config.toml", Data: []byte("[mcp_servers.a]\ncommand = \"x\"\nenv.LANG = \"hide-25\"\n" +
			"[mcp_servers.b]\nurl = \"https://example.com\"\nhttp_headers = { X-Org = \"hide-26\" }\nenv_http_headers = { X-Org = \"hide-27\" }\n")},
		"cursor": {Name: ".cursor/mcp.json", Data: []byte(`{"mcpServers": {
			"a": {"command": "x", "env": {"LANG": "hide-28"}},
			"c": {"command": "docker", "args": ["run", "-e", "LANG=hide-31", "--env", "LANG=hide-32", "--env=LANG=hide-33", "image"]},
			"b": {"url": "https://example.com", "requestInit": {"Headers": {"X-Org": "hide-29"}, "list": ["hide-30"]}}}}`)},
	} {
		k := newKim(t)
		k.put(file.Name, string(file.Data))
		for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "--json"}} {
			stdout, stderr, code := k.run(append([]string{"install", "--program", "spanpipe", client}, args...)...)
			if code != 0 || !strings.Contains(stdout, "***") {
				t.Errorf("%s: exit code %d, stdout:\n%s\nstderr:\n%s", client, code, stdout, stderr)
			}
		}
	}
}

// TestInstallUnmet: a server that is named and can be wrapped nowhere is an error; one that is wrapped anywhere is none.
func TestInstallUnmet(t *testing.T) {
	k := newKim(t)
	k.put(".kiro/settings/mcp.json", `{"mcpServers": {"memory": {"url": "https://example.com"}, "odd": {"command": "x", "args": "y"}}}`)
	for _, test := range []struct {
		server, stderr string
		code           int
	}{
		{"sentry", "spanpipe: sentry was not wrapped: it is remote\n", 1},
		{"odd", "spanpipe: odd was not wrapped: args is a string, where a list is due\n", 1},
		{"memory", "", 0}, // of Cursor
		{"memory", "", 0}, // again
	} {
		_, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "--server", test.server)
		if code != test.code || stderr != test.stderr {
			t.Errorf("%s: exit code %d, stderr %s", test.server, code, stderr)
		}
	}
}

// TestInstallOthers: what administrators and plugins keep is not edited where it is named either.
func TestInstallOthers(t *testing.T) {
	k := newKim(t)
	const text = `{"mcpServers": {"a": {"command": "x"}}}`
	k.environ = []string{"GEMINI_CLI_SYSTEM_SETTINGS_PATH=" + k.path("system/settings.json")}
	for name, why := range map[string]string{
		"system/settings.json": "administrators manage it", ".claude/plugins/p/.mcp.json": "it is a plugin's, which updates replace",
	} {
		if name == "system/settings.json" && runtime.GOOS != "linux" {
			continue // it is in a fixed place
		}
		k.put(name, text)
		_, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "--config", k.path(name))
		if code != 2 || !strings.Contains(stderr, ": "+why+"\n") || k.text(name) != text {
			t.Errorf("%s: exit code %d, stderr %s, text %s", name, code, stderr, k.text(name))
		}
	}
}

// TestInstallDangling: a symbolic link that leads nowhere is called that, and nothing is written at its end.
func TestInstallDangling(t *testing.T) {
	k := newKim(t)
	for _, name := range []string{".cursor/mcp.json", ".claude.json"} {
		if err := errors.Join(os.Remove(k.path(name)), os.Symlink("elsewhere.json", k.path(name))); err != nil {
			t.Skip(err) // Windows, without the right to make them
		}
	}
	const why = "it is a symbolic link to elsewhere.json, which does not exist"
	stdout, _, code := k.run("clients", "cursor", "claude-code")
	if want := "  cannot be read: " + why + "; left alone\n"; code != 0 || strings.Count(stdout, want) != 2 {
		t.Errorf("exit code %d, stdout:\n%s", code, stdout)
	}
	_, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "cursor", "claude-code")
	if code != 1 || strings.Count(stderr, "cannot be read and was left alone: "+why+"\n") != 2 || strings.Count(stderr, "\n") != 2 {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
	if _, err := os.Lstat(k.path(".cursor/elsewhere.json")); err == nil {
		t.Error("the end of the link was written")
	}
}

// TestUninstallWithoutBackup: spanpipe's own variables go, and those that may be the user's own stay and are named. With a backup it is
// known whose they are.
func TestUninstallWithoutBackup(t *testing.T) {
	for _, kept := range []bool{false, true} {
		k := newKim(t)
		k.put(".cursor/mcp.json", `{"mcpServers": {"a": {"command": "x", "env": {"OTEL_SERVICE_NAME": "mine"}}, "b": {"command": "y"}}}`)
		before := k.text(".cursor/mcp.json")
		k.run("install", "--yes", "--program", "spanpipe", "--set", "OTEL_LOG_LEVEL=info", "--set", "SPANPIPE_KEEP=1d", "cursor")
		want, named := before, false
		if !kept {
			if err := os.RemoveAll(k.path(".local/state/spanpipe/clients")); err != nil {
				t.Fatal(err)
			}
			want = `{"mcpServers": {"a": {"command": "x", "env": {"OTEL_SERVICE_NAME": "mine", "OTEL_LOG_LEVEL": "info"}}, ` +
				`"b": {"command": "y", "env": {"OTEL_LOG_LEVEL": "info"}}}}`
			named = true
		}
		stdout, _, code := k.run("uninstall", "--yes", "cursor")
		const text = "Left in place, since it is not known whether install has set them: OTEL_SERVICE_NAME of a, OTEL_LOG_LEVEL of a, OTEL_LOG_LEVEL of b."
		if code != 0 || strings.Contains(strings.ReplaceAll(stdout, "\n", " "), text) != named || strings.Contains(stdout, "Left in place") != named {
			t.Errorf("exit code %d, stdout:\n%s", code, stdout)
		}
		if got := k.text(".cursor/mcp.json"); got != want {
			t.Errorf("it is\n%s\nwant\n%s", got, want)
		}
	}
}

// TestInstallOverwritten: a client that rewrites its file may undo an edit, which is reported; one that keeps it is not.
func TestInstallOverwritten(t *testing.T) {
	k := newKim(t)
	before := k.text(".claude.json")
	for _, test := range []struct {
		name     string
		rewrite  func(text string) string
		code     int
		problems string
	}{
		{"without it", func(string) string { return before }, 1, "was overwritten by its client, and the edit is lost"},
		{"not as JSON", func(string) string { return "" }, 1, "was overwritten by its client, and the edit is lost"},
		{"with it", func(text string) string { return strings.Replace(text, "accessToken", "token", 1) }, 0, ""},
	} {
		slept := time.Duration(0)
		k.sleep = func(d time.Duration) {
			slept += d
			k.put(".claude.json", test.rewrite(k.text(".claude.json")))
		}
		stdout, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "claude-code")
		if code != test.code || !strings.Contains(stderr, test.problems) || slept != 3*time.Second || (stderr == "") != (code == 0) {
			t.Errorf("%s: exit code %d after %s, stdout:\n%s\nstderr:\n%s", test.name, code, slept, stdout, stderr)
		}
		k.put(".claude.json", before)
	}
}

// TestInstallSet: variables of spanpipe and OpenTelemetry can be set, if they mean something.
func TestInstallSet(t *testing.T) {
	k := newKim(t)
	stdout, stderr, code := k.run("install", "--yes", "--program", "spanpipe", "--telemetry", "otlp", "--set", "SPANPIPE_CAPTURE=errors",
		"--set", "OTEL_EXPORTER_OTLP_HEADERS=key=hide-13", "--dir", "/srv/spanpipe", "--server", "memory", "cursor")
	if want := ", with SPANPIPE_TELEMETRY=otlp: "; code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("exit code %d, stdout:\n%s", code, stdout)
	}
	for _, want := range []string{
		`"SPANPIPE_TELEMETRY": "otlp"`, `"SPANPIPE_CAPTURE": "errors"`, `"OTEL_EXPORTER_OTLP_HEADERS": "key=hide-13"`, `"SPANPIPE_DIR": "`,
	} {
		if !strings.Contains(k.text(".cursor/mcp.json"), want) {
			t.Errorf("%s is missing in\n%s\nexit code %d, stderr %s", want, k.text(".cursor/mcp.json"), code, stderr)
		}
	}
}

// TestInstallLeavesAlone: a server that cannot be wrapped does not count as wrapped, not in one line either, and what can be pasted
// has the shape of the file.
func TestInstallLeavesAlone(t *testing.T) {
	k := newKim(t)
	k.put("own.yaml", "mcpServers:\n  - name: a\n    command: x\n    env: &e {K: hide-1}\n")
	config := k.path("own.yaml")
	stdout, _, code := k.run("install", "--yes", "--program", "spanpipe", "--config", config)
	if want := "Nothing to do: there is no local server to wrap; 1 left alone, see: spanpipe install --dry-run\n"; code != 0 || stdout != want {
		t.Errorf("exit code %d, stdout:\n%s\nwant\n%s", code, stdout, want)
	}
	stdout, _, _ = k.run("install", "--dry-run", "--program", "spanpipe", "--config", config)
	if want := "\n  - name: \"a\"\n    command: \"spanpipe\"\n"; !strings.Contains(stdout, want) {
		t.Errorf("stdout:\n%s\nwant\n%s", stdout, want)
	}
}

// TestInstallSetAgain: what is asked for takes the place of what was set before, what is not stays and is named, and uninstall
// brings back what was there at first, beside what others have changed since, too.
func TestInstallSetAgain(t *testing.T) {
	k := newKim(t)
	const tail = ` "env": {"OTEL_SERVICE_NAME": "mine", "SPANPIPE_TELEMETRY": "off", "KEY": "hide-1"}}, "b": {"command": "b"}}}`
	k.put(".cursor/mcp.json", `{"mcpServers": {"a": {"command": "a",`+tail)
	first := k.text(".cursor/mcp.json")
	run := func(want string, args ...string) {
		t.Helper()
		stdout, stderr, code := k.run(append(args, "cursor")...)
		if code != 0 || !strings.Contains(strings.ReplaceAll(stdout, "\n", " "), want) {
			t.Errorf("%v: exit code %d, stdout:\n%s\nstderr:\n%s\nwant %s", args, code, stdout, stderr, want)
		}
	}
	for _, other := range []bool{false, true} {
		run("Kept as it was set there: SPANPIPE_TELEMETRY=off of a.", "install", "--yes", "--program", "spanpipe", "--set", "OTEL_LOG_LEVEL=debug")
		run("Updated 2 wrapped servers in 1 file, with SPANPIPE_TELEMETRY=local,otlp", "install", "--yes", "--program", "spanpipe",
			"--telemetry", "local,otlp", "--set", "OTEL_SERVICE_NAME=ours", "--set", "OTEL_LOG_LEVEL=info")
		text := k.text(".cursor/mcp.json")
		for _, want := range []string{`"SPANPIPE_TELEMETRY": "local,otlp"`, `"OTEL_SERVICE_NAME": "ours"`, `"OTEL_LOG_LEVEL": "info"`} {
			if strings.Count(text, want) != 2 {
				t.Errorf("want %s twice in\n%s", want, text)
			}
		}
		run("Kept as it was set there: SPANPIPE_TELEMETRY=local,otlp of a", "install", "--dry-run", "--program", "spanpipe")
		want := first
		if other { // which conflicts, on a single line: what is spanpipe's goes by the structure
			k.put(".cursor/mcp.json", strings.Replace(text, "hide-1", "hide-2", 1))
			want = strings.Replace(first, "hide-1", "hide-2", 1)
		}
		run("Unwrapped 2 servers", "uninstall", "--yes")
		if got := k.text(".cursor/mcp.json"); got != want {
			t.Errorf("it is\n%s\nwant\n%s", got, want)
		}
	}
}

// TestInstallSide: where others' files may be meant, it is said whose these are, once; at a login that has nothing to do it is not.
func TestInstallSide(t *testing.T) {
	k := newKim(t)
	k.environ = []string{"WSL_DISTRO_NAME=Debian"}
	for _, test := range []struct {
		args string
		want int
	}{
		{"install --dry-run cursor", 1}, {"install --yes cursor", 1}, {"install --yes cursor", 0}, {"install kiro", 1}, {"install --yes kiro", 0},
		{"uninstall --yes --json cursor", 1}, {"clients", 1},
	} {
		stdout, stderr, code := k.run(append(strings.Fields(test.args), map[bool][]string{true: {"--program", "spanpipe"}}[test.args[0] == 'i']...)...)
		if got := strings.Count(stdout+stderr, "this is WSL: "); code != 0 || got != test.want {
			t.Errorf("%s: exit code %d, said %d times\n%s%s", test.args, code, got, stdout, stderr)
		}
	}
}

// TestUninstallConfig: a file that is named has all the places that it has when it is found, those of projects, too. So what it was
// is kept for as long as one of them needs it.
func TestUninstallConfig(t *testing.T) {
	k := newKim(t)
	k.run("install", "--yes", "--program", "spanpipe", "claude-code")
	if _, stderr, code := k.run("uninstall", "--yes", "--config", k.path(".claude.json")); code != 0 {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
	k.same()
	k.run("install", "--yes", "--program", "spanpipe", "--config", k.path(".claude.json"))
	if text := k.text(".claude.json"); strings.Count(text, "\"spanpipe\"") != 2 {
		t.Errorf("wrapped, it is\n%s", text)
	}
	k.run("uninstall", "--yes", "--config", k.path(".claude.json"), "--server", "github")
	k.run("uninstall", "--yes")
	k.same()
}

// TestUninstallUntidy: what cannot be removed of the backups does not make a file that was written one that was not.
func TestUninstallUntidy(t *testing.T) {
	k := newKim(t)
	k.run("install", "--yes", "--program", "spanpipe", "--dir", k.path("state"), "cursor")
	k.put(filepath.Join("state", "clients", "cursor-"+strings.Repeat("0", 64), "x"), "") // a directory that holds something
	_, stderr, code := k.run("uninstall", "--yes", "--dir", k.path("state"), "cursor")
	if code != 1 || !strings.Contains(stderr, "mcp.json was written, but what is kept of it is not up to date: ") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
	k.same()
}

// TestUninstallLater: where a later version has kept what the files were, nothing is written, and the error says who can do it.
func TestUninstallLater(t *testing.T) {
	k := newKim(t)
	k.run("install", "--yes", "--program", "spanpipe", "--dir", k.path("state"), "cursor")
	wrapped, manifest := k.text(".cursor/mcp.json"), filepath.Join("state", "clients", "manifest.json")
	k.put(manifest, `{"version":2,"files":{}}`)
	for _, command := range []string{"uninstall", "install"} {
		_, stderr, code := k.run(command, "--yes", "--dir", k.path("state"), "cursor")
		if want := "manifest.json cannot be used: it was written by a later version of spanpipe"; command == "uninstall" &&
			(code != 1 || !strings.Contains(stderr, want) || strings.Contains(stderr, "move that file")) {
			t.Errorf("%s: exit code %d, stderr:\n%s", command, code, stderr)
		}
	}
	if k.text(".cursor/mcp.json") != wrapped || k.text(manifest) != `{"version":2,"files":{}}` {
		t.Errorf("the files are\n%s\n%s", k.text(".cursor/mcp.json"), k.text(manifest))
	}
}

// TestUninstallDamaged: where what was kept is damaged, nothing is written, and the error says what to move away.
func TestUninstallDamaged(t *testing.T) {
	k := newKim(t)
	k.run("install", "--yes", "--program", "spanpipe", "cursor")
	wrapped := k.text(".cursor/mcp.json")
	manifest := filepath.Join("state", "clients", "manifest.json")
	k.run("install", "--yes", "--program", "spanpipe", "--dir", k.path("state"), "codex")
	k.put(manifest, "{")
	for _, args := range [][]string{{"uninstall", "--yes"}, {"uninstall", "--dry-run"}, {"uninstall"}} {
		stdout, stderr, code := k.run(append(args, "--dir", k.path("state"), "cursor")...)
		if code != 1 || !strings.Contains(stderr, "manifest.json is damaged: ") || !strings.Contains(stderr, "hint: move that file away") {
			t.Errorf("%v: exit code %d, stdout:\n%s\nstderr:\n%s", args, code, stdout, stderr)
		}
	}
	if k.text(".cursor/mcp.json") != wrapped {
		t.Errorf("the file is\n%s", k.text(".cursor/mcp.json"))
	}
}
