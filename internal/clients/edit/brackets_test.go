package edit_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// What a user has written beside what is removed stays.
func TestBracketsComments(t *testing.T) {
	runChanges(t, edit.TOML, []changeCase{
		{"on the lines of items", "a = [\n  '--', # ours\n  # above\n  'x', # first\n  'y' # second\n]\n", drop("a", 2),
			"a = [\n  # ours\n  # above\n  # first\n  'y' # second\n]\n"},
		{"between items", "a = [\n  '--',\n  # above\n  'x',\n  'y',\n]\n", drop("a", 2), "a = [\n  # above\n  'y',\n]\n"},
		{"in front of a comma", "a = [ '--' # ours\n  , 'x', 'y' ]\n", drop("a", 2), "a = [  # ours\n    'y' ]\n"},
		{"all items", "a = [\n  '--', # ours\n  'x', # first\n]\n", drop("a", 2), "a = [\n  # ours\n  # first\n]\n"},
	})
	runChanges(t, edit.YAML, []changeCase{
		{"of the member in front", "a: {b: 1, # one\n  c: 2, # two\n  d: 3 }\n", remove("a/c"), "a: {b: 1, # one\n  # two\n  d: 3 }\n"},
		{"of the first", "a: {\n  b: 1, # one\n  c: 2, # two\n  }\n", remove("a/b"), "a: {\n  # one\n  c: 2, # two\n  }\n"},
		{"between lines", "a:\n  - \"--\" # ours\n  # above\n  - x\n  - y\n", drop("a", 2), "a:\n  # above\n  - y\n"},
		{"above the last", "a: {\n  b: 1,\n  # two\n  c: 2\n  }\n", remove("a/c"), "a: {\n  b: 1\n  # two\n  }\n"},
	})
}

// A file that takes the decoder too long is refused, one with long lines is not.
func TestLongFiles(t *testing.T) {
	runRefused(t, edit.TOML, []changeCase{
		{"keys", strings.Repeat("a = 1\n", 40000), remove("a"), "the file has too many keys and tables to be edited"},
		{"dots", strings.Repeat("a.", 40000) + "a = 1\n", remove("a"), "the file has too many keys and tables to be edited"},
		{"brackets", "a = " + strings.Repeat("[", 30000), remove("a"),
			"line 1, column 10005: arrays and inline tables are nested more than the maximum of 10000 levels deep"},
	})
	items := strings.Repeat("1, ", 50000)
	runChange(t, edit.TOML, "a = ["+items+"]\nb = 1\n", "a = ["+items+"]\nb = 1\nc = \"x\"\n", add("c", edit.Text("x")))
	runChange(t, edit.YAML, "a: ["+items+"]\nb: 1\n", "a: ["+items+"]\nb: 1\nc: x\n", add("c", edit.Text("x")))
}
