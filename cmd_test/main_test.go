// Package cmd_test tests the built binary from outside, as hosts and people use it.
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

// cast is what this test binary can be besides a test: the servers behind the product.
var cast = mcptest.Cast{Roles: map[string]mcptest.Role{
	"server":  func([]string) int { return mcptest.Serve() },
	"cat":     playCat,
	"mill":    playMill,
	"exit":    playExit,
	"signal":  playSignal,
	"canary":  playCanary,
	"process": playProcess,
	"sdk":     playSDK,
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

// binary returns the path of the product: SPANPIPE_TEST_BINARY, or a build made once for all tests. It is built with the
// race detector if the tests are, and to count coverage if GOCOVERDIR says where.
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
			built.err = fmt.Errorf("building the product: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// exe is how the names of programs end.
var exe = map[bool]string{true: ".exe"}[runtime.GOOS == "windows"]

// wrapped puts the product before a server's command.
func wrapped(t testing.TB, server []string, flags ...string) []string {
	t.Helper()
	return slices.Concat([]string{binary(t)}, flags, []string{"--"}, server)
}

// home is a place of its own for a process: everything it might leave behind would be in one of these directories.
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

// longFlush is a bound of the final flush that outlasts a machine that stands still for a while. With the product's own, of a
// second, it might take away what a test expects to arrive.
const longFlush = "SPANPIPE_FLUSH_TIMEOUT=20s"

// shortFlush is one for sessions whose telemetry nobody takes: they would wait all of the long one's time.
const shortFlush = "SPANPIPE_FLUSH_TIMEOUT=1s"

// in makes a command run in the place, with an environment as poor as a host's and the variables given. Of those that are
// given twice the last one counts: a test that has a bound of its own for the flush keeps it.
func (h home) in(variables ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.Dir = filepath.Join(h.root, "cwd")
		cmd.Env = append(poor(), "HOME="+filepath.Join(h.root, "home"), "TMPDIR="+filepath.Join(h.root, "tmp"), longFlush)
		cmd.Env = append(cmd.Env, variables...)
	}
}

// poor is what every process of a test gets: a PATH, what Windows cannot do without, and the way to count coverage.
func poor() []string {
	var env []string
	for _, name := range []string{"PATH", "SYSTEMROOT", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	if raceEnabled {
		env = append(env, "GORACE=atexit_sleep_ms=0") // each process would wait a second otherwise
	}
	return env
}

// left is every file that is in the place.
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

// open starts a server behind the product, in a place of its own.
func open(t testing.TB, server []string, variables ...string) *mcptest.Host {
	t.Helper()
	return mcptest.Open(t, wrapped(t, server), newHome(t).in(variables...))
}

// modes are the two ways in which the product runs a server: replaced by it, and as a relay with all there is to relay.
// Tests of what must not be disturbed hold in both.
var modes = []struct {
	name      string
	variables []string
}{
	{"off", nil},
	{"console", []string{"SPANPIPE_TELEMETRY=console"}},
}
