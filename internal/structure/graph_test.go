package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	structure "github.com/spanpipe/spanpipe/internal/structure"
)

const maxCycle = 8

// TestCycles checks that no package's files refer to each other in a larger cycle than maxCycle: a change to one of
// them would need knowledge of all of them.
func TestCycles(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the whole module")
	}
	all, err := structure.Load(root(t), runtime.GOOS)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("loaded %d packages, want the whole module", len(all))
	}
	for _, p := range all {
		if p.Err != nil {
			t.Errorf("%s does not compile: %v", p.Path, p.Err)
		}
		if len(p.Cycle) > maxCycle {
			t.Errorf("%s: %d files refer to each other in a cycle, want at most %d: %v\nsee: go run ./internal/structure -edges",
				p.Path, len(p.Cycle), maxCycle, p.Cycle)
		}
	}
}

func TestLargestCycle(t *testing.T) {
	for _, tt := range []struct{ name, edges, want string }{
		{"none", "", ""},
		{"one way", "a→b b→c a→c", ""},
		{"two", "a→b b→a b→c", "a b"},
		{"a ring", "a→b b→c c→d d→a", "a b c d"},
		{"the larger of two", "a→b b→a c→d d→e e→c b→c", "c d e"},
		{"two rings that share a file", "a→b b→a b→c c→b", "a b c"},
		{"entered from outside", "z→b a→b b→c c→b c→d", "b c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var edges []structure.Edge
			files := map[string]bool{}
			for _, e := range strings.Fields(tt.edges) {
				from, to, _ := strings.Cut(e, "→")
				edges = append(edges, structure.Edge{From: from, To: to})
				files[from], files[to] = true, true
			}
			var names []string
			for f := range files {
				names = append(names, f)
			}
			if got := strings.Join(structure.LargestCycle(names, edges), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestReferences shows what counts as a reference between files, on a small module of its own.
func TestReferences(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"a.go": `package m

import "strings"

type T[E any] struct{ field E; b }

func (t T[E]) Method() string { return strings.ToUpper("") }

const used = 1
`,
		"b.go":      "package m\n\ntype b struct{}\n\nfunc (b) promoted() {}\n",
		"c.go":      "package m\n\nfunc call(t T[int]) int { t.Method(); t.promoted(); return used }\n",
		"d.go":      "package m\n\nfunc local() int { used := 2; return used }\n\nfunc field(t interface{ M() }) { t.M() }\n",
		"e_test.go": "package m\n\nvar _ = local\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := structure.Load(dir, runtime.GOOS)
	if err != nil || len(all) != 1 {
		t.Fatalf("loaded %d packages: %v", len(all), err)
	}
	var got []string
	for _, e := range all[0].Edges {
		got = append(got, fmt.Sprintf("%s→%s %v", e.From, e.To, e.Names))
	}
	want := []string{"a.go→b.go [b]", "c.go→a.go [Method T used]", "c.go→b.go [promoted]"}
	if !slices.Equal(got, want) {
		t.Errorf("references are %q, want %q", got, want)
	}
}

func TestCountLines(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go":            "// Doc.\npackage main\n\n/*\nText.\n*/\nfunc main() {} // beside code\n",
		"p/long.go":          "package p\n\n\t\t//" + strings.Repeat("x", 111) + "\n\t\t//" + strings.Repeat("é", 110) + "\n",
		"p/p_test.go":        "package p\n",
		"p/testdata/x.go":    "package x\n",
		"internal/soak/s.go": "package main\n",
		"nested/go.mod":      "module nested\n",
		"nested/n.go":        "package nested\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := structure.CountLines(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "map[:{1 7 4 []} /p:{1 4 2 [p/long.go:3]}]"
	if s := fmt.Sprint(got); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}
