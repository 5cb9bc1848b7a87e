package backup_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/backup"
)

func all(int, int) bool { return true }

// TestRevert: what spanpipe has changed is taken back, and what others have changed since stays.
func TestRevert(t *testing.T) {
	const before = "{\n  a\n  cmd x\n}\n{\n  b\n  cmd y\n}"
	const left = "{\n  a\n  cmd spanpipe x\n  env\n}\n{\n  b\n  cmd spanpipe y\n  env\n}"
	for _, test := range []struct{ name, now, want string }{
		{"as it was left", left, before},
		{"a line before", "new\n" + left, "new\n" + before},
		{"a line behind, and the last line has an end", left + "\nnew\n", before + "\nnew\n"},
		{"one of two was changed", strings.Replace(left, "cmd spanpipe y", "cmd spanpipe z", 1),
			"{\n  a\n  cmd x\n}\n{\n  b\n  cmd spanpipe z\n  env\n}"},
		{"a line between", strings.Replace(left, "}\n{", "}\nnew\n{", 1), strings.Replace(before, "}\n{", "}\nnew\n{", 1)},
		{"all of it was removed", "", ""},
		{"the neighbours changed", strings.ReplaceAll(left, "}", "},"), strings.ReplaceAll(before, "}", "},")},
	} {
		if got := string(backup.Revert([]byte(before), []byte(left), []byte(test.now), all)); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if got := string(backup.Revert([]byte("a\nb\nc\n"), []byte("a\nc\n"), []byte("a\nb\nc\n"), all)); got != "a\nb\nc\n" {
		t.Errorf("what others have taken back already is taken back twice:\n%s", got)
	}
	const more = "{\n  [\n    x\n  ]\n  env spanpipe\n  timeout\n}\n{ spanpipe y }\n" // lines between that stand twice
	now := strings.Replace("{\n  timeout\n}\n"+more, "{ spanpipe", "new\n{ spanpipe", 1)
	if got := string(backup.Revert([]byte("{\n  timeout\n}\n"+strings.ReplaceAll(more, " spanpipe", "")), []byte("{\n  timeout\n}\n"+more), []byte(now), all)); got !=
		strings.ReplaceAll(now, " spanpipe", "") {
		t.Errorf("a line beside a change, behind lines that stand twice:\n%s", got)
	}
	first := func(_, to int) bool { return to <= 5 }
	want := "{\n  a\n  cmd x\n}\n{\n  b\n  cmd spanpipe y\n  env\n}"
	if got := string(backup.Revert([]byte(before), []byte(left), []byte(left), first)); got != want {
		t.Errorf("of the first alone: got\n%s\nwant\n%s", got, want)
	}
}

// TestRevertAny: whatever two texts are, a text that has not changed since becomes exactly what it was.
func TestRevertAny(t *testing.T) {
	text := func(r *rand.Rand) []byte {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString([]string{"a", "b", "{", "}", "", "\\ No newline at end of file", "@@ -1,1 +1,1 @@", "-", "+x"}[r.IntN(9)])
			b.WriteString([]string{"\n", "\r\n", "\n"}[r.IntN(3)])
		}
		if r.IntN(2) == 0 {
			b.WriteString("end")
		}
		return []byte(b.String())
	}
	for seed := range uint64(20000) {
		r := rand.New(rand.NewPCG(seed, 0))
		before, left := text(r), text(r)
		if got := backup.Revert(before, left, left, all); string(got) != string(before) {
			t.Fatalf("seed %d: before %q, left %q: got %q", seed, before, left, got)
		}
		if got := backup.Revert(before, left, before, all); string(before) == string(left) && string(got) != string(before) {
			t.Fatalf("seed %d: got %q", seed, got)
		}
	}
}
