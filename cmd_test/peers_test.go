package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Peers are MCP servers, clients and checkers that others wrote, and the backends a user would run. They are too big to
// be fetched by "go test"; .ci/fetch puts them in a directory and these variables say where.
const (
	peerPackages   = "SPANPIPE_TEST_PEERS"  // a directory with node_modules, of testdata/peers/package-lock.json
	peerNode       = "SPANPIPE_TEST_NODE"   // Node 22 or later
	peerJaeger     = "SPANPIPE_TEST_JAEGER" // Jaeger 2
	peerConformant = "SPANPIPE_TEST_CONFORMANCE"
)

// peerPath returns what a variable names. Where it is unset the test is skipped, except in CI, where it fails.
func peerPath(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		peerMissing(t, variable+` is unset: eval "$(.ci/fetch --env all)" builds the peers and sets it`)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return path
}

// peerMissing ends a test that cannot run here.
func peerMissing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("in CI nothing may be missing: " + why)
	}
	t.Skip(why)
}

// peers are the packages of the npm registry with our scripts beside them.
type peers struct {
	node     string
	packages string // node_modules
	scripts  string // a directory of its own, with the scripts and node_modules in it
}

func newPeers(t *testing.T) peers {
	t.Helper()
	p := peers{
		node:     peerPath(t, peerNode),
		packages: filepath.Join(peerPath(t, peerPackages), "node_modules"),
		scripts:  t.TempDir(),
	}
	// ECMAScript modules are looked for beside the script that imports them, and nowhere else.
	if err := os.Symlink(p.packages, filepath.Join(p.scripts, "node_modules")); err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("testdata/peers/*.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in testdata/peers: %v", err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.script(filepath.Base(script)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p peers) script(name string) string { return filepath.Join(p.scripts, name) }

// server is the command of one of the reference servers.
func (p peers) server(name string, args ...string) []string {
	return append([]string{p.node, filepath.Join(p.packages, "@modelcontextprotocol", name, "dist", "index.js")}, args...)
}

// conversation is a client that starts a server and talks to it.
type conversation struct {
	client  []string           // its command
	server  []string           // the server's command
	env     map[string]string  // the client's configuration for the server
	prepare func(t *testing.T) // restores what a conversation changes; may be nil
	// arguments makes the client's last arguments of the server's variables and command; nil is for our scripts, which
	// take the command as it is and the variables from PEER_ENV.
	arguments func(env map[string]string, server []string) []string
}

// wrapping is what stands before the server's command, with the variables it is told.
type wrapping struct {
	command []string
	env     map[string]string
}

// bare is no wrapping.
var bare wrapping

// spanpiped is the product with some variables set.
func spanpiped(t *testing.T, env map[string]string) wrapping {
	t.Helper()
	return wrapping{command: []string{binary(t), "--"}, env: env}
}

// outcome is what a client made of a conversation, and what was recorded of it.
type outcome struct {
	said     string // the client's standard output
	exit     string
	sessions []session // one for each process that the client started, in the order of their starts
}

// hold has the conversation once. Everything that the client started has ended, or was killed, when it returns.
func (c conversation) hold(t *testing.T, p peers, w wrapping) outcome {
	t.Helper()
	if c.prepare != nil {
		c.prepare(t)
	}
	records := t.TempDir()
	env := map[string]string{}
	for _, variables := range []map[string]string{c.env, w.env} {
		for key, value := range variables {
			env[key] = value
		}
	}
	server := slices.Concat([]string{p.node, p.script("record.mjs"), records}, w.command, c.server)
	if c.arguments != nil {
		server = c.arguments(env, server)
	}
	args := slices.Concat(c.client[1:], server)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.client[0], args...)
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = p.scripts
	encoded, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	// A client that keeps files at home is not to find the user's.
	cmd.Env = append(cleanEnviron(), "PEER_ENV="+string(encoded), "HOME="+p.scripts)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %v: %v", cmd.Args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%v did not end; its stderr:\n%s", cmd.Args, stderr.String())
	}
	if t.Failed() || cmd.ProcessState.ExitCode() != 0 {
		t.Logf("the client's stderr:\n%s", stderr.String())
	}
	return outcome{said: stdout.String(), exit: cmd.ProcessState.String(), sessions: readSessions(t, records)}
}

// cleanEnviron is the environment less what would steer the product or an OpenTelemetry SDK.
func cleanEnviron() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SPANPIPE_") && !strings.HasPrefix(pair, "OTEL_") &&
			!strings.HasPrefix(pair, "DO_NOT_TRACK=") && !strings.HasPrefix(pair, "HOME=") {
			env = append(env, pair)
		}
	}
	return env
}

// session is what record.mjs saw of one process: the lines in each direction, its stderr, and how it ended.
type session struct {
	in, out []string
	err     string
	exit    string
}

func readSessions(t *testing.T, dir string) []session {
	t.Helper()
	var sessions []session
	for n := 0; ; n++ {
		sub := filepath.Join(dir, strconv.Itoa(n))
		if _, err := os.Stat(sub); err != nil {
			break
		}
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(sub, name))
			if err != nil {
				t.Fatalf("the record of process %d: %v", n, err)
			}
			return string(text)
		}
		sessions = append(sessions, session{
			in: strings.SplitAfter(read("in"), "\n"), out: strings.SplitAfter(read("out"), "\n"),
			err: read("err"), exit: read("exit.json"),
		})
	}
	if len(sessions) == 0 {
		t.Fatal("the client started no server")
	}
	return sessions
}

// diff reports the first difference of two outcomes, after normalising both, or "".
func (o outcome) diff(other outcome, normalise func(string) string) string {
	if o.exit != other.exit {
		return fmt.Sprintf("the client ended with %s and with %s", o.exit, other.exit)
	}
	if a, b := normalise(o.said), normalise(other.said); a != b {
		return "the client's output: " + firstDifference(strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n"))
	}
	if len(o.sessions) != len(other.sessions) {
		return fmt.Sprintf("the client started %d and %d processes", len(o.sessions), len(other.sessions))
	}
	for i, s := range o.sessions {
		if d := s.diff(other.sessions[i], normalise); d != "" {
			return fmt.Sprintf("process %d: %s", i, d)
		}
	}
	return ""
}

func (s session) diff(other session, normalise func(string) string) string {
	for _, direction := range []struct {
		name string
		a, b []string
	}{
		{"to the server", s.in, other.in},
		{"to the client", s.out, other.out},
		{"on stderr", strings.SplitAfter(s.err, "\n"), strings.SplitAfter(other.err, "\n")},
		{"exit status", []string{s.exit}, []string{other.exit}},
	} {
		if d := firstDifference(each(direction.a, normalise), each(direction.b, normalise)); d != "" {
			return direction.name + ": " + d
		}
	}
	return ""
}

func each(lines []string, change func(string) string) []string {
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		out = append(out, change(line))
	}
	return out
}

func firstDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		var left, right string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		if left != right {
			return fmt.Sprintf("line %d of %d and %d:\n  %.2000q\n  %.2000q", i+1, len(a), len(b), left, right)
		}
	}
	return ""
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
