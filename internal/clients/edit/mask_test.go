package edit_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// TestMasked: values are masked where they stand, in their quotes, and nothing else changes.
func TestMasked(t *testing.T) {
	for _, test := range []struct {
		format     edit.Format
		text, want string
	}{
		{
			edit.JSON, "\ufeff{ // secret\n  \"a\": \"secret\", \"b\": [\"x\", \"secret\"],\r\n \"c\": {\"secret\": 12 /* */ ,} }",
			"{ // secret\n  \"a\": \"***\", \"b\": [\"x\", \"***\"],\r\n \"c\": {\"secret\": *** /* */ ,} }",
		},
		{
			edit.TOML, "a = 'secret' # secret\n[t]\nb = \"\"\"\nsecret\nsecret\"\"\"\nc = [ 'x', \"secret\" ]\nd = { e = 12 }\n",
			"a = '***' # secret\n[t]\nb = \"***\"\nc = [ 'x', \"***\" ]\nd = { e = *** }\n",
		},
		{
			edit.YAML, "a: secret # secret\nb:\n  - x\n  - 'secret'\nc: |\n  secret\n  secret\nd: {e: 12, f: \"secret\"}\ng:\n",
			"a: *** # secret\nb:\n  - x\n  - '***'\nc: ***\nd: {e: ***, f: \"***\"}\ng:\n",
		},
	} {
		f, err := edit.Parse(test.format, []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		hide := func(n *edit.Node) bool { return strings.Contains(n.Text, "secret") || n.Text == "12" }
		if got, ok := f.Masked(hide, "***"); string(got) != test.want || !ok {
			t.Errorf("%s: got %t\n%s\nwant\n%s", test.format, ok, got, test.want)
		}
		if got, ok := f.Masked(func(*edit.Node) bool { return false }, "***"); !ok || string(got) != strings.TrimPrefix(test.text, "\ufeff") {
			t.Errorf("%s: without masks it is\n%s", test.format, got)
		}
	}
}
