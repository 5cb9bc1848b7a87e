package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	structure "github.com/spanpipe/spanpipe/internal/structure"
)

// systems are those whose files are checked. Each has code of its own.
var systems = []string{"linux", "windows", "darwin"}

func root(t *testing.T) string {
	t.Helper()
	dir, err := structure.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func list(t *testing.T, goos string) []structure.Listed {
	t.Helper()
	all, err := structure.List(root(t), goos)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestImports enforces the import table on every system.
func TestImports(t *testing.T) {
	for _, goos := range systems {
		exists := map[string]bool{}
		for _, p := range list(t, goos) {
			exists[p.Path] = true
			for _, problem := range structure.Check(p) {
				t.Errorf("%s (%s) must not import %s", p.Path, goos, problem)
			}
			if structure.IsTestOnly(p.Path) {
				continue
			}
			if len(p.CgoFiles) > 0 {
				t.Errorf("%s needs a C compiler: %v", p.Path, p.CgoFiles)
			}
			for _, name := range p.TestGoFiles {
				if !strings.HasPrefix(name, "export_") {
					t.Errorf("%s/%s: only export_*test.go may be inside the package; other tests belong in %s_test",
						p.Path, name, filepath.Base(p.Dir))
				}
			}
		}
		for _, r := range structure.Rules {
			if !exists[r.Package] {
				t.Errorf("the import table has %s, which does not exist on %s", r.Package, goos)
			}
		}
	}
}

// TestCheck shows that the table is enforced: each of these imports breaks a rule.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, from, imports string
		allowed             bool
	}{
		{"a pure package opens a socket", "/framing", "net", false},
		{"a pure package parses an address", "/framing", "net/netip", true},
		{"the relay knows telemetry", "/wrap", "github.com/spanpipe/spanpipe/telemetry", false},
		{"wrap starts processes", "/wrap", "os/exec", true},
		{"telemetry starts processes", "/telemetry", "os/exec", false},
		{"the sink writes to stdout", "/telemetry/otel", "go.opentelemetry.io/otel/exporters/stdout", false},
		{"the sink uses the SDK", "/telemetry/otel", "go.opentelemetry.io/otel/sdk/trace", true},
		{"a path that only begins alike", "/telemetry/otel", "go.opentelemetry.io.example/x", false},
		{"a test helper in the product", "/internal/cli", "github.com/spanpipe/spanpipe/internal/mcptest", false},
		{"a test imports anything", "/cmd_test", "github.com/spanpipe/spanpipe/wrap", true},
		{"but not what is deprecated", "/cmd_test", "io/ioutil", false},
		{"a package without a row", "/telemetry/unknown", "fmt", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			problems := structure.Check(structure.Listed{Path: tt.from, Imports: []string{tt.imports}})
			if (len(problems) == 0) != tt.allowed {
				t.Errorf("Check reports %q", problems)
			}
		})
	}
}

// TestGenerated fails if a generated part differs from what it is generated from.
func TestGenerated(t *testing.T) {
	stale, err := structure.Stale(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for file := range stale {
		t.Errorf("%s is out of date; run: go generate ./internal/structure", file)
	}
}

// TestDependencies checks that docs/DESIGN.md gives a reason for every direct dependency.
func TestDependencies(t *testing.T) {
	module, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	design, err := os.ReadFile(filepath.Join(root(t), "docs", "DESIGN.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, reasons, _ := strings.Cut(string(design), "## Dependencies")
	requirement := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)
	for _, m := range requirement.FindAllStringSubmatch(string(module), -1) {
		path := m[1]
		for !strings.Contains(reasons, "`"+path+"`") { // a row may stand for everything below its path
			parent, _, found := cutLast(path, "/")
			if !found {
				t.Errorf("docs/DESIGN.md gives no reason for %s", m[1])
				break
			}
			path = parent
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// TestBlackBox checks that cmd_test holds tests alone, which see the product from outside, and that main.go, which no
// test of a package can reach, stays small.
func TestBlackBox(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root(t), "cmd_test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "testdata" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("cmd_test/%s is neither a test nor testdata", name)
		}
	}
	text, err := os.ReadFile(filepath.Join(root(t), "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 25 {
		t.Errorf("main.go has %d lines, want at most 25: move code to internal/cli", n)
	}
}
