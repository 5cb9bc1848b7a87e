package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// hangOpen makes the system call hang with which another process opens a file: it waits until the lease that this process takes is
// given back, as for a disk that does not answer (fcntl(2), F_SETLEASE).
func hangOpen(t *testing.T, path string) (reached func() bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // and with it the lease
	return func() bool {
		lease, err := unix.FcntlInt(f.Fd(), unix.F_GETLEASE, 0)
		return err == nil && lease != unix.F_WRLCK
	}
}

// TestHungStart: with a disk that does not answer, a session starts all the same, without what it would have read there, and says
// so: the key, the file of metric rules, what is known of definitions.
func TestHungStart(t *testing.T) {
	const rules = "rules:\n  - {name: calls.hung, type: counter, match: {tool: \"*\"}}\n"
	for _, test := range []struct {
		name string
		hung []string // files below the home
		want []string
	}{
		{"everything", []string{stateDir + "/key", "home/rules.yaml"}, []string{
			"no metric rules: SPANPIPE_METRIC_RULES names ~/rules.yaml: it could not be read within 500ms", "no hashes are made", "no answer within 250ms",
		}},
		{"the rules", []string{"home/rules.yaml"}, []string{"no metric rules: SPANPIPE_METRIC_RULES names ~/rules.yaml: it could not be read within 500ms"}},
		{"the definitions", []string{stateDir + "/definitions/*.json"}, []string{
			"what is known of the server's definitions is not used", "no answer within 250ms",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newChanging(t)
			file := filepath.Join(c.place.root, "home", "rules.yaml")
			if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
				t.Fatal(err)
			}
			c.more = []string{"SPANPIPE_METRIC_RULES=" + file, "SPANPIPE_USER=hash", "SPANPIPE_PROPAGATE=env"}
			if out := c.session(harmless); strings.Contains(out, "warning") {
				t.Fatalf("the first session says: %s", out)
			}
			var reached []func() bool
			for _, pattern := range test.hung {
				paths, err := filepath.Glob(filepath.Join(c.place.root, pattern))
				if err != nil || len(paths) != 1 {
					t.Fatal(paths, err)
				}
				reached = append(reached, hangOpen(t, paths[0]))
			}
			client := c.open()
			client.List("tools/list")
			for i, hangs := range reached {
				mcptest.Eventually(t, "the session has tried to open "+test.hung[i], hangs)
			}
			out := c.end(client)
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing on stderr: %s", want, out)
				}
			}
			if strings.Count(out, "warning") != len(test.hung) {
				t.Errorf("stderr has other warnings: %s", out)
			}
		})
	}
}
