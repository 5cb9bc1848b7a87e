package main

import (
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Package is what the report shows of one package.
type Package struct {
	Path  string // below the module, such as "/telemetry/session"; empty for main
	Files []string
	Edges []Edge
	Cycle []string // the files of the largest cycle; empty if there is none
	Err   error    // the first error of the compiler; some edges may then be missing
}

// Edge reports that a file uses declarations of another file of its package.
type Edge struct {
	From, To string
	Names    []string // what it uses, sorted
}

// Load type-checks the product's packages as goos sees them and returns them by path, without tests, and without
// packages that serve tests alone.
func Load(root, goos string) ([]Package, error) {
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedExportFile,
		Dir: root,
		Env: append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0"),
	}
	loaded, err := packages.Load(config, "./...")
	if err != nil {
		return nil, fmt.Errorf("loading packages: %w", err)
	}
	if len(loaded) == 1 && loaded[0].Types == nil { // such as a directory without a module
		return nil, fmt.Errorf("loading packages: %w", loaded[0].Errors[0])
	}
	var all []Package
	for _, p := range loaded {
		path := strings.TrimPrefix(p.PkgPath, module)
		if IsTestOnly(path) {
			continue
		}
		all = append(all, describe(path, p))
	}
	slices.SortFunc(all, func(a, b Package) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// describe finds the references between the files of a package. A reference is a use of a name that another file
// declares at package level, or of a method that another file declares. Fields do not count: they come with their
// type, whose name has to be used somewhere.
func describe(path string, p *packages.Package) Package {
	names := map[[2]string]map[string]bool{} // from, to: what is used
	for used, object := range p.TypesInfo.Uses {
		if object.Pkg() != p.Types || !isDeclaration(object) {
			continue
		}
		from := filepath.Base(p.Fset.Position(used.Pos()).Filename)
		to := filepath.Base(p.Fset.Position(origin(object).Pos()).Filename)
		if from == to {
			continue
		}
		edge := [2]string{from, to}
		if names[edge] == nil {
			names[edge] = map[string]bool{}
		}
		names[edge][object.Name()] = true
	}
	out := Package{Path: path}
	if len(p.Errors) > 0 {
		out.Err = p.Errors[0]
	}
	for _, file := range p.GoFiles {
		out.Files = append(out.Files, filepath.Base(file))
	}
	slices.Sort(out.Files)
	for edge, used := range names {
		out.Edges = append(out.Edges, Edge{From: edge[0], To: edge[1], Names: slices.Sorted(maps.Keys(used))})
	}
	slices.SortFunc(out.Edges, func(a, b Edge) int { return strings.Compare(a.From+" "+a.To, b.From+" "+b.To) })
	out.Cycle = LargestCycle(out.Files, out.Edges)
	return out
}

// isDeclaration reports whether an object is declared at package level, or is a method.
func isDeclaration(object types.Object) bool {
	if object.Parent() == object.Pkg().Scope() {
		return true
	}
	f, ok := origin(object).(*types.Func)
	return ok && f.Signature().Recv() != nil
}

// origin returns the declared form of a method or variable of an instantiated type.
func origin(object types.Object) types.Object {
	switch o := object.(type) {
	case *types.Func:
		return o.Origin()
	case *types.Var:
		return o.Origin()
	}
	return object
}

// LargestCycle returns the files of the largest strongly connected component, sorted, or nil if every component is a
// single file. Components are found by Tarjan's algorithm.
func LargestCycle(files []string, edges []Edge) []string {
	t := tarjan{next: map[string][]string{}, index: map[string]int{}, low: map[string]int{}, onStack: map[string]bool{}}
	for _, e := range edges {
		t.next[e.From] = append(t.next[e.From], e.To)
	}
	for _, f := range files {
		if t.index[f] == 0 {
			t.visit(f)
		}
	}
	if len(t.largest) < 2 {
		return nil
	}
	slices.Sort(t.largest)
	return t.largest
}

type tarjan struct {
	next       map[string][]string
	index, low map[string]int // from 1; zero is "not visited"
	onStack    map[string]bool
	stack      []string
	largest    []string
}

func (t *tarjan) visit(file string) {
	t.index[file] = len(t.index) + 1
	t.low[file] = t.index[file]
	t.stack, t.onStack[file] = append(t.stack, file), true
	for _, to := range t.next[file] {
		switch {
		case t.index[to] == 0:
			t.visit(to)
			t.low[file] = min(t.low[file], t.low[to])
		case t.onStack[to]:
			t.low[file] = min(t.low[file], t.index[to])
		}
	}
	if t.low[file] != t.index[file] {
		return
	}
	at := slices.Index(t.stack, file) // everything above belongs to file's component
	component := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, f := range component {
		t.onStack[f] = false
	}
	if len(component) > len(t.largest) {
		t.largest = component
	}
}
