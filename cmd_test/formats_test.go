package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// formatRow matches a row of the table of formats in docs/stability.md whose file is in SPANPIPE_DIR and has a version of its own.
var formatRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([\\w*/.]+)` \\| (\\d+) \\|")

// written matches the version of a format, as its file begins.
var written = regexp.MustCompile(`^(?:\{\s*"(?:format|version)": ?(\d+)|SPDIGEST(\d+)\n)`)

// TestFormats: what spanpipe writes has the versions that docs/stability.md names, and what of it has a version is named there.
func TestFormats(t *testing.T) {
	place := newHome(t)
	dir := filepath.Join(place.root, "state")
	variables := []string{"SPANPIPE_TELEMETRY=local", "SPANPIPE_CAPTURE=definitions", "SPANPIPE_DIR=" + dir}
	config := filepath.Join(place.root, "mcp.json")
	if err := os.WriteFile(config, []byte(`{"mcpServers":{"a":{"command":"node","args":["a.js"]}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		append([]string{"try", "--"}, demoServer(t)...), {"install", "--yes", "--program", "spanpipe", "--config", config},
	} {
		if _, stderr, code := place.spanpipe(t, variables, args...); code != 0 {
			t.Fatalf("%v: exit code %d, %s", args, code, stderr)
		}
	}
	page, err := os.ReadFile("../docs/stability.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, row := range formatRow.FindAllStringSubmatch(string(page), -1) {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(row[2])))
		if err != nil || len(files) == 0 && !strings.HasPrefix(row[2], "/") {
			t.Errorf("%s: no file is %s, %v", row[1], row[2], err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, ".texts.json") != strings.HasSuffix(row[2], ".texts.json") {
				continue
			}
			named[file] = true
			if got := version(t, file); got != row[3] {
				t.Errorf("%s: the page has version %s, and the file %q", row[1], row[3], got)
			}
		}
	}
	all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(dir, "sessions", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(all, more...) {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && version(t, file) != "" && !named[file] {
			t.Errorf("docs/stability.md does not name %s", file)
		}
	}
	if len(named) < 6 {
		t.Errorf("only %d files were found", len(named))
	}
}

// version returns the version that a file has of its format, or nothing.
func version(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := written.FindStringSubmatch(string(text))
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}
