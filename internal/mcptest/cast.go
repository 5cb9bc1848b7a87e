package mcptest

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// Role is what the test binary does instead of running tests. It returns the process's exit code.
type Role func(args []string) int

// Cast is the roles of a test binary: run as "x.test @role args", it plays the role.
type Cast struct {
	Roles map[string]Role

	mu   sync.Mutex // guards used
	used map[string]bool
}

// Run plays a role if the process was started for one, and runs the tests otherwise. It returns the exit code. A complete
// run fails if a test leaves a goroutine behind, or if no test used some role: a test has been lost then.
func (c *Cast) Run(m *testing.M) int {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "@") {
		role, ok := c.Roles[os.Args[1][1:]]
		if !ok {
			fmt.Fprintln(os.Stderr, "no such role:", os.Args[1])
			return 99
		}
		return role(os.Args[2:])
	}
	for _, sig := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
		if signal.Ignored(sig) { // as under nohup and in the background of a script: the processes under test would inherit it
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	code := m.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "tests left goroutines behind:", err)
		return 1
	}
	if !completeRun() {
		return code
	}
	for name := range c.Roles {
		if !c.used[name] {
			fmt.Fprintln(os.Stderr, "no test uses the role", name)
			code = 1
		}
	}
	return code
}

// completeRun reports whether no flag excluded any test.
func completeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

// As returns the command line that plays a role.
func (c *Cast) As(t testing.TB, role string, args ...string) []string {
	t.Helper()
	if _, ok := c.Roles[role]; !ok {
		t.Fatal("no such role: ", role)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil {
		c.used = map[string]bool{}
	}
	c.used[role] = true
	return append([]string{self, "@" + role}, args...)
}
