package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// storedIn returns the variables of a session that is stored in a directory.
func storedIn(dir string) []string {
	return []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR=" + dir}
}

// rememberedSessions returns how many sessions of the only server are remembered.
func rememberedSessions(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "past", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files about servers: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var past struct{ Sessions int }
	if err := json.Unmarshal(text, &past); err != nil {
		t.Fatal(err)
	}
	return past.Sessions
}

// TestPastOnBadDisk: where what is remembered of servers cannot be written, a session is what it is elsewhere, without a
// warning. It is remembered when that can be written again.
func TestPastOnBadDisk(t *testing.T) {
	for name, mount := range map[string]string{
		"full":      "mount -t tmpfs -o size=4k none '%[1]s' && ! dd if=/dev/zero of='%[1]s/all' bs=4k count=2 2>/dev/null",
		"read-only": "mount -t tmpfs -o ro none '%[1]s' && ! touch '%[1]s/x' 2>/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := filepath.Join(dir, "past")
			if err := os.Mkdir(bad, 0o700); err != nil {
				t.Fatal(err)
			}
			front := namespace(t, "-rm", fmt.Sprintf(mount, bad))
			for i, front := range [][]string{front, nil} {
				e := talk(t, append(slices.Clone(front), wrapped(t, cast.As(t, "server"))...), quit, nil, newHome(t).in(storedIn(dir)...))
				if e.stderr != "" {
					t.Errorf("session %d: stderr = %q, want none", i, e.stderr)
				}
				sessions, err := filepath.Glob(filepath.Join(dir, "sessions", "*", "digest"))
				if err != nil || len(sessions) != i+1 {
					t.Errorf("session %d: stored: %v, %v", i, sessions, err)
				}
			}
			if got := rememberedSessions(t, dir); got != 2 {
				t.Errorf("%d sessions are remembered, want 2", got)
			}
		})
	}
}

// TestPastOfProcesses: of processes that end at once, each adds its session to what is remembered of their server.
func TestPastOfProcesses(t *testing.T) {
	dir := t.TempDir()
	const n = 6
	var all []*mcptest.Host
	for range n {
		h := open(t, cast.As(t, "server"), storedIn(dir)...)
		mcptest.Connect(h).Tool("echo", nil)
		all = append(all, h)
	}
	for _, h := range all {
		h.CloseInput()
	}
	for _, h := range all {
		wantExit(t, h, 0)
		if text := h.Stderr.String(); text != "" {
			t.Errorf("stderr = %q, want none", text)
		}
	}
	prune := exec.Command(binary(t), "prune") // adds those that had no time, on a busy machine
	newHome(t).in(storedIn(dir)...)(prune)
	if out, err := prune.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := rememberedSessions(t, dir); got != n {
		t.Errorf("%d sessions are remembered, want %d", got, n)
	}
	for anomalies, want := range map[string]bool{"past": true, "session": false} { // what is kept where, and since when
		explain := exec.Command(binary(t), "consent")
		newHome(t).in(append(storedIn(dir), "SPANPIPE_ANOMALIES="+anomalies)...)(explain)
		out, err := explain.Output()
		if err != nil {
			t.Fatal(err)
		}
		if text := string(out); strings.Contains(text, "in "+filepath.Join(dir, "past")+": ") != want ||
			strings.Contains(text, "; now of 1 server, since ") != want || !strings.Contains(text, "in "+filepath.Join(dir, "definitions")+": ") {
			t.Errorf("with SPANPIPE_ANOMALIES=%s:\n%s", anomalies, text)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "past", "*"))
	if err != nil || len(left) != 2 || !strings.HasSuffix(left[1], ".lock") {
		t.Errorf("left: %v, %v", left, err)
	}
}
