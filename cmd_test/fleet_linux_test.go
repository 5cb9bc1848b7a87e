package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// machine is one with a policy: new namespaces whose file system has an /etc of its own.
type machine struct {
	home
	front []string // what runs a command there
}

// machineScript makes the directory of the first argument into /etc/spanpipe, and runs the rest as root of its namespaces.
const machineScript = `
root=$(mktemp -d) && mount -t tmpfs -o mode=755 none "$root" && mkdir "$root/etc" || exit 99
for entry in /*; do
	if [ "$entry" = /etc ]; then continue
	elif [ -L "$entry" ]; then cp -P "$entry" "$root/"
	elif [ -d "$entry" ]; then mkdir "$root$entry" && mount --rbind "$entry" "$root$entry" || exit 99
	fi
done
cp -a "$1" "$root/etc/spanpipe" && chown -R 0:0 "$root/etc/spanpipe" && shift && exec chroot "$root" "$@"
exit 99`

// newMachine returns a machine with a policy, unless that is empty, and with a file of headers.
func newMachine(t *testing.T, policy string) machine {
	t.Helper()
	if out, err := exec.Command("unshare", "-rm", "true").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("unshare (util-linux) is missing or not permitted: %v: %s", err, out)
		}
		t.Skipf("needs unshare, and permission to use it: %v: %s", err, out)
	}
	m := machine{home: newHome(t)}
	dir := filepath.Join(m.root, "etc")
	m.front = []string{"unshare", "-rm", "/bin/sh", "-c", machineScript, "sh", dir}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.write(t, "headers", "authorization=Bearer of-the-fleet\n")
	if policy != "" {
		m.write(t, "policy.yaml", policy)
	}
	return m
}

// write writes a file of /etc/spanpipe.
func (m machine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, "etc", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a command of spanpipe's own.
func (m machine) run(t *testing.T, variables []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(m.front[0], slices.Concat(m.front[1:], []string{binary(t)}, args)...)
	m.in(variables...)(cmd)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// session has a session with a call, and returns its stderr.
func (m machine) session(t *testing.T, variables ...string) string {
	t.Helper()
	return m.sessionUntil(t, "", func() bool { return true }, variables...)
}

// sessionUntil has a session with a call that ends once something has happened.
func (m machine) sessionUntil(t *testing.T, what string, happened func() bool, variables ...string) string {
	t.Helper()
	h := mcptest.Open(t, append(m.front, wrapped(t, cast.As(t, "server"))...), m.in(variables...))
	mcptest.Connect(h).Tool("echo", map[string]any{"text": "hello"})
	mcptest.Eventually(t, what, happened)
	endSession(t, h)
	return h.Stderr.String()
}

// decisions returns what has decided each setting, as "spanpipe consent" tells it, and its warnings.
func (m machine) decisions(t *testing.T, variables []string, flags ...string) (map[string]string, string) {
	t.Helper()
	out, stderr, _ := m.run(t, variables, append([]string{"consent", "--json"}, flags...)...)
	var d struct {
		Decisions []struct {
			What, Value, Source string
			By, Overruled       []string
		}
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr)
	}
	all := map[string]string{}
	for _, one := range d.Decisions {
		all[one.What] = strings.ReplaceAll(one.Value, m.root, "") + " | " + one.Source + " | " + strings.Join(one.By, " ") + " | " + strings.Join(one.Overruled, " ")
	}
	return all, stderr
}

// policyFile is where a machine has its policy.
const policyFile = "/etc/spanpipe/policy.yaml"

// TestFleetDecides: consent says of each setting what has decided it, and what a lock has overruled.
func TestFleetDecides(t *testing.T) {
	locks := newMachine(t, `version: 1
locks:
  otlp: {endpoint: "https://otlp.example:4317", headers_file: /etc/spanpipe/headers}
  hash_key_file: /etc/spanpipe/headers
  keep: 7d,50MB
  keep_content: 1h
  forbid_sinks: [prometheus]
  forbid_capture: [results]
`)
	defaults := newMachine(t, `version: 1
defaults:
  otlp: {endpoint: "https://otlp.example:4317"}
  hash_key_file: /etc/spanpipe/headers
  keep: 7d
  keep_content: 1h
locks: {keep: 10d}
`)
	none := newMachine(t, "")
	broken := newMachine(t, "version: 1\nlocks: {kept: 7d}\n")
	everything := []string{
		"SPANPIPE_TELEMETRY=local,otlp,prometheus", "SPANPIPE_CAPTURE=errors,results", "SPANPIPE_USER=hash",
		"SPANPIPE_KEEP=forever", "SPANPIPE_KEEP_CONTENT=30m", "SPANPIPE_HASH_KEY_FILE=/mine", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
		"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=http://mine:1", "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=a=b", "https_proxy=http://mine:2",
		"SPANPIPE_METRIC_RULES=/rules",
	}
	local := []string{"SPANPIPE_TELEMETRY=local,otlp", "SPANPIPE_USER=hash", "SPANPIPE_CAPTURE=errors"}
	for _, test := range []struct {
		name      string
		on        machine
		variables []string
		flags     []string
		want      map[string]string
		warning   string
	}{
		{"locks overrule", locks, everything, nil, map[string]string{
			"sinks":                "local, otlp | policy lock | " + policyFile + " locks.forbid_sinks | prometheus of SPANPIPE_TELEMETRY",
			"content":              "errors | policy lock | " + policyFile + " locks.forbid_capture | results of SPANPIPE_CAPTURE",
			"destination":          "https://otlp.example:4317 | policy lock | " + policyFile + " locks.otlp | OTEL_EXPORTER_OTLP_LOGS_ENDPOINT SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS https_proxy",
			"retention":            "7 days and 50 MB | policy lock | " + policyFile + " locks.keep | SPANPIPE_KEEP",
			"retention of content": "30m | variable | SPANPIPE_KEEP_CONTENT | ",
			"key of all hashes":    "/etc/spanpipe/headers | policy lock | " + policyFile + " locks.hash_key_file | SPANPIPE_HASH_KEY_FILE",
			"user hash":            "hash | variable | SPANPIPE_USER | ",
			"metrics page":         "none | policy lock | " + policyFile + " locks.forbid_sinks | SPANPIPE_ADMIN_ADDR",
			"metric rules":         "/rules | variable | SPANPIPE_METRIC_RULES | ",
		}, ""},
		{"defaults supply", defaults, local, []string{"--keep-content", "2h"}, map[string]string{
			"sinks":                "local, otlp | variable | SPANPIPE_TELEMETRY | ",
			"content":              "errors | variable | SPANPIPE_CAPTURE | ",
			"destination":          "https://otlp.example:4317 | policy default | " + policyFile + " defaults.otlp | ",
			"retention":            "7 days | policy default | " + policyFile + " defaults.keep | ",
			"retention of content": "2 hours | flag | --keep-content | ",
			"key of all hashes":    "/etc/spanpipe/headers | policy default | " + policyFile + " defaults.hash_key_file | ",
		}, ""},
		{"defaults give way", defaults, everything, nil, map[string]string{
			"sinks":             "local, otlp, prometheus | variable | SPANPIPE_TELEMETRY | ",
			"destination":       "http://localhost:4317, http://mine:1 | variable | OTEL_EXPORTER_OTLP_LOGS_ENDPOINT SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS | ",
			"retention":         "10 days | policy lock | " + policyFile + " locks.keep | SPANPIPE_KEEP",
			"key of all hashes": "/mine | variable | SPANPIPE_HASH_KEY_FILE | ",
		}, ""},
		{"no policy", none, local, nil, map[string]string{
			"destination":       "http://localhost:4317 | default |  | ",
			"retention":         "30 days and 200 MB | default |  | ",
			"key of all hashes": "/home/.local/state/spanpipe/key | default |  | ",
		}, ""},
		{"the strictest reading", broken, everything, nil, map[string]string{
			"sinks":        "local | policy unusable | " + policyFile + " | otlp, prometheus of SPANPIPE_TELEMETRY",
			"content":      "none | policy unusable | " + policyFile + " | errors, results of SPANPIPE_CAPTURE",
			"user hash":    "off | policy unusable | " + policyFile + " | SPANPIPE_USER",
			"metric rules": "none | policy unusable | " + policyFile + " | SPANPIPE_METRIC_RULES",
			"metrics page": "none | policy unusable | " + policyFile + " | SPANPIPE_ADMIN_ADDR",
		}, `2:9: locks has no "kept"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, stderr := test.on.decisions(t, test.variables, test.flags...)
			for what, want := range test.want {
				if got[what] != want {
					t.Errorf("%s:\n%s, want\n%s", what, got[what], want)
				}
			}
			if strings.Contains(stderr, "policy") != (test.warning != "") || !strings.Contains(stderr, test.warning) || strings.Count(stderr, "policy.yaml") > 1 {
				t.Errorf("stderr = %s", stderr)
			}
		})
	}
}

// TestFleetLockedDestination: whatever the user's variables say, a session and a push send to the locked destination, with its headers
// alone. The server sees the user's variables.
func TestFleetLockedDestination(t *testing.T) {
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			r, mine := otlptest.Start(t, otlptest.Config{}), newConnectionCounter(t)
			m := newMachine(t, `version: 1
locks: {otlp: {endpoint: "http://`+r.Addr(p)+`", protocol: `+string(p)+`, headers_file: /etc/spanpipe/headers}}
`)
			variables := []string{"SPANPIPE_TELEMETRY=local,otlp", "HTTP_PROXY=" + mine.url(), "https_proxy=" + mine.url()}
			for _, prefix := range []string{"", "SPANPIPE_"} {
				for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
					variables = append(variables, prefix+"OTEL_EXPORTER_OTLP_"+signal+"ENDPOINT="+mine.url(),
						prefix+"OTEL_EXPORTER_OTLP_"+signal+"PROTOCOL=grpc", prefix+"OTEL_EXPORTER_OTLP_"+signal+"HEADERS=x-mine=secret",
						prefix+"OTEL_EXPORTER_OTLP_"+signal+"HEADERS_FILE=/missing", prefix+"OTEL_EXPORTER_OTLP_"+signal+"CERTIFICATE=/missing",
						prefix+"OTEL_EXPORTER_OTLP_"+signal+"INSECURE=false")
				}
			}
			if stderr := m.session(t, variables...); stderr != "" {
				t.Errorf("stderr: %s", stderr)
			}
			if _, stderr, code := m.run(t, variables, "push", "--metrics", "--again"); code != 0 {
				t.Errorf("push exits with %d: %s", code, stderr)
			}
			seen := map[otlptest.Signal]int{}
			for _, one := range r.Requests() {
				seen[one.Signal]++
				if one.Get("authorization") != "Bearer of-the-fleet" || one.Get("x-mine") != "" {
					t.Errorf("%s have the headers %v", one.Signal, one.Header)
				}
			}
			if len(seen) != 3 || seen[otlptest.Traces] < 2 {
				t.Errorf("received %v", seen)
			}
			if n := mine.connections(t); n > 0 {
				t.Errorf("%d connections to the user's address", n)
			}
		})
	}
}

// TestFleetServerEnvironment: what the policy supplies is for spanpipe alone.
func TestFleetServerEnvironment(t *testing.T) {
	m := newMachine(t, "version: 1\nlocks: {otlp: {endpoint: 'http://127.0.0.1:1', headers_file: /etc/spanpipe/headers, proxy: 'http://127.0.0.1:2'}}\n")
	out, stderr, code := m.run(t, []string{"SPANPIPE_TELEMETRY=otlp", shortFlush, "OTEL_EXPORTER_OTLP_ENDPOINT=http://mine:1", "HTTPS_PROXY=http://mine:2"}, "--", "env")
	if code != 0 || !strings.Contains(out, "OTEL_EXPORTER_OTLP_ENDPOINT=http://mine:1\n") || !strings.Contains(out, "HTTPS_PROXY=http://mine:2\n") ||
		strings.Contains(out, "127.0.0.1") || strings.Contains(out, "HEADERS") || strings.Contains(out, "SPANPIPE") {
		t.Errorf("exits with %d: %s%s", code, out, stderr)
	}
	if !strings.Contains(stderr, "set otlp.endpoint in "+policyFile+" to its address") {
		t.Errorf("stderr does not name the policy: %s", stderr)
	}
}

// TestFleetProxy: a proxy of the environment does not divert what a lock sends; the policy's own one is used, also that of a default.
func TestFleetProxy(t *testing.T) {
	const at = "http://collector.invalid:4317"
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		telemetry := []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_BSP_SCHEDULE_DELAY=100", shortFlush}
		for _, key := range []string{"locks", "defaults"} {
			t.Run(string(p)+" by "+key, func(t *testing.T) {
				t.Parallel()
				proxy := newConnectionCounter(t)
				m := newMachine(t, "version: 1\n"+key+": {otlp: {endpoint: '"+at+"', protocol: "+string(p)+", proxy: '"+proxy.url()+"'}}\n")
				m.sessionUntil(t, "the policy's proxy is used", proxy.used(t), telemetry...)
			})
		}
		t.Run(string(p)+" by the environment", func(t *testing.T) {
			t.Parallel()
			proxy := newConnectionCounter(t)
			variables := slices.Concat(telemetry, []string{
				"HTTP_PROXY=" + proxy.url(), "HTTPS_PROXY=" + proxy.url(), "http_proxy=" + proxy.url(), "https_proxy=" + proxy.url(),
			})
			newMachine(t, "version: 1\nlocks: {otlp: {endpoint: '"+at+"', protocol: "+string(p)+"}}\n").session(t, variables...)
			if n := proxy.connections(t); n > 0 {
				t.Errorf("%d connections to the proxy", n)
			}
			variables = append(variables, "OTEL_EXPORTER_OTLP_ENDPOINT="+at, "OTEL_EXPORTER_OTLP_PROTOCOL="+string(p))
			newMachine(t, "").sessionUntil(t, "the proxy of the environment is used without a policy", proxy.used(t), variables...)
		})
	}
}

// TestFleetUnusable: a policy that others can write, or that is wrong, leaves only what stays on this machine, with one warning. A
// session goes on.
func TestFleetUnusable(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, m machine){
		"wrong":                      func(t *testing.T, m machine) { m.write(t, "policy.yaml", "locks: {}") },
		"others can write the file":  func(t *testing.T, m machine) { chmodIn(t, m, "policy.yaml", 0o666) },
		"others can write directory": func(t *testing.T, m machine) { chmodIn(t, m, "", 0o777) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newConnectionCounter(t)
			m := newMachine(t, "version: 1\n")
			change(t, m)
			variables := []string{
				"SPANPIPE_TELEMETRY=console,local,otlp,prometheus", "SPANPIPE_CAPTURE=arguments", "SPANPIPE_USER=hash",
				"SPANPIPE_ADMIN_ADDR=" + c.listener.Addr().String(), "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url(), "SPANPIPE_METRIC_RULES=/missing",
			}
			stderr := m.session(t, variables...)
			if strings.Count(stderr, "cannot be used") != 1 || strings.Count(stderr, "warning") != 1 || !strings.Contains(stderr, "tools/call") {
				t.Errorf("stderr: %s", stderr)
			}
			if n := c.connections(t); n > 0 {
				t.Errorf("%d connections", n)
			}
			out, stderr, code := m.run(t, nil, "show", "last", "--json")
			if code != 0 || !strings.Contains(out, "tools/call") || strings.Contains(out, "hello") || strings.Contains(out, "enduser") {
				t.Errorf("exits with %d: %s%s", code, out, stderr)
			}
			if out, stderr, code := m.run(t, variables, "push"); code != 2 || !strings.Contains(stderr, "nothing is sent: "+policyFile+" cannot be used: otlp is not allowed") {
				t.Errorf("push exits with %d: %s%s", code, out, stderr)
			}
		})
	}
}

func chmodIn(t *testing.T, m machine, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(m.root, "etc", name), mode); err != nil {
		t.Fatal(err)
	}
}

// TestFleetVetoes: no policy turns telemetry on, and none outvotes a user. Where it is off, a policy is not even read.
func TestFleetVetoes(t *testing.T) {
	c := newConnectionCounter(t)
	supplies := "endpoint: '" + c.url() + "'"
	m := newMachine(t, "version: 1\ndefaults: {otlp: {"+supplies+"}}\nlocks: {otlp: {"+supplies+"}}\n")
	broken := newMachine(t, "version: 2\n")
	for _, variables := range [][]string{
		nil, {"SPANPIPE_TELEMETRY=off"}, {"SPANPIPE_TELEMETRY=otlp,off"}, {"SPANPIPE_TELEMETRY=otlp", "DO_NOT_TRACK=1"},
		{"SPANPIPE_TELEMETRY=otlp,local", "OTEL_SDK_DISABLED=true"},
	} {
		for _, on := range []machine{m, broken} {
			if stderr := on.session(t, variables...); stderr != "" {
				t.Errorf("%v: stderr: %s", variables, stderr)
			}
			if left := on.left(t); slices.ContainsFunc(left, func(path string) bool { return strings.HasPrefix(path, "/home/") }) {
				t.Errorf("%v: left behind: %q", variables, left)
			}
		}
	}
	if stderr := m.session(t, "SPANPIPE_TELEMETRY=otlp", "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none"); stderr != "" {
		t.Errorf("stderr: %s", stderr)
	}
	if n := c.connections(t); n > 0 {
		t.Errorf("%d connections", n)
	}
}

// TestFleetStored: the most that is kept, and content that may not be pushed, although it was captured before there was a policy.
func TestFleetStored(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	m := newMachine(t, "")
	m.session(t, "SPANPIPE_TELEMETRY=local", "SPANPIPE_CAPTURE=arguments")
	if out, _, _ := m.run(t, []string{"SPANPIPE_KEEP=forever"}, "prune", "--dry-run"); !strings.Contains(out, "Nothing to remove") {
		t.Errorf("without a policy: %s", out)
	}
	m.write(t, "policy.yaml", "version: 1\nlocks: {keep: 1ms, keep_content: 1ms, forbid_capture: [results]}\n")
	push := append(r.Env(otlptest.HTTP), "SPANPIPE_TELEMETRY=local")
	if _, stderr, code := m.run(t, push, "push", "--content"); code != 2 || !strings.Contains(stderr, "--content: "+policyFile+" forbids to capture results") || len(r.Requests()) > 0 {
		t.Errorf("push --content exits with %d: %s", code, stderr)
	}
	mcptest.Eventually(t, "the session is removed", func() bool {
		out, _, _ := m.run(t, []string{"SPANPIPE_KEEP=forever"}, "prune", "--dry-run")
		return strings.Contains(out, "details")
	})
}

// TestFleetInstall: install writes nothing that the policy forbids, and says what it leaves out where it writes: not at each login.
func TestFleetInstall(t *testing.T) {
	m := newMachine(t, "version: 1\nlocks: {forbid_sinks: [local], forbid_capture: [results]}\n")
	path := filepath.Join(m.root, "home", ".cursor", "mcp.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	const before = `{"mcpServers": {"a": {"command": "x"}}}`
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	install := []string{"install", "--yes", "--program", "spanpipe"}
	for _, refused := range []struct{ args, want string }{
		{"", policyFile + " forbids local\n"},
		{"--telemetry local", policyFile + " forbids local\n"},
		{"--telemetry otlp --set SPANPIPE_CAPTURE=errors,results", "SPANPIPE_CAPTURE: " + policyFile + " forbids to capture results\n"},
	} {
		if _, stderr, code := m.run(t, nil, append(install, strings.Fields(refused.args)...)...); code != 2 || !strings.Contains(stderr, refused.want) {
			t.Errorf("%s: exit code %d, stderr %s", refused.args, code, stderr)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != before {
		t.Errorf("it is %s (%v)", text, err)
	}
	both := append(install, "--telemetry", "local,otlp")
	stdout, stderr, code := m.run(t, nil, both...)
	if want := "Without local: " + policyFile + " forbids it."; code != 0 || stderr != "" || !strings.Contains(strings.ReplaceAll(stdout, "\n", " "), want) {
		t.Errorf("exit code %d, stdout:\n%s\nstderr:\n%s", code, stdout, stderr)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `"SPANPIPE_TELEMETRY": "otlp"`) {
		t.Errorf("it is %s (%v)", text, err)
	}
	if stdout, stderr, code := m.run(t, nil, both...); code != 0 || stdout != "Nothing to do: the local server is wrapped.\n" || stderr != "" {
		t.Errorf("again: exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
}

// TestFleetForbidsRecordings: a policy that forbids content, of whatever kind a recording holds, forbids recordings, also while telemetry
// is off, and so does one that cannot be used. Nothing is left of the attempt.
func TestFleetForbidsRecordings(t *testing.T) {
	for policy, want := range map[string]string{
		"version: 1\nlocks: {forbid_capture: [results]}\n":     "a recording holds results; /etc/spanpipe/policy.yaml forbids it\n",
		"version: 1\nlocks: {forbid_capture: [definitions]}\n": "a recording holds definitions; /etc/spanpipe/policy.yaml forbids it\n",
		"version: 1\nlocks: {forbid: all}\n":                   "a recording holds errors; not while /etc/spanpipe/policy.yaml cannot be used\n",
	} {
		m := newMachine(t, policy)
		for _, args := range [][]string{{"-o", recordingFile}, {"--redact", "-o", recordingFile}, {"--force", "-o", recordingFile}} {
			stdout, stderr, code := m.run(t, nil, append(append([]string{"record"}, args...), "--", "echo", "started")...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, want) {
				t.Errorf("%s: exit code %d, stdout %q, stderr %s, want %s", policy, code, stdout, stderr, want)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(m.root, "cwd", "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	m := newMachine(t, "version: 1\nlocks: {forbid_capture: [stderr]}\n") // which is not recorded
	if stdout, stderr, code := m.run(t, []string{"DO_NOT_TRACK=1"}, "record", "-o", recordingFile, "--", "echo", "started"); code != 0 || stdout != "started\n" {
		t.Errorf("exit code %d, stdout %q, stderr %s", code, stdout, stderr)
	}
}
