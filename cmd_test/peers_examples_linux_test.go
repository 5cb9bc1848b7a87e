package cmd_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// example is a copy of one of examples/, whose telemetry goes to a receiver of the test's.
type example struct {
	home
	dir      string
	bin      string // a directory with spanpipe, and what the test adds
	receiver *otlptest.Receiver

	spanpipeAt string // where its program is; empty: that of the test
	asPidOne   bool
}

// newExample copies an example, with another destination in the file that has it.
func newExample(t *testing.T, name, settings, destination string) example {
	t.Helper()
	e := example{
		home: newHome(t), dir: filepath.Join(t.TempDir(), name), bin: t.TempDir(), receiver: otlptest.Start(t, otlptest.Config{}),
	}
	if err := os.CopyFS(e.dir, os.DirFS(filepath.Join("../examples", name))); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(e.bin, "spanpipe")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(e.dir, settings)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(text), destination, e.receiver.Endpoint(otlptest.HTTP))
	if changed == string(text) {
		t.Fatalf("%s does not have %s", settings, destination)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return e
}

// in makes a command run in the example's home, with spanpipe on its PATH.
func (e example) in(variables ...string) func(*exec.Cmd) {
	path := "PATH=" + e.bin + string(os.PathListSeparator) + os.Getenv("PATH")
	return func(cmd *exec.Cmd) {
		e.home.in(append([]string{path}, variables...)...)(cmd)
		if e.asPidOne {
			pidOne(cmd)
		}
		cmd.Env = slices.DeleteFunc(cmd.Env, func(entry string) bool { return entry == longFlush }) // users do not set it
	}
}

// programOf returns the program that a process runs.
func programOf(t *testing.T, pid int) string {
	t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// spanpipeItself is the program that the examples start.
func spanpipeItself(t *testing.T) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// exampleUser is what an example's user has set, and what has to come of it.
type exampleUser struct {
	name      string
	variables []string
	sent      bool // to the author
	behind    bool // spanpipe is there while the session lasts
}

// users are those of an example that a variable turns on.
func users(optIn string) []exampleUser {
	return []exampleUser{
		{"has set nothing", nil, false, false},
		{"has said no", []string{strings.TrimSuffix(optIn, "1") + "0"}, false, false},
		{"has settings for other telemetry", []string{"OTEL_EXPORTER_OTLP_HEADERS=key=Hidden-key"}, false, false},
		{"has asked for it", []string{optIn}, true, true},
		{"has asked for it, and has other telemetry", []string{optIn, "OTEL_EXPORTER_OTLP_HEADERS=key=Hidden-key",
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_RESOURCE_ATTRIBUTES=team=Hidden-team",
			"SPANPIPE_CAPTURE=arguments,results", "SPANPIPE_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1"}, true, true},
		{"has asked for it, and DO_NOT_TRACK", []string{optIn, "DO_NOT_TRACK=1"}, false, false},
		{"has asked for it, and OTEL_SDK_DISABLED", []string{optIn, "OTEL_SDK_DISABLED=true"}, false, false},
		{"has asked for it, and SPANPIPE_TELEMETRY is off", []string{optIn, "SPANPIPE_TELEMETRY=off"}, false, false},
		{"has telemetry of their own", []string{optIn, "SPANPIPE_TELEMETRY=console"}, false, true},
	}
}

// serve runs a session with an example as one of its users does. What is said in it must not reach the author.
func (e example) serve(t *testing.T, u exampleUser, command []string, call exampleCall) {
	t.Helper()
	span, requests := "tools/call "+call.tool, len(e.receiver.Requests())
	spans := len(e.receiver.SpansNamed(span))
	h := mcptest.Open(t, command, e.in(u.variables...))
	c := mcptest.Connect(h)
	if got := string(c.Tool(call.tool, call.arguments).Result); !strings.Contains(got, call.answer) {
		t.Errorf("the answer is %s, want %s in it", got, call.answer)
	}
	spanpipe := cmp.Or(e.spanpipeAt, spanpipeItself(t))
	if got := programOf(t, h.Cmd.Process.Pid) == spanpipe; got != u.behind {
		t.Errorf("the process is spanpipe: %v, want %v", got, u.behind)
	}
	if e.asPidOne != isPidOne(t, h.Cmd.Process.Pid) {
		t.Error("the process is not process 1")
	}
	if u.sent {
		mcptest.Eventually(t, "the span arrives", func() bool { return len(e.receiver.SpansNamed(span)) > spans })
	}
	endSession(t, h)
	if n := len(e.receiver.Requests()) - requests; n > 0 != u.sent {
		t.Errorf("%d requests arrive, want any: %v", n, u.sent)
	}
	for _, said := range append([]string{"Hidden"}, call.content...) {
		if e.receiver.Contains([]byte(said)) {
			t.Errorf("%q has left the machine", said)
		}
	}
}

// exampleCall is a call of an example's tool.
type exampleCall struct {
	tool      string
	arguments mcptest.Object
	answer    string   // is in the result
	content   []string // of which nothing may leave
}

var (
	forecastCall = exampleCall{"get_forecast", mcptest.Object{"city": "Lisbon"}, "Lisbon: sunny", []string{"Lisbon", "sunny"}}
	wordsCall    = exampleCall{"count_words", mcptest.Object{"text": "Canary of glass"}, "3 words", []string{"Canary", "3 words"}}
)

// npmPackages gives an example its node_modules: the peers', and a package with spanpipe's program as that of npm has it, whose directory
// is returned. The example's PATH has the node of the peers.
func (e example) npmPackages(t *testing.T, p peers) string {
	t.Helper()
	modules := filepath.Join(e.dir, "node_modules")
	packaged := filepath.Join(modules, "spanpipe")
	if err := os.MkdirAll(packaged, 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		filepath.Join(modules, "@modelcontextprotocol"): filepath.Join(p.packages, "@modelcontextprotocol"),
		filepath.Join(modules, "zod"):                   filepath.Join(p.packages, "zod"),
		filepath.Join(e.bin, "node"):                    p.node,
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"package.json": `{"name": "spanpipe", "version": "0.1.0", "main": "index.js"}`,
		"index.js":     fmt.Sprintf("exports.path = %q\n", binary(t)),
	} {
		if err := os.WriteFile(filepath.Join(packaged, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return packaged
}

// TestPeersExampleNpm runs the package of examples/npm-server as each of its users does, with spanpipe's program in a package of its
// own as npm has it, and without that.
func TestPeersExampleNpm(t *testing.T) {
	p := newPeers(t)
	e := newExample(t, "npm-server", "telemetry.env", "https://otel.weather.example")
	packaged := e.npmPackages(t, p)
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := []string{p.node, filepath.Join(e.dir, "start.mjs")}
	for _, u := range users("WEATHER_TELEMETRY=1") {
		t.Run("a user who "+u.name, func(t *testing.T) { e.serve(t, u, start, forecastCall) })
	}
	older := append([]string{p.node, "--import=data:text/javascript,process.execve=undefined"}, start[1:]...)
	t.Run("a Node that cannot replace itself", func(t *testing.T) {
		e.serve(t, exampleUser{variables: []string{"WEATHER_TELEMETRY=1"}, sent: true}, older, forecastCall)
	})
	t.Run("a Node that cannot replace itself, and TERM", func(t *testing.T) {
		h := mcptest.Open(t, older, e.in("WEATHER_TELEMETRY=1", "DO_NOT_TRACK=1"))
		mcptest.Connect(h)
		if err := h.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if status, _ := h.Wait().Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
			t.Errorf("ended with %v, want TERM; stderr: %s", h.Wait(), h.Stderr)
		}
	})
	t.Run("the package's own tests", func(t *testing.T) {
		write(filepath.Join(e.dir, "telemetry.env"), exampleFile(t, "npm-server/telemetry.env"))
		cmd := exec.Command("npm", "test")
		e.in()(cmd)
		cmd.Dir = e.dir
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(`(?m)pass 3$`).Match(out) {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("no program for this system", func(t *testing.T) {
		write(filepath.Join(packaged, "index.js"), "throw new Error('there is no spanpipe for this system')\n")
		e.serve(t, exampleUser{variables: []string{"WEATHER_TELEMETRY=1"}}, start, forecastCall)
	})
	t.Run("no package", func(t *testing.T) {
		if err := os.RemoveAll(packaged); err != nil {
			t.Fatal(err)
		}
		for _, u := range users("WEATHER_TELEMETRY=1") {
			u.sent, u.behind = false, false
			e.serve(t, u, start, forecastCall)
		}
	})
}

// TestPeersExampleBehavior: the server of examples/npm-server is recorded, answers as it did, and is within its budgets.
func TestPeersExampleBehavior(t *testing.T) {
	e := newExample(t, "npm-server", "telemetry.env", "https://otel.weather.example")
	e.npmPackages(t, newPeers(t))
	var described struct{ Scripts map[string]string }
	if err := json.Unmarshal([]byte(exampleFile(t, "npm-server/package.json")), &described); err != nil {
		t.Fatal(err)
	}
	for _, script := range []struct{ name, printed string }{{"record", ""}, {"replay", "The same: 4 requests.\n"}, {"check", "within budget"}} {
		cmd := exec.Command("sh", "-c", described.Scripts[script.name])
		e.in()(cmd)
		cmd.Dir = e.dir
		if out, err := cmd.CombinedOutput(); err != nil || described.Scripts[script.name] == "" || !strings.Contains(string(out), script.printed) {
			t.Errorf("npm run %s: %v\n%s", script.name, err, out)
		}
	}
}

// TestPeersExampleCloned runs examples/cloned-server as each of its users does, and as "spanpipe install" has changed its entry.
func TestPeersExampleCloned(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		peerMissing(t, "python3 is not installed")
	}
	e := newExample(t, "cloned-server", "telemetry.env", "https://otel.words.example")
	start := []string{filepath.Join(e.dir, "start.sh")}
	for _, u := range users("WORDS_TELEMETRY=1") {
		t.Run("a user who "+u.name, func(t *testing.T) { e.serve(t, u, start, wordsCall) })
	}
	t.Run("install", func(t *testing.T) {
		file := filepath.Join(e.root, "home/.cursor/mcp.json")
		text, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"words": map[string]any{"command": start[0]}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		lasting := filepath.Join(e.root, "home/.local/bin/spanpipe")
		if err := os.MkdirAll(filepath.Dir(lasting), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(binary(t), lasting); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := e.spanpipe(t, nil, "install", "cursor", "--yes", "--program", lasting); code != 0 {
			t.Fatalf("install exits with %d: %s", code, stderr)
		}
		var config struct {
			MCPServers map[string]struct {
				Command string
				Args    []string
				Env     map[string]string
			} `json:"mcpServers"`
		}
		if text, err = os.ReadFile(file); err != nil || json.Unmarshal(text, &config) != nil {
			t.Fatalf("%v: %s", err, text)
		}
		s := config.MCPServers["words"]
		u := exampleUser{behind: true}
		for name, value := range s.Env {
			u.variables = append(u.variables, name+"="+value)
		}
		e.serve(t, u, append([]string{s.Command}, s.Args...), wordsCall)
		if out, stderr, _ := e.spanpipe(t, nil, "sessions"); !strings.Contains(out, "word-server") {
			t.Errorf("sessions: %s%s", out, stderr)
		}
	})
	t.Run("start.cmd", func(t *testing.T) { // cmd.exe can miss a label otherwise
		text, err := os.ReadFile(filepath.Join(e.dir, "start.cmd"))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); strings.Count(string(text), "\r\n") != lines || lines == 0 {
			t.Error("a line does not end as lines of Windows end")
		}
	})
	t.Run("no spanpipe", func(t *testing.T) {
		if err := os.Remove(filepath.Join(e.bin, "spanpipe")); err != nil {
			t.Fatal(err)
		}
		e.serve(t, exampleUser{variables: []string{"WORDS_TELEMETRY=1"}}, start, wordsCall)
	})
}

// TestPeersExampleMcpb builds the bundle of examples/mcpb with the tool of MCPB, unpacks it, and starts its server as a host does that
// fills in the manifest by MCPB's own code.
func TestPeersExampleMcpb(t *testing.T) {
	p := newPeers(t)
	e := newExample(t, "mcpb", "manifest.json", "https://otel.weather.example")
	tool := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s/@anthropic-ai/mcpb/dist/cli/cli.js' \"$@\"\n", p.node, p.packages)
	if err := os.WriteFile(filepath.Join(e.bin, "mcpb"), []byte(tool), 0o755); err != nil {
		t.Fatal(err)
	}
	release := t.TempDir() // as an archive is unpacked
	for name, target := range map[string]string{"spanpipe": binary(t), "LICENSE": "../LICENSE", "THIRD_PARTY_NOTICES.md": "../LICENSE"} {
		text, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(release, name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	unpacked := t.TempDir()
	for _, line := range [][]string{
		{filepath.Join(e.dir, "build.sh"), "linux", runtime.GOARCH, release},
		{filepath.Join(e.bin, "mcpb"), "unpack", "weather-linux-" + runtime.GOARCH + ".mcpb", unpacked},
	} {
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Env = append(os.Environ(), "PATH="+e.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		cmd.Dir = e.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	for _, test := range []struct {
		name, platform, config string
		user                   exampleUser
	}{
		{"a user who has set nothing", "linux", `{}`, exampleUser{}},
		{"a user who has said no", "linux", `{"telemetry": "off"}`, exampleUser{}},
		{"a user who has emptied the field", "linux", `{"telemetry": ""}`, exampleUser{}},
		{"a user who has misspelled it", "linux", `{"telemetry": "yes"}`, exampleUser{}},
		{"a user who has asked for it", "linux", `{"telemetry": "otlp"}`, exampleUser{sent: true, behind: true}},
		{"a user who wants it on this machine", "linux", `{"telemetry": "local"}`, exampleUser{behind: true}},
		{"Windows", "win32", `{}`, exampleUser{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := mcpbHost(t, p, unpacked, test.platform, test.config)
			if test.platform == "win32" {
				if host.Command != unpacked+"/server/spanpipe.exe" || !slices.Equal(host.Args, []string{"--", unpacked + "/server/weather.exe"}) {
					t.Errorf("Windows would run %q %q", host.Command, host.Args)
				}
				return
			}
			test.user.variables = []string{"SPANPIPE_CAPTURE=arguments,results"} // what the manifest sets counts
			for name, value := range host.Env {
				test.user.variables = append(test.user.variables, name+"="+value)
			}
			command := append([]string{host.Command}, host.Args...)
			h := e
			h.spanpipeAt = host.Command
			h.serve(t, test.user, command, forecastCall)
		})
	}
}

// mcpbConfig is what a host runs of a bundle.
type mcpbConfig struct {
	Command string
	Args    []string
	Env     map[string]string
}

// mcpbHost has MCPB's code fill in the manifest of an unpacked bundle, for a platform and what a user has set.
func mcpbHost(t *testing.T, p peers, dir, platform, config string) (c mcpbConfig) {
	t.Helper()
	script := p.script("mcpb.mjs")
	if err := os.WriteFile(script, []byte(`import { readFileSync } from 'node:fs';
import { getMcpConfigForManifest } from '@anthropic-ai/mcpb';
const [extensionPath, platform, config] = process.argv.slice(2);
Object.defineProperty(process, 'platform', { value: platform });
const manifest = JSON.parse(readFileSync(extensionPath + '/manifest.json', 'utf8'));
const filled = await getMcpConfigForManifest({ manifest, extensionPath, systemDirs: {}, userConfig: JSON.parse(config), pathSeparator: '/' });
console.log(JSON.stringify(filled));
`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(p.node, script, dir, platform, config).Output()
	if err != nil || json.Unmarshal(out, &c) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}
