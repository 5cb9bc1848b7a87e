package cmd_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// daemon is a program that runs until the test ends. Its output is logged if the test fails.
type daemon struct {
	t       *testing.T
	program string
	args    []string
	output  mcptest.Buffer
	cmd     *exec.Cmd
}

// background starts a program.
func background(t *testing.T, program string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, program: program, args: args}
	d.start()
	t.Cleanup(func() {
		d.kill() // its data is temporary
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(program), &d.output)
		}
	})
	return d
}

func (d *daemon) start() {
	d.t.Helper()
	d.cmd = exec.Command(d.program, d.args...)
	d.cmd.Env, d.cmd.Stdout, d.cmd.Stderr = cleanEnviron(), &d.output, &d.output
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
}

// kill ends the program as a crash does.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // it may have ended
	_ = d.cmd.Wait()
}

// stop ends the program as Docker does: it gets a SIGTERM, and has to exit with 0.
func (d *daemon) stop() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("%s: %v", filepath.Base(d.program), err)
	}
}

// adapted returns a file of deploy/ with other addresses, directories and intervals: each text is followed by what replaces it, and has
// to occur.
func adapted(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	text := readDeploy(t, name)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("deploy/%s has no %q", name, pairs[i])
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
