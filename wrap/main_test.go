package wrap_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"runtime/coverage"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary plays every role: run as "wrap.test @role args" it is a wrapper, a server or a host, so that the
// tests need no other program, and the processes under test are as real as in use.

// role plays a part with its arguments, and returns the exit code.
type role func(args []string) int

// roles are what the binary can play. One that no test asks for fails the run.
var (
	roles     = map[string]role{}
	rolesMu   sync.Mutex
	rolesUsed = map[string]bool{}
)

// addRoles is called where the roles are declared, so that each system has its own.
func addRoles(more map[string]role) bool {
	maps.Copy(roles, more)
	return true
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "@") {
		role, ok := roles[os.Args[1][1:]]
		if !ok {
			fmt.Fprintln(os.Stderr, "no such role:", os.Args[1])
			os.Exit(99)
		}
		os.Exit(role(os.Args[2:]))
	}
	if signal.Ignored(syscall.SIGHUP) { // as under nohup: the processes under test would inherit it
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	undo := discardCoverage()
	code := m.Run()
	undo()
	if code == 0 && everythingRan() {
		code = reportUnused()
	}
	os.Exit(code)
}

// coverDir is where processes under test leave what they have covered, when the test was built for that; by itself go
// test knows of its own process only. To see all of it:
//
//	GOCOVERDIR=$(mktemp -d) go test -cover -coverpkg=./wrap ./wrap
//	go tool covdata percent -i $GOCOVERDIR
const coverDir = "GOCOVERDIR"

// forCoverage is what the environment of a process under test needs.
func forCoverage() []string {
	if dir := os.Getenv(coverDir); dir != "" {
		return []string{coverDir + "=" + dir}
	}
	return nil
}

// saveCoverage is for a process that does not end by itself.
func saveCoverage() {
	if dir := os.Getenv(coverDir); dir != "" {
		_ = coverage.WriteMetaDir(dir)
		_ = coverage.WriteCountersDir(dir)
	}
}

// discardCoverage keeps the runtime from complaining on stderr when the coverage of processes is not wanted.
func discardCoverage() (undo func()) {
	if testing.CoverMode() == "" || os.Getenv(coverDir) != "" {
		return func() {}
	}
	dir, err := os.MkdirTemp("", "wrap-cover")
	if err != nil {
		panic(err)
	}
	os.Setenv(coverDir, dir)
	return func() { os.RemoveAll(dir) }
}

func everythingRan() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !testing.Short() && !raced()
}

// raced reports whether the race detector is on, which needs memory of its own.
func raced() bool {
	build, _ := debug.ReadBuildInfo()
	return slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func reportUnused() int {
	code := 0
	for name := range roles {
		if !rolesUsed[name] {
			fmt.Fprintln(os.Stderr, "no test uses the role", name)
			code = 1
		}
	}
	return code
}

// as is the command line for a role.
func as(role string, args ...string) []string {
	if _, ok := roles[role]; !ok {
		panic("no such role: " + role)
	}
	rolesMu.Lock()
	rolesUsed[role] = true
	rolesMu.Unlock()
	return append([]string{self(), "@" + role}, args...)
}

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

// prefix puts something before a server's command: nothing, a wrapper.
type prefix = func(command []string, options ...string) []string

// wrapped puts a wrapper process before a command. Options come before it, such as "keep".
func wrapped(command []string, options ...string) []string {
	return slices.Concat(as("wrapper", options...), []string{"--"}, command)
}

func command(line []string) *exec.Cmd {
	cmd := exec.Command(line[0], line[1:]...)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// eventually waits for what another process is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen: %s", what)
		}
	}
}
