package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spanpipe/spanpipe/internal/store/storetest"
)

// TestHostileStore: a store that was copied from elsewhere may hold anything. No command writes what controls a terminal or
// reorders a line, and JSON has the very same texts.
func TestHostileStore(t *testing.T) {
	dir := t.TempDir()
	w, err := storetest.Make(dir, storetest.Session{Server: storetest.Servers()[0], Start: time.Now().Add(-time.Hour), Calls: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.Close(t.Context(), nil)
	const hostile = "\x1b]0;x\x07\u009b31m\u202e\u2066\x7f\u2028\U000e0041end"
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.Trim(string(quoted), `"`)
	found, _ := filepath.Glob(filepath.Join(dir, "sessions", "*")) // the pattern is valid
	for _, change := range []struct{ file, before, after string }{
		{"session.json", `"name": "filesystem`, `"name": "` + raw}, {"session.json", `"id": "`, `"id": "` + raw},
		{"traces.jsonl", `"stringValue":"`, `"stringValue":"` + raw}, {"logs.jsonl", `"stringValue":"`, `"stringValue":"` + raw},
		{"traces.jsonl", `"key":"spanpipe`, `"key":"` + raw + `spanpipe`},
	} {
		path := filepath.Join(found[0], change.file)
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), change.before) {
			t.Fatal(change, err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), change.before, change.after)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		"sessions", "sessions --json", "show", "show --json", "show --run", "show --run --json", "show --operation 3",
		"show --operation 3 --json", "show --otlp", "show nosuch", "report", "report --json", "report --by server", "prune --all --dry-run",
		"prune --all --dry-run --json", "push --dry-run", "push --dry-run --json", "export --format html",
		"sessions --server nosuch",
	} {
		stdout, stderr, _ := run(t, dir, strings.Fields(args)...)
		for _, r := range stdout + stderr {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
				t.Errorf("%s: writes %U", args, r)
				break
			}
		}
		if args == "sessions --json" {
			var out struct {
				Sessions []struct{ Server struct{ Name string } }
			}
			if err := json.Unmarshal([]byte(stdout), &out); err != nil || out.Sessions[0].Server.Name != hostile {
				t.Errorf("%v: %q", err, stdout)
			}
		}
	}
}

// TestExpiredContentIsNotShown: captured content that has expired is not read, whether or not it has been removed; and that of a
// session that was killed long ago is removed.
func TestExpiredContentIsNotShown(t *testing.T) {
	dir := t.TempDir()
	start := time.Now().Add(-72 * time.Hour)
	w, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Start: start, Calls: 20, Seed: 1, End: storetest.Killed,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Close(t.Context(), nil)
	found, _ := filepath.Glob(filepath.Join(dir, "sessions", "*")) // the pattern is valid
	path := filepath.Join(found[0], "content.jsonl")
	const line = `{"timeUnixNano":"1","logRecords":[{"timeUnixNano":"1","body":{"stringValue":"server stderr"},` +
		`"attributes":[{"key":"data","value":{"stringValue":"tr0ub4dor"}}]}]}` + "\n"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, written := range []time.Time{time.Now(), start} { // the time of the file is that of what was captured last
		_ = os.Remove(filepath.Join(dir, "prune.lock")) // none: the retention is due
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
		if _, _, code := run(t, dir, "prune", "--dry-run"); code != 0 || missing(path) {
			t.Error("a dry run removes content")
		}
		for _, format := range []string{"otlp", "jsonl", "html"} {
			stdout, stderr, code := run(t, dir, "export", "--format", format, "--content")
			if strings.Contains(stdout, "tr0ub4dor") || code != 0 {
				t.Errorf("%s: expired content is shown: %d, %s", format, code, stderr)
			}
		}
	}
	if !missing(path) {
		t.Error("expired content is left")
	}
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return os.IsNotExist(err)
}
