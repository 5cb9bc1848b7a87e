package cmd_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestDiffJSON: what programs get is what testdata/json/diff.json holds, for the recordings of testdata/script/diff.txtar.
func TestDiffJSON(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "script", "diff.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	place := newHome(t)
	for _, file := range archive.Files {
		if err := os.WriteFile(filepath.Join(place.root, "cwd", file.Name), file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, stderr, code := place.spanpipe(t, nil, "diff", "a.jsonl", "b.jsonl", "--json")
	if code != 1 || stderr != "" {
		t.Fatalf("exits with %d: %s", code, stderr)
	}
	golden := filepath.Join("testdata", "json", "diff.json")
	if *updateJSON {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got {
		t.Errorf("%v; if that is meant: go test ./cmd_test -run TestDiffJSON -update-json\ngot:\n%s\nwant:\n%s", err, got, want)
	}
}

// TestDiffStored: the last session is compared with the one before it of the same server, and not with those of others; and what the
// store knows of a definition that has changed in between is shown.
func TestDiffStored(t *testing.T) {
	place := newHome(t)
	local := []string{"SPANPIPE_TELEMETRY=local"}
	try := func(server ...string) {
		t.Helper()
		args := append(strings.Fields(`try --call get_forecast --arguments {"city":"Lisbon"} --`), server...)
		if _, stderr, code := place.spanpipe(t, local, args...); code != 0 {
			t.Fatalf("exits with %d: %s", code, stderr)
		}
	}
	if _, stderr, code := place.spanpipe(t, nil, "diff"); code != 2 || !strings.Contains(stderr, "no sessions are stored") {
		t.Errorf("without a session: %d, %s", code, stderr)
	}
	try(demoServer(t)...)
	if _, stderr, code := place.spanpipe(t, nil, "diff"); code != 2 || !strings.Contains(stderr, "there is no session of ") {
		t.Errorf("with one session: %d, %s", code, stderr)
	}
	try(demoServer(t)...)
	stdout, stderr, code := place.spanpipe(t, nil, "diff")
	if code != 0 || !strings.Contains(stdout, "\nNothing differs.\n") {
		t.Errorf("of two that are alike: %d, %s%s", code, stdout, stderr)
	}
	again, _, _ := place.spanpipe(t, nil, "diff", "last")
	if again != stdout {
		t.Errorf("without arguments:\n%s\nof the last:\n%s", stdout, again)
	}
}

// TestDiffDefinitions: of stored sessions, what changed in a definition is known from its fingerprints, or its texts where they are kept,
// although its size is the same; and a change that was taken back in between is none.
func TestDiffDefinitions(t *testing.T) {
	other := strings.Replace(harmless, "Adds", "Eats", 1)
	for name, test := range map[string]struct {
		server *changing
		want   string
	}{
		"fingerprints": {newChanging(t), "\n    differs: description\n"},
		"texts":        {newCapturing(t), "\n    /description  \"Adds two numbers.\" → \"Eats two numbers.\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.server
			c.session(harmless)
			c.session(other)
			if out, stderr, code := c.place.spanpipe(t, c.more, "diff"); code != 1 || !strings.Contains(out, test.want) {
				t.Errorf("exits with %d: %s%s", code, out, stderr)
			}
			c.session(harmless)
			listed, _, _ := c.place.spanpipe(t, nil, "sessions", "--json")
			oldest := strconv.Itoa(strings.Count(listed, `"number"`))
			if out, stderr, code := c.place.spanpipe(t, c.more, "diff", oldest, "last"); code != 0 {
				t.Errorf("the first and the last exit with %d: %s%s", code, out, stderr)
			}
		})
	}
}
