package edit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// generated runs a check with files from a generator, each from a seed of its own. A failure names the seed and has the file.
func generated(t *testing.T, files int, generate func(*rand.Rand) []byte, check func(testing.TB, *rand.Rand, []byte)) {
	t.Helper()
	if testing.Short() {
		files /= 10
	}
	for seed := range files {
		text := generate(seeded(seed))
		ok := t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { check(t, seeded(seed), text) })
		if !ok {
			t.Fatalf("seed %d, the file:\n%s\n%q", seed, text, text)
		}
	}
}

func seeded(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 16)) }

// values returns the paths to all values of a file.
func values(f *edit.File) (all []edit.Path) {
	each(f.Root(), nil, func(p edit.Path, _ *edit.Node) { all = append(all, p) })
	return all
}

func parsed(t testing.TB, format edit.Format, text []byte) *edit.File {
	t.Helper()
	f, err := edit.Parse(format, text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if !bytes.Equal(f.Text(), text) {
		t.Fatalf("the text of a parsed file is another:\n%q\n%q", f.Text(), text)
	}
	return f
}

// checkEveryEdit makes every kind of edit at every value of a file, in a format that allows them all. Each must be possible, must
// leave all outside the value as it is, and must be undone to the last byte by its inverse.
func checkEveryEdit(t testing.TB, random *rand.Rand, format edit.Format, text []byte) {
	t.Helper()
	f := parsed(t, format, text)
	for _, p := range values(f) {
		switch n := f.Get(p); n.Kind {
		case edit.Map:
			checkAdd(t, random, f, p)
			checkPart(t, random, f, p)
			for _, m := range n.Members {
				checkDelete(t, f, append(slices.Clip(p), m.Name), m)
			}
		case edit.List:
			checkPrepend(t, random, f, p)
		}
		if len(p) > 0 {
			checkReplace(t, random, f, p)
		}
	}
}

// newValue returns a value to write.
func newValue(random *rand.Rand) *edit.Node {
	tricky := func() string { return trickyTexts[random.IntN(len(trickyTexts))] }
	return pick(random, edit.Text(tricky()), edit.Strings(), edit.Strings(tricky(), tricky()), edit.Object(),
		edit.Object(edit.Pair("SPANPIPE_TELEMETRY", "local"), edit.Pair("", tricky())))
}

func checkAdd(t testing.TB, random *rand.Rand, f *edit.File, p edit.Path) {
	t.Helper()
	added, err := f.Set(append(slices.Clip(p), "SPANPIPE new"), newValue(random))
	if err != nil {
		t.Fatalf("adding to %q: %v", p, err)
	}
	again, err := added.Set(append(slices.Clip(p), "another"), newValue(random))
	if err != nil {
		t.Fatalf("adding twice to %q: %v\n%s", p, err, added.Text())
	}
	back, err := again.Delete(append(slices.Clip(p), "another"))
	if err != nil {
		t.Fatalf("deleting what was added to %q: %v\n%s", p, err, again.Text())
	}
	sameFile(t, fmt.Sprintf("adding a second to %q and deleting it", p), again, added, back)
	if back, err = back.Delete(append(slices.Clip(p), "SPANPIPE new")); err != nil {
		t.Fatalf("deleting what was added to %q: %v\n%s", p, err, added.Text())
	}
	sameFile(t, fmt.Sprintf("adding to %q and deleting it", p), added, f, back)
}

// checkPart makes several edits of the value at p at once: they see nothing but the value, and change nothing else.
func checkPart(t testing.TB, random *rand.Rand, f *edit.File, p edit.Path) {
	t.Helper()
	start, end := edit.Range(f.Get(p))
	first, second := append(slices.Clip(p), "SPANPIPE new"), append(slices.Clip(p), "another")
	value := newValue(random)
	changed, err := f.Edit(p, func(part *edit.File) (*edit.File, error) {
		if !bytes.Equal(part.Text(), body(f)[start:end]) {
			t.Errorf("the part at %q is %q", p, part.Text())
		}
		part, err := part.Set(first, value)
		if err != nil {
			return nil, err
		}
		return part.Set(second, part.Get(first))
	})
	if err != nil {
		t.Fatalf("editing %q: %v", p, err)
	}
	if changed.Get(second) == nil || !bytes.HasPrefix(body(changed), body(f)[:start]) || !bytes.HasSuffix(body(changed), body(f)[end:]) {
		t.Fatalf("editing %q has changed more than the value:\n%s", p, changed.Text())
	}
	back, err := changed.Edit(p, func(part *edit.File) (*edit.File, error) {
		part, err := part.Delete(second)
		if err != nil {
			return nil, err
		}
		return part.Delete(first)
	})
	if err != nil {
		t.Fatalf("undoing what was edited at %q: %v\n%s", p, err, changed.Text())
	}
	sameFile(t, fmt.Sprintf("editing %q and undoing it", p), changed, f, back)
}

func checkPrepend(t testing.TB, random *rand.Rand, f *edit.File, p edit.Path) {
	t.Helper()
	items := []string{"--", "npx \"q\"", "", "é\\"}[:1+random.IntN(4)]
	longer, err := f.Prepend(p, items...)
	if err != nil {
		t.Fatalf("prepending to %q: %v", p, err)
	}
	if got := longer.Get(p); len(got.Items) != len(items)+len(f.Get(p).Items) || got.Items[0].Text != "--" {
		t.Fatalf("prepending to %q: %+v", p, got)
	}
	back, err := longer.Drop(p, len(items))
	if err != nil {
		t.Fatalf("dropping from %q: %v\n%s", p, err, longer.Text())
	}
	sameFile(t, fmt.Sprintf("prepending to %q and dropping it", p), longer, f, back)
	for n := range len(f.Get(p).Items) + 1 {
		shorter, err := f.Drop(p, n)
		if err != nil {
			t.Fatalf("dropping %d of %q: %v", n, p, err)
		}
		if got := len(shorter.Get(p).Items); got != len(f.Get(p).Items)-n {
			t.Fatalf("dropping %d of %q: %d are left", n, p, got)
		}
	}
}

func checkReplace(t testing.TB, random *rand.Rand, f *edit.File, p edit.Path) {
	t.Helper()
	changed, err := f.Set(p, newValue(random))
	if err != nil {
		t.Fatalf("setting %q: %v", p, err)
	}
	start, end := edit.Range(f.Get(p))
	body := body(f)
	if got := changed.Text(); !bytes.HasPrefix(got, f.Text()[:len(f.Text())-len(body)+start]) || !bytes.HasSuffix(got, body[end:]) {
		t.Fatalf("setting %q has changed more than the value:\n%s", p, got)
	}
}

// comment is what generators write into each comment, with another number.
var comment = regexp.MustCompile(`c\d+c`)

func checkDelete(t testing.TB, f *edit.File, p edit.Path, m *edit.Member) {
	t.Helper()
	less, err := f.Delete(p)
	if err != nil {
		t.Fatalf("deleting %q: %v", p, err)
	}
	if less.Get(p) != nil {
		t.Fatalf("%q was not deleted:\n%s", p, less.Text())
	}
	start, end := edit.MemberRange(m)
	outside := string(body(f)[:start]) + string(body(f)[end:])
	for _, c := range comment.FindAllString(outside, -1) {
		if !bytes.Contains(less.Text(), []byte(c)) {
			t.Fatalf("deleting %q has removed the comment %s:\n%s", p, c, less.Text())
		}
	}
	for i := range strings.Count(outside, "\n") - strings.Count(string(less.Text()), "\n") {
		if i > 1 {
			t.Fatalf("deleting %q has removed more than its line:\n%s", p, less.Text())
		}
	}
}

func body(f *edit.File) []byte { return bytes.TrimPrefix(f.Text(), []byte("\ufeff")) }

func sameFile(t testing.TB, what string, between, want, got *edit.File) {
	t.Helper()
	if !bytes.Equal(got.Text(), want.Text()) {
		t.Fatalf("%s gives another text:\n%q\n%q\nby way of\n%q", what, want.Text(), got.Text(), between.Text())
	}
}

// checkWrap edits each map with a command as a wrapper's installer does, and undoes that in another order. It returns how many
// were the same bytes again: not those whose command had been written in another way than it is written here.
func checkWrap(t testing.TB, format edit.Format, text []byte) (restored int) {
	t.Helper()
	f := parsed(t, format, text)
	for _, p := range values(f) {
		below := func(name ...string) edit.Path { return append(slices.Clip(p), name...) }
		command, args, env := f.Get(below("command")), f.Get(below("args")), f.Get(below("env"))
		if command == nil || command.Kind != edit.String || args == nil || args.Kind != edit.List || env != nil && env.Kind != edit.Map {
			continue
		}
		start, end := edit.Range(command)
		literal := string(body(f)[start:end])
		variable := below("env", "SPANPIPE_TELEMETRY")
		edits := []func(*edit.File) (*edit.File, error){
			func(f *edit.File) (*edit.File, error) { return f.Prepend(below("args"), "--", command.Text) },
			func(f *edit.File) (*edit.File, error) {
				return f.Set(below("command"), edit.Text("/usr/local/bin/spanpipe"))
			},
			func(f *edit.File) (*edit.File, error) {
				if env == nil {
					return f.Set(below("env"), edit.Object(edit.Pair("SPANPIPE_TELEMETRY", "local")))
				}
				return f.Set(variable, edit.Text("local"))
			},
			func(f *edit.File) (*edit.File, error) { return f.Drop(below("args"), 2) },
			func(f *edit.File) (*edit.File, error) {
				if env == nil {
					return f.Delete(below("env"))
				}
				return f.Delete(variable)
			},
			func(f *edit.File) (*edit.File, error) { return f.Set(below("command"), command) },
		}
		edited := f
		for i, step := range edits {
			next, err := step(edited)
			if err != nil {
				t.Fatalf("wrapping %q, step %d: %v in\n%s", p, i, err, edited.Text())
			}
			edited = next
		}
		if start, end := edit.Range(edited.Get(below("command"))); string(body(edited)[start:end]) != literal {
			continue
		}
		sameFile(t, fmt.Sprintf("wrapping and unwrapping %q", p), f, f, edited)
		restored++
	}
	return restored
}

// checkSequence makes random edits one after another, and undoes them in the opposite order.
func checkSequence(t testing.TB, random *rand.Rand, f *edit.File) {
	t.Helper()
	type step struct {
		before *edit.File
		undo   func(*edit.File) (*edit.File, error)
	}
	var steps []step
	for i := range 8 {
		paths := values(f)
		p := paths[random.IntN(len(paths))]
		var next *edit.File
		var err error
		var undo func(*edit.File) (*edit.File, error)
		switch n := f.Get(p); n.Kind {
		case edit.Map:
			name := append(slices.Clip(p), fmt.Sprintf("new.%d", i))
			next, err = f.Set(name, newValue(random))
			undo = func(f *edit.File) (*edit.File, error) { return f.Delete(name) }
		case edit.List:
			next, err = f.Prepend(p, "--", "x")
			undo = func(f *edit.File) (*edit.File, error) { return f.Drop(p, 2) }
		default:
			continue
		}
		if err != nil {
			t.Fatalf("step %d, at %q: %v in\n%q", i, p, err, f.Text())
		}
		steps = append(steps, step{f, undo})
		f = next
	}
	for _, s := range slices.Backward(steps) {
		back, err := s.undo(f)
		if err != nil {
			t.Fatalf("undoing: %v in\n%q", err, f.Text())
		}
		sameFile(t, "undoing a step", f, s.before, back)
		f = back
	}
}

// TestWrap: in whatever form an entry is written, it is wrapped and unwrapped to the same bytes.
func TestWrap(t *testing.T) {
	for format, files := range map[edit.Format][]string{
		edit.TOML: {
			codex,
			"[mcp_servers.a]\r\ncommand = 'npx' # c\r\nargs = ['x']\r\n\r\n[mcp_servers.a.env]\r\nA='b'",
			"mcp_servers.a.command = 'npx'\nmcp_servers.a.args = ['x',\n # c\n 'y'\n]\nmcp_servers.a.env.B = '1'\n[x]\n",
			"[mcp_servers]\na = { command = \"npx\", args = [\"x\"], env = {} }\n",
			"[mcp_servers]\na={command=\"npx\",args=[],env={A=\"1\"}}",
		},
		edit.YAML: {
			continued,
			"mcpServers:\r\n- name: a\r\n  command: npx # c\r\n  args:\r\n  - x\r\n  env:\r\n    A: b # d",
			"mcpServers:\n  - {name: a, command: npx, args: [x], env: {}}\n  - name: b\n    command: 'n\\px'\n    args:\n      - |\n        x\n    env:\n" +
				"      A: |\n        b\n    # tail\n\n# end\n",
			"mcpServers:\n  a:\n    command: npx\n    args:\n    # head\n    - x\n    env:\n      # none\n      B: >-\n        x\n        y\n\n\nz: 1\n",
		},
	} {
		for _, text := range files {
			if checkWrap(t, format, []byte(text)) == 0 {
				t.Errorf("nothing was wrapped in\n%s", text)
			}
		}
	}
}
