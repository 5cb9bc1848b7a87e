package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestRuleFileBlocks: a file of rules that cannot be read does not keep the server from starting. It is one warning.
func TestRuleFileBlocks(t *testing.T) {
	for _, test := range []struct {
		name, warning string
		make          func(t *testing.T, file string)
	}{
		{"a pipe that no process writes to", "it is not a regular file", func(t *testing.T, file string) {
			if err := unix.Mkfifo(file, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"a file that cannot be opened", "it could not be read within 500ms", leased},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "rules.yaml")
			test.make(t, file)
			h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=console", "SPANPIPE_METRIC_RULES="+file)
			mcptest.Connect(h).Tool("echo", nil)
			endSession(t, h)
			if text := h.Stderr.String(); strings.Count(text, "spanpipe: warning: ") != 1 || !strings.Contains(text, test.warning) {
				t.Errorf("want one warning that has %q:\n%s", test.warning, text)
			}
		})
	}
}

// leased makes a file that this test has leased, so that opening it blocks, as on a file system whose server has gone: until
// the end of the test, or for /proc/sys/fs/lease-break-time seconds, 45 by default.
func leased(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatalf("leasing a file: %v", err)
	}
}
