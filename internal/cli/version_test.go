package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// TestBuild: however a binary was built, its version has no v in front, and it is known who built it.
func TestBuild(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "8f3c"}, {Key: "vcs.time", Value: "2026-11-28"}, {Key: "vcs.modified", Value: modified}}
	}
	module := func(version, sum string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version, Sum: sum}, Settings: settings}
	}
	for _, test := range []struct {
		name  string
		build cli.Build
		info  *debug.BuildInfo
		want  string
	}{
		// goreleaser makes files of its own beside the sources, which Go takes for changes.
		{"a release", cli.Build{"0.1.0", "8f3c", "2026-11-27"}, module("v0.1.0+dirty", "", vcs("true")...), "0.1.0 8f3c 2026-11-27 release false"},
		{"go install", cli.Build{}, module("v0.1.0", "h1:x="), "0.1.0   go install false"},
		{"a clone", cli.Build{}, module("v0.1.1-0.20261128-8f3c", "", vcs("false")...), "0.1.1-0.20261128-8f3c 8f3c 2026-11-28 source false"},
		{"a clone with changes", cli.Build{}, module("v0.1.0+dirty", "", vcs("true")...), "0.1.0+dirty 8f3c 2026-11-28 source true"},
		{"without version control", cli.Build{}, module("(devel)", ""), "devel   source false"},
		{"without a record", cli.Build{}, nil, "devel   source false"},
	} {
		if got := cli.Described(test.build, test.info); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestVersionJSON: what "spanpipe version --json" prints is the example of docs/json.md.
func TestVersionJSON(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	code := cli.Main(cli.Process{
		Args: []string{"spanpipe", "version", "--json"}, Stdin: os.Stdin, Stdout: out, Stderr: os.Stderr,
		Build: cli.Build{Version: "0.1.0", Commit: "8f3c1a5e0d2b4c6f7a8b9c0d1e2f3a4b5c6d7e8f", Date: "2026-11-28T10:15:02Z"},
	})
	got, err := os.ReadFile(out.Name())
	if code != 0 || err != nil {
		t.Fatal(code, err)
	}
	for member, value := range map[string]string{"go": "go1.26.8", "os": "linux", "arch": "amd64"} {
		got = regexp.MustCompile(`"`+member+`": "\w[^"]*"`).ReplaceAll(got, []byte(`"`+member+`": "`+value+`"`))
	}
	golden := filepath.Join("testdata", "version.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != string(got) {
		t.Errorf("%v; if that is meant: go test ./internal/cli -run TestVersionJSON -update\n%s", err, got)
	}
}
