// Package cmd_test runs the built binary the way MCP clients and people run it.
package cmd_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// cast lists the programs that this test binary can become. Most are servers behind the product.
var cast = mcptest.Cast{Roles: map[string]mcptest.Role{
	"server":  func([]string) int { return mcptest.Serve() },
	"offers":  func(args []string) int { return mcptest.ServeOffers(args[0]) },
	"cat":     playCat,
	"mill":    playMill,
	"exit":    playExit,
	"signal":  playSignal,
	"canary":  playCanary,
	"process": playProcess,
	"sdk":     playSDK,
	"unruly":  playUnruly,
	"hostile": playHostile,
}}

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	maps.Copy(cast.Roles, systemRoles)
	code := cast.Run(m)
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

var built struct {
	once      sync.Once
	dir, path string
	err       error
}

// binary returns the path of the product: SPANPIPE_TEST_BINARY, or else a build that all tests share. The build has the
// race detector if the tests have it, and counts coverage if GOCOVERDIR is set.
func binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("SPANPIPE_TEST_BINARY"); path != "" {
		return path
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "spanpipe-test"); built.err != nil {
			return
		}
		built.path = filepath.Join(built.dir, "spanpipe"+exe)
		args := []string{"build", "-o", built.path}
		if raceEnabled {
			args = append(args, "-race")
		}
		if os.Getenv("GOCOVERDIR") != "" {
			args = append(args, "-cover", "-coverpkg=github.com/spanpipe/spanpipe/...")
		}
		if out, err := exec.Command("go", append(args, "..")...).CombinedOutput(); err != nil {
			built.err = fmt.Errorf("building spanpipe: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// exe is the file name extension of programs.
var exe = map[bool]string{true: ".exe"}[runtime.GOOS == "windows"]

// wrapped returns the command line that wraps a server.
func wrapped(t testing.TB, server []string, flags ...string) []string {
	t.Helper()
	return slices.Concat([]string{binary(t)}, flags, []string{"--"}, server)
}

// home is a directory tree for one process: its home, temporary and working directories. A file that the process leaves
// behind is in one of them.
type home struct{ root string }

func newHome(t testing.TB) home {
	t.Helper()
	h := home{t.TempDir()}
	for _, name := range []string{"home", "tmp", "cwd"} {
		if err := os.Mkdir(filepath.Join(h.root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// longFlush bounds the final flush so generously that a machine that stalls for a while loses nothing. The default of
// one second might drop what a test waits for.
const longFlush = "SPANPIPE_FLUSH_TIMEOUT=20s"

// shortFlush is for sessions whose collector accepts nothing: they would wait for all of longFlush.
const shortFlush = "SPANPIPE_FLUSH_TIMEOUT=1s"

// in returns a function that makes a command run in h, with an environment as small as that of an MCP client, plus the
// given variables. The last value of a variable counts, so a test can set its own flush bound.
func (h home) in(variables ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.Dir = filepath.Join(h.root, "cwd")
		home, tmp := filepath.Join(h.root, "home"), filepath.Join(h.root, "tmp")
		cmd.Env = append(minimalEnviron(), "HOME="+home, "TMPDIR="+tmp, longFlush)
		cmd.Env = append(cmd.Env, variables...)
	}
}

// minimalEnviron returns the variables that every process of a test gets: PATH, what Windows programs require, and
// where to write coverage.
func minimalEnviron() []string {
	var env []string
	for _, name := range []string{"PATH", "SYSTEMROOT", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	if raceEnabled {
		env = append(env, "GORACE=atexit_sleep_ms=0") // otherwise each process waits a second at its end
	}
	return env
}

// left returns the paths of all files in h.
func (h home) left(t testing.TB) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(h.root, func(path string, _ os.DirEntry, err error) error {
		if name := strings.TrimPrefix(path, h.root); strings.Count(name, string(filepath.Separator)) > 1 {
			left = append(left, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// open starts a wrapped server in a home of its own.
func open(t testing.TB, server []string, variables ...string) *mcptest.Host {
	t.Helper()
	return mcptest.Open(t, wrapped(t, server), newHome(t).in(variables...))
}

// modes are the two ways in which the product runs a server: it replaces itself with the server, or it relays all
// streams. Tests of what must not be disturbed run in both.
var modes = []mode{
	{"off", nil, nil},
	{"console", []string{"SPANPIPE_TELEMETRY=console"}, nil},
}

// recordingModes are those in which it also records the conversation. They demand the same.
var recordingModes = []mode{
	{"record", nil, []string{"record", "-o", recordingFile}},
	{"record, console", []string{"SPANPIPE_TELEMETRY=console"}, []string{"record", "--redact", "-o", recordingFile}},
}

// recordingFile is where the modes record, in the working directory.
const recordingFile = "session.jsonl"

type mode struct {
	name      string
	variables []string
	command   []string
}

// allModes returns the modes and those that record.
func allModes() []mode { return slices.Concat(modes, recordingModes) }

// open starts a wrapped server in a home of its own.
func (m mode) open(t testing.TB, server []string) *mcptest.Host {
	t.Helper()
	return mcptest.Open(t, wrapped(t, server, m.command...), newHome(t).in(m.variables...))
}

// wantExit waits for the end of a process and checks its exit code.
func wantExit(t *testing.T, h *mcptest.Host, want int) {
	t.Helper()
	if got := h.Wait().ExitCode(); got != want {
		t.Errorf("exit code = %d, want %d; stderr: %.400s", got, want, h.Stderr)
	}
}

// endSession ends the client's input and expects the server to exit with 0.
func endSession(t *testing.T, h *mcptest.Host) {
	t.Helper()
	h.CloseInput()
	wantExit(t, h, 0)
}
