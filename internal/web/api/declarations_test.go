package api_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite api.d.ts")

// TestDeclarations holds api.d.ts, which the page's code is checked against, against the types of this package.
func TestDeclarations(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, 0) //nolint:staticcheck // one package, without build tags
	if err != nil {
		t.Fatal(err)
	}
	text := "// Made of package api.\n\n"
	files := packages["api"].Files
	for _, name := range slices.Sorted(maps.Keys(files)) {
		declared, err := declarations(files[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text += declared
	}
	const file = "../api.d.ts"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(old) != text {
		t.Errorf("%s does not say what package api does; rewrite it with: go test ./internal/web/api -run TestDeclarations -update", file)
	}
}

// declarations returns the exported types of a file in TypeScript.
func declarations(f *ast.File) (string, error) {
	words := map[string][]string{} // the constants of types that are words
	for _, d := range f.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			if c, ok := s.(*ast.ValueSpec); ok && c.Type != nil && len(c.Values) == 1 {
				if v, ok := c.Values[0].(*ast.BasicLit); ok && v.Kind == token.STRING {
					of := fmt.Sprint(c.Type)
					words[of] = append(words[of], v.Value)
				}
			}
		}
	}
	text := ""
	for _, d := range f.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, s := range group.Specs {
			named, _ := s.(*ast.TypeSpec)
			if !named.Name.IsExported() {
				continue
			}
			one, err := declaration(named, words[named.Name.Name])
			if err != nil {
				return "", fmt.Errorf("%s: %w", named.Name, err)
			}
			text += one
		}
	}
	return text, nil
}

func declaration(named *ast.TypeSpec, words []string) (string, error) {
	object, ok := named.Type.(*ast.StructType)
	if !ok && len(words) > 0 {
		return fmt.Sprintf("export type %s = %s;\n", named.Name, strings.Join(words, " | ")), nil
	} else if !ok {
		return "", fmt.Errorf("is neither a struct nor words")
	}
	var extends []string
	body := ""
	for _, f := range object.Fields.List {
		if len(f.Names) == 0 {
			extends = append(extends, fmt.Sprint(f.Type))
			continue
		}
		if f.Tag == nil || len(f.Names) != 1 {
			return "", fmt.Errorf("field %s: want one name with a tag", f.Names[0])
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return "", err
		}
		name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		_, pointer := f.Type.(*ast.StarExpr)
		if pointer && options == "" {
			return "", fmt.Errorf("field %s: a pointer without omitempty would be null", name)
		}
		optional := ""
		if options != "" {
			optional = "?"
		}
		of, err := typeOf(f.Type)
		if err != nil {
			return "", fmt.Errorf("field %s: %w", name, err)
		}
		body += fmt.Sprintf("  readonly %s%s: %s;\n", name, optional, of)
	}
	head := "export interface " + named.Name.Name
	if len(extends) > 0 {
		head += " extends " + strings.Join(extends, ", ")
	}
	return head + " {\n" + body + "}\n", nil
}

// basic are types as JSON has them. The numbers of operations are below 2⁵³.
var basic = map[string]string{
	"string": "string", "bool": "boolean", "int": "number", "int64": "number", "uint64": "number", "float64": "number",
}

func typeOf(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.Ident:
		if of, ok := basic[e.Name]; ok {
			return of, nil
		}
		if e.IsExported() {
			return e.Name, nil
		}
	case *ast.StarExpr:
		return typeOf(e.X)
	case *ast.SelectorExpr:
		if fmt.Sprint(e.X) == "time" && e.Sel.Name == "Time" {
			return "string", nil
		}
	case *ast.ArrayType:
		of, err := typeOf(e.Elt)
		if size, ok := e.Len.(*ast.BasicLit); ok {
			n, _ := strconv.Atoi(size.Value)
			return "readonly [" + strings.Join(slices.Repeat([]string{of}, n), ", ") + "]", err
		}
		return "ReadonlyArray<" + of + ">", err
	case *ast.MapType:
		key, err := typeOf(e.Key)
		if err != nil {
			return "", err
		}
		of, err := typeOf(e.Value)
		return "Readonly<Record<" + key + ", " + of + ">>", err
	}
	return "", fmt.Errorf("%T has no counterpart in TypeScript", e)
}
