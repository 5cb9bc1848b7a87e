package cli_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// promised returns every name that docs/stability.md promises to keep, a line each, sorted.
func promised() (names []string) {
	add := func(kind string, all ...string) {
		for _, name := range all {
			names = append(names, kind+" "+name)
		}
	}
	for _, s := range cli.Settings() {
		add("variable", s.Variable())
		add("setting", "--"+s.Flag)
	}
	for _, c := range cli.Commands() {
		add("command", c.Name)
		for _, f := range c.Flags {
			add("flag", c.Name+" "+f)
		}
	}
	add("span", semconv.SessionSpan, semconv.SessionFailed)
	for _, all := range [][]semconv.Attribute{
		semconv.OperationAttributes(), semconv.ContentAttributes(), semconv.SessionAttributes(), semconv.ResourceAttributes(),
		semconv.FailureAttributes(),
	} {
		for _, a := range all {
			add("attribute", a.Key)
		}
	}
	for _, i := range semconv.Instruments() {
		add("metric", i.Name+" "+i.Unit)
		for _, a := range i.Attributes {
			add("metric", i.Name+" {"+a+"}")
		}
	}
	for _, r := range semconv.Records() {
		add("event", r.Event)
	}
	for kind, all := range map[string][]semconv.Word{
		"error.type": semconv.ErrorTypes(), "stall": semconv.Stalls(), "loss": semconv.LossReasons(),
	} {
		for _, w := range all {
			add(kind, w.Value)
		}
	}
	for _, v := range semconv.Violations() {
		add("violation", v.Kind)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestPromised: no name that was promised is gone. Testdata/promised.txt has those of the latest release, and before the first
// one those of the present code. With -update it gets new names, which is a step of docs/releasing.md; it never loses one by
// that. A name may go as docs/stability.md says, and is then removed by hand.
func TestPromised(t *testing.T) {
	const file = "testdata/promised.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept, names := strings.Split(strings.TrimSpace(string(text)), "\n"), promised()
	for _, name := range kept {
		if _, there := slices.BinarySearch(names, name); !there {
			t.Errorf("%s is gone, and was promised: see docs/stability.md", name)
		}
	}
	if len(kept) < 200 {
		t.Errorf("only %d names are promised", len(kept))
	}
	if *update {
		all := slices.Concat(kept, names)
		slices.Sort(all)
		if err := os.WriteFile(file, []byte(strings.Join(slices.Compact(all), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
