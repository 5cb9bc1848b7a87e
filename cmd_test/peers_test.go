package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Peers are third-party MCP servers, clients and checkers, and the backends that users run. They are too big for "go
// test" to fetch. .ci/fetch installs them, and these variables have their paths.
const (
	peerPackages   = "SPANPIPE_TEST_PEERS"  // a directory with the node_modules of testdata/peers/package-lock.json
	peerNode       = "SPANPIPE_TEST_NODE"   // Node 22 or later
	peerJaeger     = "SPANPIPE_TEST_JAEGER" // Jaeger 2
	peerConformant = "SPANPIPE_TEST_CONFORMANCE"
)

// peerPath returns the path in a variable. If the variable is unset, it skips the test, or fails it in CI.
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

// peerMissing ends a test whose tool is missing: it skips the test, or fails it in CI.
func peerMissing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("missing in CI: " + why)
	}
	t.Skip(why)
}

// peers are the packages from the npm registry and our scripts that use them.
type peers struct {
	node     string
	packages string // node_modules
	scripts  string // a temporary directory with the scripts and node_modules
}

func newPeers(t *testing.T) peers {
	t.Helper()
	p := peers{
		node:     peerPath(t, peerNode),
		packages: filepath.Join(peerPath(t, peerPackages), "node_modules"),
		scripts:  t.TempDir(),
	}
	// Node looks for ECMAScript modules next to the script that imports them, and not in NODE_PATH.
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

// server returns the command of a reference server.
func (p peers) server(name string, args ...string) []string {
	script := filepath.Join(p.packages, "@modelcontextprotocol", name, "dist/index.js")
	return append([]string{p.node, script}, args...)
}

// conversation is a client that starts a server and talks to it.
type conversation struct {
	client  []string           // its command
	server  []string           // the server's command
	env     map[string]string  // the server's variables in the client's configuration
	prepare func(t *testing.T) // restores the files that a conversation changes; may be nil
	// arguments makes the client's last arguments from the server's variables and command. It is nil for our scripts,
	// which take the command as it is and the variables from PEER_ENV.
	arguments func(env map[string]string, server []string) []string
}

// wrapping is a command prefix for the server, with its variables.
type wrapping struct {
	command []string
	env     map[string]string
}

// bare is the empty wrapping.
var bare wrapping

// withSpanpipe returns the product as a wrapping, with some variables set.
func withSpanpipe(t *testing.T, env map[string]string) wrapping {
	t.Helper()
	return wrapping{command: []string{binary(t), "--"}, env: env}
}

// outcome is the result of a conversation: the client's output and the recorded sessions.
type outcome struct {
	stdout   string    // the client's
	exit     string    // the client's
	sessions []session // one for each process that the client started, in order
}

// run runs the conversation once. When it returns, every process that the client started has ended.
func (c conversation) run(t *testing.T, p peers, w wrapping) outcome {
	t.Helper()
	if c.prepare != nil {
		c.prepare(t)
	}
	records := t.TempDir()
	env := map[string]string{}
	maps.Copy(env, c.env)
	maps.Copy(env, w.env)
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
	// A client that keeps files in its home must not find the user's.
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
	return outcome{stdout: stdout.String(), exit: cmd.ProcessState.String(), sessions: readSessions(t, records)}
}

// cleanEnviron returns the environment without the variables of the product and of OpenTelemetry SDKs, and without
// HOME.
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

// session is what record.mjs recorded of one process: the lines in each direction, its stderr, and its exit status.
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

// diff describes the first difference between two outcomes, after normalising both, or returns "".
func (o outcome) diff(other outcome, normalise func(string) string) string {
	if o.exit != other.exit {
		return fmt.Sprintf("the client's end: %s and %s", o.exit, other.exit)
	}
	if a, b := normalise(o.stdout), normalise(other.stdout); a != b {
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
