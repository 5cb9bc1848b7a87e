package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLaterVersions: what a later version of spanpipe has stored is named in one line by each command that meets it, and is not
// changed.
func TestLaterVersions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS("../store/testdata/format1")); err != nil {
		t.Fatal(err)
	}
	for pattern, version := range map[string][2]string{
		"sessions/*/session.json": {`"format": 1`, `"format": 2`},
		"definitions/*.json":      {`"version":1`, `"version":2`},
		"past/*.json":             {`"format":1`, `"format":2`},
	} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.Replace(string(text), version[0], version[1], 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	const session = "20261128T135802Z-2b041c"
	for args, want := range map[string]string{
		"show " + session:                      "session " + session + ": written by a later version of spanpipe, 0.1.0, and can be read only in part",
		"export --format jsonl " + session:     "session " + session + ": written by a later version of spanpipe, 0.1.0, and can be read only in part",
		"report --since 2026-11-01":            "2 sessions of a later version of spanpipe: figures may lack what this version cannot read",
		"definitions":                          "3efbe13611c8c534.json: was written by a later version of spanpipe: update this one, or remove the file to begin anew",
		"definitions spanpipe --accept":        "3efbe13611c8c534.json: was written by a later version of spanpipe: update this one, or remove the file to begin anew",
		"sessions --json --since 2026-11-01":   "",
		"prune --keep 1d,1B --keep-content 1h": "",
		"push " + session:                      "session " + session + " was not sent: written by a later version of spanpipe, 0.1.0, and can be read only in part",
	} {
		stdout, stderr, _ := run(t, dir, strings.Fields(args)...)
		if !strings.Contains(stderr, want) || strings.Count(stderr, "later version") > 1 {
			t.Errorf("%s: stdout\n%.500s\nstderr\n%s\nwant %s", args, stdout, stderr, want)
		}
	}
	for _, name := range []string{"sessions/" + session + "/traces.jsonl", "sessions/" + session + "/content.jsonl", "definitions/3efbe13611c8c534.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
