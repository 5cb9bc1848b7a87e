package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestNotStored: where a session cannot be stored, that is one warning with a hint, and nothing else changes: answers, exit
// code, and no file anywhere.
func TestNotStored(t *testing.T) {
	for _, tt := range []struct {
		name      string
		variables func(root string) []string
	}{
		{"no home", func(string) []string { return []string{"HOME=", "LOCALAPPDATA="} }},
		{"a home that does not exist", func(root string) []string {
			return []string{"HOME=" + root + "/none", "LOCALAPPDATA=" + root + "/none"}
		}},
		{"a file in the way", func(root string) []string {
			file := filepath.Join(root, "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{"SPANPIPE_DIR=" + filepath.Join(file, "store")}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			place := newHome(t)
			h := mcptest.Open(t, wrapped(t, cast.As(t, "server")),
				place.in(append(tt.variables(place.root), "SPANPIPE_TELEMETRY=local")...))
			c := mcptest.Connect(h)
			if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
				t.Errorf(`echo("still here") = %q`, got)
			}
			endSession(t, h)
			stderr := h.Stderr.String()
			if strings.Count(stderr, "spanpipe: warning: this session is not stored") != 1 ||
				!strings.Contains(stderr, "hint: ") || !strings.Contains(stderr, "SPANPIPE_DIR") {
				t.Errorf("stderr = %q, want one warning with a hint", stderr)
			}
			if left := place.left(t); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestOpenCallOfKilledSession: a call that is not answered is in the store while it is open, and after spanpipe was killed.
func TestOpenCallOfKilledSession(t *testing.T) {
	place := newHome(t)
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in("SPANPIPE_TELEMETRY=local"))
	c := mcptest.Connect(h)
	c.Ask(semconv.ToolsCall, mcptest.Object{"name": "hang", "arguments": mcptest.Object{}})
	s := store.Open(filepath.Join(place.root, filepath.FromSlash(stateDir)))
	find := func() (store.Session, *record.Operation) {
		all, err := s.Sessions()
		if err != nil || len(all) != 1 {
			return store.Session{}, nil
		}
		records, err := all[0].Load()
		if err != nil {
			t.Fatal(err)
		}
		for i, op := range records.Operations {
			if op.End.IsZero() {
				return all[0], &records.Operations[i]
			}
		}
		return all[0], nil
	}
	mcptest.Eventually(t, "the open call is stored", func() bool { _, op := find(); return op != nil })
	if err := h.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-h.Ended()
	session, op := find()
	if session.State != store.Killed || op == nil || op.Method != semconv.ToolsCall || op.Target != "hang" {
		t.Errorf("%s, %+v", session.State, op)
	}
}
