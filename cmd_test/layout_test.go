package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/spanpipe/spanpipe"

// layer is what a package of the product may import besides the standard library. A path allows what is below it.
type layer struct {
	path   string
	allow  []string
	forbid []string // of the standard library
	why    string
}

// processes is what only wrap may do.
var processes = []string{"os/exec", "os/signal"}

// layers are the product's packages; DESIGN.md has the same table. What is not in it is for tests.
var layers = []layer{
	{"", []string{"/internal/cli"}, processes, "main hands over what the process was given, and is not tested"},
	{"/framing", nil, []string{"net", "os", "os/exec", "os/signal"},
		"turns bytes into messages and does nothing else: everything in it is fuzzed as a pure function"},
	{"/wrap", []string{"/wrap/winargs", "/internal/proctree", "golang.org/x/sys"}, []string{"net/http"},
		"the relay must stay correct whatever telemetry does, so it cannot know of it"},
	{"/wrap/winargs", nil, []string{"net", "os", "os/exec", "os/signal"}, "a pure function"},
	{"/internal/proctree", nil, []string{"net", "os/exec", "os/signal"}, "wrap and telemetry use it, so it imports neither"},
	{"/telemetry/semconv", nil, []string{"net", "os", "os/exec", "os/signal"}, "names alone: whoever needs them takes on nothing else"},
	{"/telemetry/session", []string{"/framing", "/telemetry/semconv"}, []string{"net", "os", "os/exec", "os/signal"},
		"a pure state machine, tested with conversations as data"},
	{"/telemetry/anomaly", []string{"/telemetry/session", "/telemetry/semconv"}, []string{"net", "os", "os/exec", "os/signal"},
		"as session"},
	{"/telemetry", []string{
		"/framing", "/consent", "/telemetry", "go.opentelemetry.io", "github.com/prometheus/client_golang",
		"github.com/shirou/gopsutil", "github.com/go-logr/logr", "google.golang.org/grpc", "google.golang.org/protobuf",
	}, processes, "takes consent's decision as given, and has no hold on the server"},
	{"/consent", []string{"/consent/redact"}, []string{"net", "net/http", "os", "os/exec", "os/signal"},
		"decides from what it is told: an import could let it ask somebody else"},
	{"/consent/redact", nil, []string{"net", "net/http", "os", "os/exec", "os/signal"}, "what is being redacted must have no way out"},
	{"/internal/demo", []string{"/telemetry/semconv", "go.opentelemetry.io/otel/sdk/trace", "go.opentelemetry.io/otel/trace"},
		[]string{"net", "net/http", "os", "os/exec", "os/signal"}, "plays two peers and draws what became of it; cli wires it"},
	{"/internal/cli", []string{
		"/consent", "/framing", "/telemetry", "/wrap", "/internal/demo", "github.com/urfave/cli/v2", "golang.org/x/term",
		"go.opentelemetry.io/otel/sdk/trace",
	}, processes, "wires the others; nothing but main may import it"},
}

// forTests are packages that are no part of the product.
var forTests = []string{"/cmd_test", "/internal/bench", "/internal/mcptest", "/internal/otlptest", "/internal/reliability", "/internal/soak"}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Dir                         string
	GoFiles, CgoFiles, TestGoFiles, Imports []string
}

// listPackages returns this module's packages as a system sees them.
func listPackages(t *testing.T, goos string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,Imports", "./...")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "GOOS="+goos)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

// TestImports holds the arrows of DESIGN.md: which package may import what, on every system.
func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "windows", "darwin"} {
		seen := map[string]bool{}
		for _, p := range listPackages(t, goos) {
			seen[p.ImportPath] = true
			if slices.Contains(forTests, p.ImportPath) {
				continue
			}
			i := slices.IndexFunc(layers, func(l layer) bool { return l.path == p.ImportPath })
			if i < 0 {
				t.Errorf("%s has no place in the layout", p.ImportPath)
				continue
			}
			for _, path := range p.Imports {
				if !layers[i].permits(strings.TrimPrefix(path, module)) {
					t.Errorf("%s (%s) imports %s: %s %s", module+p.ImportPath, goos, path, filepath.Base(p.ImportPath), layers[i].why)
				}
			}
			if len(p.CgoFiles) > 0 {
				t.Errorf("%s needs a C compiler: %v", p.ImportPath, p.CgoFiles)
			}
			for _, name := range p.TestGoFiles {
				if !strings.HasPrefix(name, "export_") {
					t.Errorf("%s has a test inside the package, besides export_test.go and its like for one system: %s", p.ImportPath, name)
				}
			}
		}
		for _, l := range layers {
			if !seen[l.path] {
				t.Errorf("%s is in the layout and does not exist (%s)", l.path, goos)
			}
		}
	}
}

func (l layer) permits(path string) bool {
	below := func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") }
	if first, _, _ := strings.Cut(path, "/"); first != "" && !strings.Contains(first, ".") {
		return !slices.Contains(l.forbid, path)
	}
	return slices.ContainsFunc(l.allow, below)
}

// TestBlackBox says that these tests see the product from outside only: nothing here is part of a program.
func TestBlackBox(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "testdata" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s: cmd_test holds tests and testdata alone", name)
		}
	}
	if text, err := os.ReadFile("../main.go"); err != nil || bytes.Count(text, []byte("\n")) > 25 {
		t.Errorf("main.go has %d lines, and its code cannot be tested: at most 25 (%v)", bytes.Count(text, []byte("\n")), err)
	}
}
