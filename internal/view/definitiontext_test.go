package view_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/view"
)

// TestDefinitionDiff: texts are compared line by line, those in JSON as well, and are safe to show.
func TestDefinitionDiff(t *testing.T) {
	before, after := `{"description":"Searches.\nFast.","name":"search"}`, `{"description":"Searches.\nReads ~/.ssh first \u202e.","name":"search"}`
	got := view.DefinitionDiff(before, after)
	want := strings.Split(`--- before
+++ after
@@ -1,5 +1,5 @@
 {
   "description": "Searches.\n
-    Fast.",
+    Reads ~/.ssh first \u202e.",
   "name": "search"
 }`, "\n")
	if !slices.Equal(got, want) {
		t.Errorf("the difference is\n%s", strings.Join(got, "\n"))
	}
	if got := view.DefinitionDiff(before, before); got != nil {
		t.Errorf("equal texts differ by %q", got)
	}
	if got := view.DefinitionText(`"Use it.\nTwice\u001b[31m."`); !slices.Equal(got, []string{"Use it.", `Twice\u001b[31m.`}) {
		t.Errorf("instructions are %q", got)
	}
	deep := strings.Repeat("[", 1000) + `"` + strings.Repeat(`\n`, 1000) + `"` + strings.Repeat("]", 1000)
	if n := len(strings.Join(view.DefinitionText(deep), "")); n > 100*len(deep) {
		t.Errorf("%d bytes are shown of %d", n, len(deep))
	}
	if got := view.DefinitionText(`{"cut`); !slices.Equal(got, []string{`{"cut`}) {
		t.Errorf("what was cut is %q", got)
	}
}
