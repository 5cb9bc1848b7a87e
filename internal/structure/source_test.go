package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	structure "github.com/spanpipe/spanpipe/internal/structure"
)

// once are functions that may be used in one file each, or nowhere. Anywhere else they would read or change
// something that is passed in on purpose.
var once = map[string]struct{ file, why string }{
	"os.Exit":                {"/main.go", "it skips deferred calls, so a flush would be lost"},
	"log.Fatal":              {"", "it exits, see os.Exit"},
	"os.Environ":             {"/main.go", "the environment is passed in"},
	"os.Getenv":              {"", "the environment is passed in"},
	"os.LookupEnv":           {"", "the environment is passed in"},
	"os.Setenv":              {"/telemetry/otlp/process.go", "state of the whole process changes in one documented file"},
	"os.Unsetenv":            {"", "see os.Setenv"},
	"otel.SetTracerProvider": {"", "a global provider would outlive its session"},
	"otel.SetMeterProvider":  {"", "see otel.SetTracerProvider"},
	"otel.SetErrorHandler":   {"/telemetry/otlp/process.go", "see os.Setenv"},
	"otel.SetLogger":         {"/telemetry/otlp/process.go", "see os.Setenv"},
	"grpclog.SetLoggerV2":    {"/telemetry/otlp/process.go", "see os.Setenv"},
	"slog.SetDefault":        {"", "loggers are passed in"},
	"fmt.Println":            {"", "stdout belongs to the protocol"},
	"fmt.Printf":             {"", "stdout belongs to the protocol"},
	"fmt.Print":              {"", "stdout belongs to the protocol"},
}

// owned are files whose package variables may change, and what owns them.
var owned = map[string]string{
	"/telemetry/semconv/instruments.go": "a list that grows while the package's variables are initialized, and never after",
}

// TestSource finds what the compiler allows and the design does not: process-wide state, init functions, package
// variables that change.
func TestSource(t *testing.T) {
	if testing.Short() {
		t.Skip("parses the whole module for three systems")
	}
	found := map[string]bool{}
	for _, goos := range systems {
		for _, p := range list(t, goos) {
			if structure.IsTestOnly(p.Path) {
				continue
			}
			s := readSource(t, p)
			for name, file := range s.files {
				where := p.Path + "/" + name
				for _, call := range selectors(file) {
					if rule, ok := once[call]; ok && rule.file != where {
						t.Errorf("%s uses %s: %s", where, call, rule.why)
					} else if ok {
						found[call] = true
					}
				}
				s.checkGlobals(t, where, file)
			}
		}
	}
	for call, rule := range once {
		if rule.file != "" && !found[call] {
			t.Errorf("%s is no longer used in %s: remove the rule", call, rule.file)
		}
	}
}

// source is the code of one package.
type source struct {
	set     *token.FileSet
	files   map[string]*ast.File
	globals map[string]bool         // names of package variables
	specs   map[*ast.ValueSpec]bool // their declarations
}

func readSource(t *testing.T, p structure.Listed) *source {
	t.Helper()
	s := &source{token.NewFileSet(), map[string]*ast.File{}, map[string]bool{}, map[*ast.ValueSpec]bool{}}
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(s.set, filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.files[name] = file
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					s.declare(spec.(*ast.ValueSpec))
				}
			}
		}
	}
	return s
}

func (s *source) declare(spec *ast.ValueSpec) {
	s.specs[spec] = true
	for _, name := range spec.Names {
		if name.Name != "_" {
			s.globals[name.Name] = true
		}
	}
}

// selectors returns the functions of other packages that a file refers to, as package.Function.
func selectors(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil { // an identifier with no declaration in this file: a package, or near enough
				out = append(out, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return out
}

// checkGlobals finds init functions and package variables that change.
func (s *source) checkGlobals(t *testing.T, where string, file *ast.File) {
	t.Helper()
	changed := func(e ast.Expr) {
		if name, ok := s.global(e); ok && owned[where] == "" {
			t.Errorf("%s:%d changes the package variable %s: keep state in a value that is passed around",
				where, s.set.Position(e.Pos()).Line, name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				t.Errorf("%s has an init function, which cannot be passed anything", where)
			}
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					changed(e)
				}
			}
		case *ast.IncDecStmt:
			changed(n.X)
		case *ast.UnaryExpr:
			if _, whole := n.X.(*ast.Ident); whole && n.Op == token.AND { // pointing at an element of a table, to read it, is fine
				changed(n.X)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") {
				changed(n.Args[0])
			}
		case *ast.ValueSpec:
			if s.specs[n] && n.Type != nil && isShared(n.Type) {
				t.Errorf("%s: the package variable %s is of a type made for changing", where, n.Names[0].Name)
			}
		}
		return true
	})
}

// global returns the package variable that an expression names or is a part of.
func (s *source) global(e ast.Expr) (string, bool) {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.Ident:
			if x.Obj == nil { // declared in another file of the package, if it is the package's
				return x.Name, s.globals[x.Name]
			}
			spec, ok := x.Obj.Decl.(*ast.ValueSpec) // as above
			return x.Name, ok && s.specs[spec]
		default:
			return "", false
		}
	}
}

// isShared reports whether a type comes from sync or sync/atomic.
func isShared(e ast.Expr) bool {
	shared := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Ident); ok && (x.Name == "sync" || strings.HasSuffix(x.Name, "atomic")) {
			shared = true
		}
		return true
	})
	return shared
}
