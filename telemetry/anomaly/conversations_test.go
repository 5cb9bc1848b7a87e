package anomaly_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
)

var update = flag.Bool("update", false, "write the findings of the bad conversations anew")

const findingsFile = "findings"

// TestGoodConversations plays sessions that are as they should be. None may raise a single alarm, and -update does not
// change that.
func TestGoodConversations(t *testing.T) {
	t.Parallel()
	for name, archive := range conversations(t, "good") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lines(converse(t, name, archive)); got != "" {
				t.Errorf("false alarms:\n%s", got)
			}
		})
	}
}

// TestBadConversations plays sessions in which something is wrong, and wants exactly the findings that the files have.
func TestBadConversations(t *testing.T) {
	t.Parallel()
	for name, archive := range conversations(t, "bad") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lines(converse(t, name, archive))
			if got == "" {
				t.Fatal("nothing was found")
			}
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: findingsFile, Data: []byte(got)})
				if err := os.WriteFile(path("bad", name), txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(archive.Files) != 2 || archive.Files[1].Name != findingsFile {
				t.Fatal("the file has no findings to compare with")
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

func path(label, name string) string { return filepath.Join("testdata", label, name+".txtar") }

func conversations(t *testing.T, label string) map[string]*txtar.Archive {
	t.Helper()
	files, err := filepath.Glob(path(label, "*"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d conversations, %v", len(files), err)
	}
	all := map[string]*txtar.Archive{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(archive.Files) == 0 || archive.Files[0].Name != "calls" {
			t.Fatalf("%s does not begin with the calls", file)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txtar")] = archive
	}
	return all
}

func converse(t *testing.T, name string, archive *txtar.Archive) []found {
	t.Helper()
	ops, err := parseScript(name, string(archive.Files[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	return play(anomaly.Config{}, ops)
}
