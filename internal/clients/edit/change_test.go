package edit_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// change is one edit, and the one that takes it back.
type change struct {
	do   func(*edit.File) (*edit.File, error)
	undo func(*edit.File) (*edit.File, error)
}

func path(p string) edit.Path { return strings.Split(p, "/") }

// add sets a member that is new.
func add(p string, value *edit.Node) change {
	return change{
		func(f *edit.File) (*edit.File, error) { return f.Set(path(p), value) },
		func(f *edit.File) (*edit.File, error) { return f.Delete(path(p)) },
	}
}

// replace sets a value that is there: old is the way back.
func replace(p string, value, old *edit.Node) change {
	return change{
		func(f *edit.File) (*edit.File, error) { return f.Set(path(p), value) },
		func(f *edit.File) (*edit.File, error) { return f.Set(path(p), old) },
	}
}

// set sets a value that cannot be set back to the same bytes.
func set(p string, value *edit.Node) change {
	return change{do: func(f *edit.File) (*edit.File, error) { return f.Set(path(p), value) }}
}

func prepend(p string, items ...string) change {
	return change{
		func(f *edit.File) (*edit.File, error) { return f.Prepend(path(p), items...) },
		func(f *edit.File) (*edit.File, error) { return f.Drop(path(p), len(items)) },
	}
}

func drop(p string, n int) change {
	return change{do: func(f *edit.File) (*edit.File, error) { return f.Drop(path(p), n) }}
}

func remove(p string) change {
	return change{do: func(f *edit.File) (*edit.File, error) { return f.Delete(path(p)) }}
}

// changeCase is an edit of a text, with the text that it makes.
type changeCase struct {
	name, before string
	change       change
	after        string
}

// runChanges runs each case as it stands, with CRLF, with a byte order mark, and without its last line break.
func runChanges(t *testing.T, format edit.Format, cases []changeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			runChange(t, format, c.before, c.after, c.change)
			crlf := strings.NewReplacer("\n", "\r\n")
			runChange(t, format, crlf.Replace(c.before), crlf.Replace(c.after), c.change)
			runChange(t, format, "\ufeff"+c.before, "\ufeff"+c.after, c.change)
			before, cut := strings.CutSuffix(c.before, "\n")
			if after := strings.TrimSuffix(c.after, "\n"); cut && before != "" {
				runChange(t, format, before, after, c.change)
			}
		})
	}
}

func runChange(t *testing.T, format edit.Format, before, after string, c change) {
	t.Helper()
	f, err := edit.Parse(format, []byte(before))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, before)
	}
	changed, err := c.do(f)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, before)
	}
	if got := string(changed.Text()); got != after {
		t.Fatalf("before:\n%s\nafter:\n%q\n%s\nwant:\n%q\n%s", before, got, got, after, after)
	}
	if c.undo == nil {
		return
	}
	back, err := c.undo(changed)
	if err != nil {
		t.Fatalf("taking back: %v in:\n%s", err, after)
	}
	if got := string(back.Text()); got != before {
		t.Fatalf("after taking back:\n%q\nwant:\n%q", got, before)
	}
}

// runRefused runs edits that are errors.
func runRefused(t *testing.T, format edit.Format, cases []changeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := edit.Parse(format, []byte(c.before))
			if err == nil {
				f, err = c.change.do(f)
			}
			if err == nil {
				t.Fatalf("no error, but:\n%s", f.Text())
			}
			if err.Error() != c.after {
				t.Fatalf("error %q, want %q", err, c.after)
			}
		})
	}
}

// replaceOnce replaces what a text has once.
func replaceOnce(t *testing.T, text, old, now string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q stands %d times in the text", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, now, 1)
}
