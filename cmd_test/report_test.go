package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// reported runs "spanpipe report" on a store and returns what it writes and its exit code.
func reported(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"report"}, args...)...)
	cmd.Env = append(os.Environ(), "SPANPIPE_DIR="+dir, "TZ=UTC")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return out.String(), problems.String(), code
}

// TestReportNothing: a report without calls reports when there were some, and what to do.
func TestReportNothing(t *testing.T) {
	empty, dir := t.TempDir(), t.TempDir()
	start := time.Now().Add(-50 * time.Hour)
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Client: record.Peer{Name: "claude-code"}, Start: start, Calls: 20, Every: time.Second,
	}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, dir string
		args      []string
		want      []string // on stderr
	}{
		{"nothing stored", empty, nil, []string{"no sessions are stored", "hint: "}},
		{"nothing since", dir, []string{"--since", "1h"}, []string{"no tool calls in the last hour; the last was ", "hint: a longer window: --since 7d"}},
		{"nothing in either window", dir, []string{"--since", "2d", "--by", "day"}, []string{"no calls in the last 2 days; the last was "}},
		{"of another server", dir, []string{"--server", "git*"}, []string{"no tool calls of git* are stored", "hint: what is stored: spanpipe sessions"}},
		{"of another kind", dir, []string{"--by", "prompt"}, []string{"no prompt calls are stored"}},
		{"a bad time", dir, []string{"--since", "soon"}, []string{"--since soon: want a duration"}},
		{"a time to come", dir, []string{"--since", "2999-01-01"}, []string{"--since 2999-01-01: that is not before now"}},
		{"no time at all", dir, []string{"--since", "0s"}, []string{"--since 0s: that is not before now"}},
		{"a bad row", dir, []string{"--by", "week"}, []string{"--by week: want tool, prompt, resource, server, client or day"}},
		{"a bad format", dir, []string{"--format", "xml"}, []string{"--format xml: want table, json, csv or markdown"}},
		{"two formats", dir, []string{"--format", "csv", "--json"}, []string{"--json and --format csv contradict each other"}},
		{"an argument", dir, []string{"tool"}, []string{"report takes no arguments"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := reported(t, tt.dir, tt.args...)
			if code != 2 || stdout != "" {
				t.Errorf("exit code %d, stdout %q", code, stdout)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is missing:\n%s", want, stderr)
				}
			}
		})
	}
	for args, want := range map[string]string{
		"--json": `"rows": []`, "--format json --by day": `"rows": []`, "--format csv": "server,tool,sessions,calls,",
	} {
		stdout, stderr, code := reported(t, empty, strings.Fields(args)...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

// TestReportOverlap: calls count for the time of their start: of a session that began before the window only those within it,
// also if it has ended without saying so, and only with those of the servers and clients that were asked for.
func TestReportOverlap(t *testing.T) {
	dir := t.TempDir()
	start := time.Now().Add(-30 * time.Hour)
	for i, client := range []string{"claude-code", "cursor"} {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i], Client: record.Peer{Name: client}, Start: start, Calls: 50, Every: time.Hour,
			End: []storetest.End{storetest.Closed, storetest.Killed}[i], Seed: uint64(i),
		}); err != nil {
			t.Fatal(err)
		}
	}
	type document struct {
		Version  int
		Sessions int
		Total    struct {
			Calls  int
			Before struct{ Calls int }
		}
		Rows []struct {
			Server, Client string
			Calls          int
		}
	}
	get := func(args ...string) (d document) {
		t.Helper()
		stdout, stderr, code := reported(t, dir, append(args, "--json")...)
		if err := json.Unmarshal([]byte(stdout), &d); err != nil || code != 0 || stderr != "" {
			t.Fatal(err, code, stderr)
		}
		return d
	}
	day, hours, all := get("--since", "24h"), get("--since", "12h"), get("--since", "30d", "--by", "client")
	if day.Version != 1 || day.Sessions != 2 || day.Total.Calls == 0 || day.Total.Calls >= all.Total.Calls {
		t.Errorf("a day: %+v of %+v", day, all)
	}
	if got := hours.Total.Calls + hours.Total.Before.Calls; hours.Total.Calls == 0 || got != day.Total.Calls {
		t.Errorf("the two halves of a day have %d calls, want %d: %+v", got, day.Total.Calls, hours)
	}
	sum := 0
	for _, row := range all.Rows {
		sum += row.Calls
		if one := get("--since", "30d", "--client", row.Client[:4]+"*"); one.Total.Calls != row.Calls || one.Sessions != 1 {
			t.Errorf("only %s: %+v, want %+v", row.Client, one, row)
		}
	}
	if len(all.Rows) != 2 || sum != all.Total.Calls {
		t.Errorf("by client: %+v", all)
	}
}

// TestReportUnread: a session that cannot be read is named, and the others are reported.
func TestReportUnread(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i], Client: record.Peer{Name: "claude-code"}, Start: time.Now().Add(-time.Hour), Calls: 10,
			Every: time.Second, Seed: uint64(i),
		}); err != nil {
			t.Fatal(err)
		}
	}
	digests, err := filepath.Glob(filepath.Join(dir, "sessions", "*", "digest"))
	if err != nil || len(digests) != 2 {
		t.Fatal(digests, err)
	}
	if err := errors.Join(os.Remove(digests[0]), os.Mkdir(digests[0], 0o700)); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := reported(t, dir)
	name := filepath.Base(filepath.Dir(digests[0]))
	if code != 0 || !strings.Contains(stderr, "warning: session "+name+" could be read only in part: ") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if !strings.Contains(stdout, ": 10 calls of ") {
		t.Errorf("the other session is missing:\n%s", stdout)
	}
}

// TestReportHangs: a call that hangs is in the report while it does, and still counts as hung after its wrapper was killed.
func TestReportHangs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it needs a program that never answers")
	}
	dir := t.TempDir()
	cmd := exec.Command(binary(t), "--", "sleep", "600")
	cmd.Env = append(os.Environ(), "SPANPIPE_DIR="+dir, "SPANPIPE_TELEMETRY=local", "SPANPIPE_HANG_AFTER=1s")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the server dies with it
		_ = cmd.Wait()
	})
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"execute_sql"}}` + "\n"
	if _, err := io.WriteString(stdin, call); err != nil {
		t.Fatal(err)
	}
	hung := func(now int) func() bool {
		return func() bool {
			var d struct {
				Total struct {
					Calls, Hung int
					HungNow     int `json:"hung_now"`
				}
			}
			stdout, stderr, code := reported(t, dir, "--json")
			if err := json.Unmarshal([]byte(stdout), &d); err != nil {
				t.Fatal(err, code, stderr)
			}
			return d.Total.Calls == 0 && d.Total.Hung == 1 && d.Total.HungNow == now
		}
	}
	mcptest.Eventually(t, "a call that hangs", hung(1))
	if stdout, _, _ := reported(t, dir); !strings.Contains(stdout, "execute_sql, 1 of them now") {
		t.Errorf("the table:\n%s", stdout)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	mcptest.Eventually(t, "a call that hung", hung(0))
}
