package proctree_test

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

var cast = mcptest.Cast{Roles: map[string]mcptest.Role{
	"wait": func([]string) int { _, _ = os.Stdin.Read(make([]byte, 1)); return 0 },
}}

func TestMain(m *testing.M) { os.Exit(cast.Run(m)) }

// TestAncestors looks up from a child of ours: we are its parent, and our parent is next.
func TestAncestors(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "darwin", "windows":
	default:
		t.Skip("ancestors are not found on this system")
	}
	line := cast.As(t, "wait")
	child := exec.Command(line[0], line[1:]...)
	in, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends the child
		_ = child.Wait()
	})
	all := slices.Collect(proctree.Ancestors(child.Process.Pid))
	if len(all) < 1 || all[0].PID != os.Getpid() || len(all) > 1 && all[1].PID != os.Getppid() || len(all) == 1 && os.Getppid() > 1 {
		t.Fatalf("the ancestors are %+v, want %d, %d, …", all, os.Getpid(), os.Getppid())
	}
	us := all[0]
	if runtime.GOOS == "windows" && us.Args == nil {
		us.Args = os.Args // wine does not know them
	}
	if !strings.Contains(us.Program, "proctree") || !slices.Equal(us.Args, os.Args) || us.Start == 0 || us.Parent != os.Getppid() {
		t.Errorf("we are %+v, want our program and %q", us, os.Args)
	}
	for i, p := range all {
		if i > 0 && (p.PID != all[i-1].Parent || p.Start > all[i-1].Start) {
			t.Errorf("%+v is no parent of %+v", p, all[i-1])
		}
	}
	if got := slices.Collect(proctree.Ancestors(1 << 30)); len(got) > 0 {
		t.Errorf("a process that does not exist has the ancestors %+v", got)
	}
	if runtime.GOOS != "windows" && proctree.Boot() == "" {
		t.Error("the start of the system is not known")
	}
}

func BenchmarkAncestors(b *testing.B) {
	for b.Loop() {
		for range proctree.Ancestors(os.Getpid()) {
		}
	}
}
