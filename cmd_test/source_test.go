package cmd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// once are the calls that belong in one place each: where else they stand, something is read or changed behind the back of
// those who pass it in.
var once = map[string]struct{ file, why string }{
	"os.Exit":                {"/main.go", "it skips what is deferred: flushes would be lost"},
	"log.Fatal":              {"", "as os.Exit"},
	"os.Environ":             {"/main.go", "the environment is passed in"},
	"os.Getenv":              {"", "the environment is passed in"},
	"os.LookupEnv":           {"", "the environment is passed in"},
	"os.Setenv":              {"/telemetry/globals.go", "what is the whole process's changes in one documented file"},
	"os.Unsetenv":            {"", "as os.Setenv"},
	"otel.SetTracerProvider": {"", "no global providers: they would outlive a session"},
	"otel.SetMeterProvider":  {"", "as SetTracerProvider"},
	"otel.SetErrorHandler":   {"/telemetry/globals.go", "as os.Setenv"},
	"otel.SetLogger":         {"/telemetry/globals.go", "as os.Setenv"},
	"grpclog.SetLoggerV2":    {"/telemetry/globals.go", "as os.Setenv"},
	"slog.SetDefault":        {"", "loggers are passed in"},
	"fmt.Println":            {"", "stdout is the protocol's"},
	"fmt.Printf":             {"", "stdout is the protocol's"},
	"fmt.Print":              {"", "stdout is the protocol's"},
}

// owned are files whose package variables may change, and what owns them.
var owned = map[string]string{}

// TestSource reads the product's code for what the compiler allows and the design does not.
func TestSource(t *testing.T) {
	found := map[string]bool{}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		for _, p := range listPackages(t, goos) {
			if slices.Contains(forTests, p.ImportPath) {
				continue
			}
			s := readSource(t, p)
			for name, file := range s.files {
				where := p.ImportPath + "/" + name
				for _, call := range selectors(file) {
					if rule, ok := once[call]; ok && rule.file != where {
						t.Errorf("%s has %s: %s", where, call, rule.why)
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
			t.Errorf("%s is no longer in %s", call, rule.file)
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

func readSource(t *testing.T, p goPackage) *source {
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

// selectors returns the functions of other packages that are called or taken, as package.Function.
func selectors(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil { // good enough to tell a package from a variable
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
			t.Errorf("%s:%d changes the package variable %s: state belongs to values that somebody owns",
				where, s.set.Position(e.Pos()).Line, name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				t.Errorf("%s has an init function: what happens before main cannot be passed anything", where)
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
			if _, whole := n.X.(*ast.Ident); whole && n.Op == token.AND { // a part of a table may be pointed at to be read
				changed(n.X)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") {
				changed(n.Args[0])
			}
		case *ast.ValueSpec:
			if s.specs[n] && n.Type != nil && isShared(n.Type) {
				t.Errorf("%s: the package variable %s is made to change", where, n.Names[0].Name)
			}
		}
		return true
	})
}

// global is the package variable that an expression is, or is a part of.
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

// isShared says whether a type is one of sync or sync/atomic.
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
