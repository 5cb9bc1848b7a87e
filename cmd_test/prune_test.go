package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store/storetest"
)

var updatePrune = flag.Bool("update-prune", false, "write testdata/prune")

// pruned runs "spanpipe prune" and returns what it prints, and its exit code.
func pruned(t *testing.T, place home, flags ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"prune"}, flags...)...)
	place.in()(cmd)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	_ = cmd.Run() // the exit code says more
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// fill stores a session that ended 200 days ago, one of 40 days, one of an hour, and one that is live.
func fill(t *testing.T, place home) (dir string) {
	t.Helper()
	dir = filepath.Join(place.root, filepath.FromSlash(stateDir))
	for i, age := range []time.Duration{200 * 24 * time.Hour, 40 * 24 * time.Hour, time.Hour, time.Minute} {
		s := storetest.Session{
			Server: storetest.Servers()[i], Start: time.Now().Add(-age), Calls: 10, Every: time.Second, Seed: uint64(i + 1),
		}
		if i == 3 {
			s.End = storetest.Running
		}
		w, err := storetest.Make(dir, s)
		if err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			t.Cleanup(func() { w.Close(context.Background(), nil) })
		}
	}
	return dir
}

// stable replaces what differs from run to run.
var stable = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{6}`), "20261126T101502Z-8f3c1a"},
	{regexp.MustCompile(`"started": "[^"]+"`), `"started": "2026-11-26T10:15:02Z"`},
	{regexp.MustCompile(`("size"|"freed"): [1-9]\d*`), `$1: 1000`},
	{regexp.MustCompile(`  [ \d.]{6} kB`), `     1.0 kB`}, // of a column
	{regexp.MustCompile(`\b[1-9][\d.]* kB`), `1.0 kB`},
}

// TestPrune: the limits are applied as documented; it prints what is left and why; programs get the same as JSON.
func TestPrune(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags []string
		code  int
	}{
		{"limits.txt", []string{"--dry-run"}, 0},
		{"limits.json", []string{"--json"}, 0},
		{"all.txt", []string{"--all"}, 1},
		{"all.json", []string{"--all", "--json", "--dry-run"}, 1},
		{"older.txt", []string{"--older-than", "7d"}, 0},
		{"nothing.txt", []string{"--older-than", "30w"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			place := newHome(t)
			fill(t, place)
			stdout, stderr, code := pruned(t, place, tt.flags...)
			if code != tt.code || stderr != "" {
				t.Errorf("exit code %d; %s", code, stderr)
			}
			if strings.HasSuffix(tt.name, ".json") && !json.Valid([]byte(stdout)) {
				t.Error("this is not JSON")
			}
			for line := range strings.Lines(stdout) {
				if len(line) > 81 || strings.HasSuffix(strings.TrimSuffix(line, "\n"), " ") {
					t.Errorf("%q", line)
				}
			}
			for _, s := range stable {
				stdout = s.what.ReplaceAllString(stdout, s.with)
			}
			golden := filepath.Join("testdata", "prune", tt.name)
			if *updatePrune {
				if err := os.WriteFile(golden, []byte(stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || string(want) != stdout {
				t.Errorf("%v; printed was\n%s\nwant\n%s", err, stdout, want)
			}
		})
	}
}

// TestPruneOne: a session is chosen by its number, name or as the last; a live one is left.
func TestPruneOne(t *testing.T) {
	place := newHome(t)
	dir := fill(t, place)
	count := func() int {
		all, err := filepath.Glob(filepath.Join(dir, "sessions", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if stdout, _, code := pruned(t, place, "--session", "last"); code != 1 || !strings.Contains(stdout, "live") || count() != 4 {
		t.Errorf("the live session: %d, %s", code, stdout)
	}
	if stdout, _, code := pruned(t, place, "--session", "2", "--session", "3"); code != 0 || count() != 2 {
		t.Errorf("two of them: %d, %s", code, stdout)
	}
	for _, flags := range [][]string{
		{"--session", "none"}, {"--session", ""}, {"--all", "--older-than", "7d"}, {"--older-than", "soon"}, {"--older-than", "0d"},
		{"all"},
	} {
		stdout, stderr, code := pruned(t, place, flags...)
		if code != 2 || stdout != "" || stderr == "" || count() != 2 {
			t.Errorf("%q: %d, %s%s", flags, code, stdout, stderr)
		}
	}
}
