package cmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts in testdata/script, which use the command line as people do.
//
// Besides testscript's own commands they can use
//
//	exits CODE program args...   runs a program and expects its exit code
//	refuses program args...      runs a program that must reject its command line with exit code 2, nothing on stdout,
//	                             and one line and one hint on stderr
//
// Both set stdout and stderr as exec does. After a script, its home and its temporary directory must be empty.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use shell scripts as servers")
	}
	path := binary(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               func(env *testscript.Env) error { return setUpScript(env, path) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": scriptExits, "refuses": scriptRefuses,
		},
	})
}

func setUpScript(env *testscript.Env, product string) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(product, filepath.Join(bin, "spanpipe")); err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	if dir := os.Getenv("GOCOVERDIR"); dir != "" {
		env.Setenv("GOCOVERDIR", dir)
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+filepath.Join(env.WorkDir, "bin")+
		string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("HOME", home)
	name, bound, _ := strings.Cut(longFlush, "=")
	env.Setenv(name, bound)
	tmp := env.Getenv("TMPDIR")
	env.Defer(func() {
		for _, dir := range []string{home, tmp} {
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				env.T().Fatal("left behind in ", dir, ": ", left, err)
			}
		}
	})
	return nil
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := run(ts, args[1:]); got != want {
		ts.Fatalf("exit code = %d, want %d", got, want)
	}
}

// refusal matches the output for an invalid command line: the error and a hint.
var refusal = regexp.MustCompile(`\Aspanpipe: [^\n]+\nspanpipe: hint: [^\n]+\n\z`)

func scriptRefuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: refuses program args...")
	}
	if got := run(ts, args); got != 2 {
		ts.Fatalf("exit code = %d, want 2", got)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout = %q, want nothing", out)
	}
	if stderr := ts.ReadFile("stderr"); !refusal.MatchString(stderr) {
		ts.Fatalf("stderr = %q, want one line and a hint", stderr)
	}
}

// run runs a program and returns its exit code.
func run(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}
