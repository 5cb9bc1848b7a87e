package semconv_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestInstruments: every row is listed once, in the order of the declarations, and says what an instrument needs.
func TestInstruments(t *testing.T) {
	all, names := semconv.Instruments(), map[string]bool{}
	if first, last := all[0].Name, all[len(all)-1].Name; first != semconv.ServerOperationDuration.Name || last != semconv.TelemetryDropped.Name {
		t.Errorf("the list is from %s to %s", first, last)
	}
	for _, i := range all {
		if i.Name == "" || i.Unit == "" || i.Description == "" || i.Example == "" || names[i.Name] {
			t.Errorf("incomplete or listed twice: %+v", i)
		}
		if i.Observed && i.Form == semconv.Histogram {
			t.Errorf("%s: an observed %s cannot be made", i.Name, i.Form)
		}
		names[i.Name] = true
	}
	all[0].Name = "changed"
	if semconv.Instruments()[0].Name == "changed" {
		t.Error("a caller can change the list")
	}
}

// TestMethods: the constants of methods.go are the known methods, so that none can be declared and forgotten.
func TestMethods(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "methods.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if value, ok := spec.Values[0].(*ast.BasicLit); ok {
				name, err := strconv.Unquote(value.Value)
				if constants++; err != nil || !semconv.KnownMethod(name) {
					t.Errorf("%s is not known", value.Value)
				}
			}
		}
		return true
	})
	if constants < 30 {
		t.Errorf("only %d constants found", constants)
	}
	if semconv.KnownMethod("") || semconv.KnownMethod("tools") || semconv.KnownMethod("Tools/call") {
		t.Error("names that are not methods are known")
	}
}
