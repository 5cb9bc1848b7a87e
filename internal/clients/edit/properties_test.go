package edit_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// trickyTexts mean something else in one format or another unless they are quoted.
var trickyTexts = []string{
	"npx", "--", "-", "- x", "-y", "", " ", " x", "x ", "yes", "No", "on", "null", "~", "true", "12", "0x1f", "0o7", "1e3", "1_000",
	".inf", ".NaN", "2020-01-01", "12:30:45", "<<", "=", "@scope/server", "`x`", "%x", "!x", "&x", "*x", "?", "? x", ":", "a: b", "a:b",
	"a:", "# x", "a #b", "a#b", "|", ">", "|-", "[", "]", "[x]", "{", "}", "{x}", ",", "a, b", "'", `"`, `'"'`, `\`, `C:\new\t`,
	"it's", "a\nb", "a\n", "\n", "a\r\nb", "\t", "a\tb", "\x01", "\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "é", "😀",
	"${input:token}", "{env:X}", "${{ secrets.X }}", "---", "...", "--- x", "key = 1", `\u0041`, "a  b", "'''", `"""`,
}

// checkEdits makes every kind of edit of the values of a text, of a few if it has many, and checks that no byte outside the value changes, that the
// inverse gives back the text, and that an edit is only refused with a place in the file. It returns how many edits were made.
func checkEdits(t *testing.T, format edit.Format, text []byte, random *rand.Rand, few int) (made int) {
	t.Helper()
	f, err := edit.Parse(format, text)
	if err != nil {
		return 0
	}
	if !bytes.Equal(f.Text(), text) {
		t.Fatalf("parsed:\n%q\nwant:\n%q", f.Text(), text)
	}
	tricky := func() string { return trickyTexts[random.IntN(len(trickyTexts))] }
	fails := func(err error, what string, p edit.Path) bool {
		var refused *edit.SyntaxError
		if err != nil && (!errors.As(err, &refused) || refused.Line == 0) {
			t.Fatalf("%s %q: %v in:\n%s\n%q", what, p, err, text, text)
		}
		return err != nil
	}
	count := 0
	each(f.Root(), nil, func(edit.Path, *edit.Node) { count++ })
	each(f.Root(), nil, func(p edit.Path, node *edit.Node) {
		if random.IntN(count) >= few {
			return
		}
		if node.Line < 1 || node.Column < 1 || node.Line > bytes.Count(text, []byte("\n"))+1 {
			t.Fatalf("%q is on line %d, column %d of:\n%s", p, node.Line, node.Column, text)
		}
		value := [...]*edit.Node{edit.Text(tricky()), edit.Strings(tricky(), tricky()), edit.Object(edit.Pair("A b", tricky())), edit.Object(),
			edit.Strings()}[random.IntN(5)]
		switch node.Kind {
		case edit.String:
			if len(p) == 0 {
				return
			}
			if changed, err := f.Set(p, edit.Text(tricky())); !fails(err, "setting", p) {
				outside(t, text, changed.Text(), p, node)
				made++
			}
		case edit.List:
			items := []string{tricky(), tricky()}[:1+random.IntN(2)]
			changed, err := f.Prepend(p, items...)
			if fails(err, "prepending to", p) {
				break
			}
			inserted(t, text, changed.Text(), p)
			back, err := changed.Drop(p, len(items))
			if !fails(err, "dropping from", p) {
				same(t, text, changed.Text(), back.Text(), p)
			}
			made++
			if _, err := f.Drop(p, random.IntN(len(node.Items)+1)); !fails(err, "dropping items of", p) {
				made++
			}
		case edit.Map:
			name := append(append(edit.Path{}, p...), tricky()+"new")
			changed, err := f.Set(name, value)
			if fails(err, "adding", name) {
				break
			}
			inserted(t, text, changed.Text(), name)
			back, err := changed.Delete(name)
			if !fails(err, "deleting", name) {
				same(t, text, changed.Text(), back.Text(), name)
			}
			made++
		}
		if len(p) == 0 {
			return
		}
		if _, err := f.Set(p, value); !fails(err, "replacing", p) {
			made++
		}
		if above := f.Get(p[:len(p)-1]); above.Kind == edit.Map {
			if _, err := f.Delete(p); !fails(err, "deleting", p) {
				made++
			}
		}
	})
	return made
}

// each calls a function with each value and its path.
func each(node *edit.Node, p edit.Path, do func(edit.Path, *edit.Node)) {
	do(p, node)
	for i, item := range node.Items {
		each(item, append(p[:len(p):len(p)], strconv.Itoa(i)), do)
	}
	for _, m := range node.Members {
		each(m.Value, append(p[:len(p):len(p)], m.Name), do)
	}
}

// common returns how many bytes two texts share at their beginnings and, of the rest, at their ends.
func common(a, b []byte) (head, tail int) {
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// inserted fails unless one piece of text was added to before.
func inserted(t *testing.T, before, after []byte, p edit.Path) {
	t.Helper()
	if head, tail := common(before, after); head+tail != len(before) {
		t.Fatalf("%q: this is gone: %q\n%s\n->\n%s", p, before[head:len(before)-tail], before, after)
	}
}

// outside fails if what is gone begins before the value that was replaced, or is longer than it can be.
func outside(t *testing.T, before, after []byte, p edit.Path, node *edit.Node) {
	t.Helper()
	start := 0
	for range node.Line - 1 {
		start += bytes.IndexByte(before[start:], '\n') + 1
	}
	start += len(string([]rune(string(before[start:]))[:node.Column-1]))
	head, tail := common(before, after)
	gone := before[head : len(before)-tail]
	block := bytes.HasPrefix(before[start:], []byte("|")) || bytes.HasPrefix(before[start:], []byte(">"))
	if len(gone) > 0 && (head < start || !block && len(gone) > 10*len(node.Text)+8) {
		t.Fatalf("%q: this is gone: %q\n%q\n->\n%q", p, gone, before, after)
	}
}

func same(t *testing.T, before, changed, back []byte, p edit.Path) {
	t.Helper()
	if !bytes.Equal(before, back) {
		t.Fatalf("%q:\n%q\n->\n%q\n->\n%q", p, before, changed, back)
	}
}
