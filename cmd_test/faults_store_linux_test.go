package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/reliability"
)

// storeFault is a fault of a file of spanpipe's own, in a session that is stored, and the warnings that it causes.
type storeFault struct {
	what, outcome string
	variables     []string
	front         func(t *testing.T, place home) []string // a command that changes the environment and then executes the product
	spoil         func(t *testing.T, place home)          // is called after a session without a fault
	warnings      []string
}

// storeFaults lists the faults of the files that spanpipe reads and writes on this machine.
func storeFaults() []reliability.Row {
	var rows []reliability.Row
	for _, f := range []storeFault{
		{
			what: "a store on a full disk", outcome: "a warning, and one with what is lost at the end",
			front: func(t *testing.T, place home) []string {
				dir := filepath.Join(place.root, "home", ".local")
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				return namespace(t, "-rm", fmt.Sprintf("mount -t tmpfs -o size=64k none '%s'", dir))
			},
			warnings: []string{"no space left on device", "stored_spans="},
		},
		{
			what: "a store's directory that cannot be made", outcome: "warnings that the session is not stored, has no hashes, and what is lost",
			variables: []string{"SPANPIPE_DIR=/dev/null/spanpipe"}, warnings: []string{
				"no hashes are made", "this session is not stored: stat /dev/null/spanpipe: not a directory", "stored_spans=",
			},
		},
		{
			what: "a key that another user may have made", outcome: "one warning; no hashes are made: definitions are compared within the session",
			spoil: func(t *testing.T, place home) {
				if err := os.Chmod(filepath.Join(place.root, stateDir, "key"), 0o644); err != nil {
					t.Fatal(err)
				}
			},
			warnings: []string{"must be a file of your own that no other user can read"},
		},
		{
			what: "a key that is gone", outcome: "a new one is made; one warning: what was known of definitions begins anew",
			spoil: func(t *testing.T, place home) {
				if err := os.Remove(filepath.Join(place.root, stateDir, "key")); err != nil {
					t.Fatal(err)
				}
			},
			warnings: []string{"the definitions of this server begin anew"},
		},
		{
			what: "a damaged file about a server's past", outcome: "one warning; it is made again from the stored sessions",
			spoil: damage("past"), warnings: []string{"it is made again"},
		},
		{
			what: "a damaged file of definitions", outcome: "one warning; the file stays; definitions are compared within the session",
			spoil: damage("definitions"), warnings: []string{"remove it to begin anew"},
		},
		{
			what: "a file of metric rules that does not exist", outcome: "one warning; there are no rules",
			variables: []string{"SPANPIPE_METRIC_RULES=rules.yaml"}, warnings: []string{"no metric rules: SPANPIPE_METRIC_RULES names rules.yaml: no such file or directory"},
		},
		{
			what: "a file of metric rules that is a pipe", outcome: "one warning; there are no rules",
			variables: []string{"SPANPIPE_METRIC_RULES=/dev/stdin"}, warnings: []string{"it is not a regular file"},
		},
		{
			what: "a file of metric rules on a disk that does not answer", outcome: "one warning after 500 ms; there are no rules",
			variables: []string{"SPANPIPE_METRIC_RULES=~/rules.yaml"}, spoil: func(t *testing.T, place home) {
				hangOpen(t, filepath.Join(place.root, "home", "rules.yaml"))
			},
			warnings: []string{"it could not be read within 500ms"},
		},
	} {
		rows = append(rows, reliability.Row{What: f.what, Outcome: f.outcome, Test: f.test})
	}
	return rows
}

// damage cuts off the files of a directory of the store.
func damage(of string) func(*testing.T, home) {
	return func(t *testing.T, place home) {
		paths, err := filepath.Glob(filepath.Join(place.root, stateDir, of, "*.json"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no file in %s: %v", of, err)
		}
		for _, path := range paths {
			if err := os.Truncate(path, 10); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// test makes the thousand calls.
func (f storeFault) test(t *testing.T) {
	place, variables := newHome(t), append([]string{"SPANPIPE_TELEMETRY=local"}, f.variables...)
	if err := os.WriteFile(filepath.Join(place.root, "home", "rules.yaml"), []byte("rules: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := wrapped(t, cast.As(t, "server"))
	if f.spoil != nil {
		if e := talk(t, line, quit, nil, place.in(variables...)); e.stderr != "" {
			t.Errorf("without the fault stderr = %q, want none", e.stderr)
		}
		f.spoil(t, place)
	}
	if f.front != nil {
		line = slices.Concat(f.front(t, place), line)
	}
	e := talk(t, line, quit, nil, place.in(variables...))
	if n := strings.Count(e.stderr, "spanpipe: warning: "); n != len(f.warnings) {
		t.Errorf("%d warnings on stderr, want %d:\n%s", n, len(f.warnings), e.stderr)
	}
	for _, want := range f.warnings {
		if !strings.Contains(e.stderr, want) {
			t.Errorf("no warning has %q:\n%s", want, e.stderr)
		}
	}
}
