package cli_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// lookedAt is when the made-up sessions are looked at.
var lookedAt = time.Date(2026, 11, 26, 14, 36, 21, 0, time.UTC)

// storeOfSessions makes a store with sessions that ended in every way, of clients that are known and are not.
func storeOfSessions(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mcptest.Eventually(t, "the store is removed", func() bool { return os.RemoveAll(dir) == nil }) })
	servers := storetest.Servers()
	for i, s := range []storetest.Session{
		{Server: servers[0], Run: "a", Start: lookedAt.Add(-40 * time.Minute), Calls: 20, End: storetest.Closed},
		{Server: servers[1], Run: "a", Start: lookedAt.Add(-40*time.Minute + time.Second), Calls: 30, End: storetest.Crashed},
		{Server: servers[2], Run: "a", Start: lookedAt.Add(-40*time.Minute + 2*time.Second), Calls: 10, End: storetest.Killed, Open: true},
		{Server: servers[0], Start: lookedAt.Add(-26 * time.Hour), Calls: 5, End: storetest.Closed},
		{Server: servers[3], Start: lookedAt.Add(-27 * time.Hour), Calls: 5, End: storetest.Closed},
		{Server: servers[3], Run: "old", Start: lookedAt.Add(-9 * 24 * time.Hour), Calls: 5, End: storetest.Closed},
	} {
		s.Seed, s.Every, s.Client = uint64(i+1), 20*time.Second, record.Peer{Name: "claude-code", Version: "2.1.240"}
		if _, err := storetest.Make(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	byHand(t, dir, "20261125T090000Z-aaaaaa", `"service":"postgres","client":{"name":"codex-mcp-client"},
		"exit":{"ended_by":"server","cause":"not_started","code":127,"reason":"executable file not found in $PATH"}`)
	byHand(t, dir, "20261124T090000Z-bbbbbb", `"server":{"name":"\u001b]0;evil\u0007\u202e a server with a long name"},
		"client":{"name":"日本語\u001b[2J"},"exit":{"ended_by":"server","cause":"server_ended","code":0,"signal":"SIGSEGV"}`)
	last := lookedAt.Add(-time.Minute)
	err = filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, last, last)
	})
	if err != nil {
		t.Fatal(err)
	}
	// Its time is up for every retention that runs on a real clock.
	if _, err := store.Open(dir).Retain(context.Background(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// byHand makes a session that has only a session.json, and has ended.
func byHand(t *testing.T, dir, name, members string) {
	t.Helper()
	dir = filepath.Join(dir, "sessions", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("%s-%s-%sT%s:%s:%sZ", name[:4], name[4:6], name[6:8], name[9:11], name[11:13], name[13:15])
	text := fmt.Sprintf(`{"format":1,"id":%q,"launched":%q,"ended":%q,%s}`, name, at, at, members)
	if err := os.WriteFile(filepath.Join(dir, "session.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command that looks at a store, and returns its output, its messages and its exit code.
func run(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	code = cli.Main(cli.Process{
		Args: append([]string{"spanpipe"}, args...), Environ: []string{"SPANPIPE_DIR=" + dir, "SPANPIPE_KEEP=forever", "HOME=/home/kim"},
		Stdin: os.Stdin, Stdout: files[0], Stderr: files[1], Now: func() time.Time { return lookedAt },
	})
	var texts [2]string
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = strings.ReplaceAll(string(text), dir, "DIR")
	}
	return texts[0], texts[1], code
}

// What differs from one run of a test to the next.
var (
	sessionName = regexp.MustCompile(`([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{6}`)
	sizeMember  = regexp.MustCompile(`"size": [1-9][0-9]*`)
)

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = sizeMember.ReplaceAllString(sessionName.ReplaceAllString(got, "$1-xxxxxx"), `"size": 0`)
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant: go test ./internal/cli -update\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// TestSessions compares what the command prints with files: the table, one line a session, and JSON.
func TestSessions(t *testing.T) {
	dir := storeOfSessions(t)
	for name, args := range map[string]string{
		"sessions.txt":        "",
		"sessions-flat.txt":   "--flat -n 0 --since 30d",
		"sessions.json":       "--json --since 2d",
		"sessions-few.txt":    "-n 2 --utc",
		"sessions-failed.txt": "--failed --server git* --client CLAUDE*",
	} {
		stdout, stderr, code := run(t, dir, append([]string{"sessions"}, strings.Fields(args)...)...)
		if code != 0 || stderr != "" {
			t.Errorf("sessions %s: exit %d, %s", args, code, stderr)
		}
		golden(t, name, stdout)
		if strings.ContainsAny(stdout, "\x1b\x07\u202e") {
			t.Errorf("sessions %s: a name controls the terminal", args)
		}
	}
}

// TestSessionsFit: the table fits a terminal of 80 columns, and uses a wider one.
func TestSessionsFit(t *testing.T) {
	all, err := store.Open(storeOfSessions(t)).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Sum()
	}
	for name, list := range map[string]func(io.Writer, *view.Screen, time.Time, []store.Session) error{
		"sessions": cli.ListSessions, "sessions-flat": cli.FlatSessions,
	} {
		for _, columns := range []int{80, 100, 140} {
			var out strings.Builder
			if err := list(&out, &view.Screen{Columns: columns, Paint: view.Plain, Zone: time.UTC}, lookedAt, all); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if w := view.Width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Errorf("%s: %d columns of %d: %s", name, w, columns, line)
				}
			}
			if name == "sessions" {
				golden(t, fmt.Sprintf("sessions-%d.txt", columns), out.String())
			}
		}
	}
}

// TestSessionsExplained: what the table cannot say is explained below it.
func TestSessionsExplained(t *testing.T) {
	all := []store.Session{{Name: "a", State: store.Unknown}, {Name: "b", State: store.Ended, Problem: "it is \x1b[2Jdamaged"}}
	var out strings.Builder
	if err := cli.ListSessions(&out, &view.Screen{Paint: view.Plain, Zone: time.UTC}, lookedAt, all); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"unclear: files cannot be locked there, so they may still run: 1.\n", `2 cannot be read whole: it is \u001b[2Jdamaged.`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// TestSessionsNone: where there is nothing to list, the error says what there is, and what to do.
func TestSessionsNone(t *testing.T) {
	dir := storeOfSessions(t)
	var out strings.Builder
	for _, args := range []string{
		"--server memry", "--client nothing --failed", "--since 1s", "--since yesterdy", "-n -1", "3",
	} {
		stdout, stderr, code := run(t, dir, append([]string{"sessions"}, strings.Fields(args)...)...)
		if code != 2 || stdout != "" {
			t.Errorf("sessions %s: exit %d, %s", args, code, stdout)
		}
		fmt.Fprintf(&out, "$ spanpipe sessions %s\n%s\n", args, stderr)
	}
	_, stderr, _ := run(t, filepath.Join(dir, "empty"), "sessions")
	golden(t, "sessions-none.txt", out.String()+"$ spanpipe sessions\n"+stderr)
	if stdout, stderr, code := run(t, filepath.Join(dir, "empty"), "sessions", "--json"); code != 0 || stderr != "" {
		t.Errorf("JSON of nothing: %s, %s, exit %d", stdout, stderr, code)
	}
}

// TestNothingStored: what shows sessions ends with 2 where there are none, and for a program with what it can read: nothing.
// What waits for sessions, or removes them, has nothing to complain about. Help says so.
func TestNothingStored(t *testing.T) {
	for args, want := range map[string]int{
		"sessions": 2, "show": 2, "show --json": 2, "report": 2, "push": 2, "push --dry-run": 2, "export --format jsonl last": 2,
		"sessions --json": 0, "report --format json": 0, "prune": 0, "prune --dry-run": 0, "top --plain": 0,
	} {
		stdout, stderr, code := run(t, filepath.Join(t.TempDir(), "none"), strings.Fields(args)...)
		if code != want || (code == 2) != strings.HasPrefix(stderr, "spanpipe: no sessions are stored in DIR\nspanpipe: hint: ") {
			t.Errorf("%s: exit %d, %s%s", args, code, stdout, stderr)
		}
	}
}

// TestSessionsNumbers: a number is good for other commands until the next listing.
func TestSessionsNumbers(t *testing.T) {
	dir := storeOfSessions(t)
	run(t, dir, "sessions")
	s := store.Open(dir)
	for number, server := range map[string]string{"1": "filesystem", "2": "github", "3": "postgres"} {
		if one, err := s.Find(number); err != nil || one.ServerName() != server {
			t.Errorf("session %s is %s: %v", number, one.ServerName(), err)
		}
	}
	run(t, dir, "sessions", "--failed")
	if one, err := s.Find("1"); err != nil || one.ServerName() != "github" {
		t.Errorf("session 1 of another listing is %s: %v", one.ServerName(), err)
	}
	if _, err := s.Find("7"); err == nil || !strings.Contains(err.Error(), "the last listing ended at") {
		t.Error(err)
	}
}
