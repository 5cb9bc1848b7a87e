package wrap_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/wrap"
)

func refusedRows() []row {
	return []row{
		{"a name that is not in PATH", "127", refused(127, "starting \"nosuch\": no such file", "PATH", "nosuch")},
		{"a path where nothing is", "127", refused(127, "no such file", "no such file", "./nosuch")},
		{"a path through a file", "127", refused(127, "not a directory", "no such file", "./text/x")},
		{"a link to a file that does not exist", "127", refused(127, "no such file", "no such file", "./dangling")},
		{"a whole command line as one word", "127", refused(127, "no such file", "separately", "npx -y server")},
		{"a path with ~", "127", refused(127, "no such file", "~", "~/server")},
		{"an empty name", "127", refused(127, "no such file", "", "")},
		{"a file that is not executable", "126", refused(126, "permission denied", "chmod +x", "./text")},
		{"the same, found in PATH", "126", refused(126, "permission denied", "chmod +x", "text")},
		{"a directory", "126", refused(126, "permission denied", "directory", "./dir")},
		{"a file in a directory that the user may not enter", "126", testLocked},
		{"a script whose interpreter is missing", "126", refused(126, "no such file", "interpreter", "./orphaned")},
		{"a program for another machine", "126", refused(126, "exec format error", "machine", "./foreign")},
		{"arguments longer than the system takes", "126", testTooLong},
		{"a script without a first line that names its interpreter", "runs by /bin/sh, as execvp has it", runs("./plain-script")},
		{"a script found in PATH through an empty element", "runs, as execvp has it", runs("plain-script")},
		{"an unusable file before a usable one in PATH", "is passed over", runs("both")},
		{"no PATH in the environment", "the C library's default is searched", testNoPath},
		{"no command at all", "127", testNoCommand},
	}
}

// workshop makes a directory with files of all kinds.
func workshop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"text":         {"echo no", 0o644},
		"plain-script": {"echo ran \"$@\"\n", 0o755},
		"orphaned":     {"#!/no/such/interpreter\n", 0o755},
		"foreign":      {"\x7fELF\x02\x01\x01\x00 for no machine", 0o755},
		"dir/both":     {"echo no", 0o644},
		"dir2/both":    {"#!/bin/sh\necho ran \"$@\"\n", 0o755},
	} {
		_ = os.Mkdir(dir+"/dir", 0o755)
		_ = os.Mkdir(dir+"/dir2", 0o755)
		if err := os.WriteFile(dir+"/"+name, []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", dir+"/dangling"); err != nil {
		t.Fatal(err)
	}
	return dir
}

// refused wants a command not to start: by the relay and by exec alike, with a code, words of the error, and a hint.
func refused(code int, text, hint, name string) func(*testing.T) {
	return func(t *testing.T) {
		dir := workshop(t)
		for by, prefix := range map[string][]string{"wrapped": wrapped([]string{name}), "exec": as("exec", name)} {
			cmd := command(prefix)
			cmd.Dir, cmd.Env = dir, append(forCoverage(), "PATH=/no/such:/bin:"+dir)
			out, _ := cmd.CombinedOutput()
			lines := strings.Split(string(out), "\n")
			if cmd.ProcessState.ExitCode() != code || len(lines) < 2 ||
				!strings.Contains(lines[0], text) || !strings.Contains(lines[1], hint) {
				t.Errorf("%s: %v: %s", by, cmd.ProcessState, out)
			}
		}
	}
}

// testLocked takes the rights that let root into every directory.
func testLocked(t *testing.T) {
	locked := t.TempDir() + "/locked"
	if err := os.Mkdir(locked, 0); err != nil {
		t.Fatal(err)
	}
	line := wrapped([]string{locked + "/server"})
	if os.Getuid() == 0 {
		line = append([]string{"setpriv", "--bounding-set", "-dac_override,-dac_read_search"}, line...)
	}
	cmd := command(line)
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 126 || !strings.Contains(string(out), "permission denied") ||
		!strings.Contains(string(out), "directory") {
		t.Errorf("%v: %s", cmd.ProcessState, out)
	}
}

func runs(name string) func(*testing.T) {
	return func(t *testing.T) {
		dir := workshop(t)
		line := []string{name, "a b", "$HOME"}
		for prefix, line := range map[string][]string{"wrapped": wrapped(line), "exec": as("exec", line...)} {
			cmd := command(line)
			cmd.Dir, cmd.Env = dir, append(forCoverage(), "PATH=/bin:"+dir+"/dir:"+dir+"/dir2:", "HOME=/")
			if out, err := cmd.CombinedOutput(); string(out) != "ran a b $HOME\n" || err != nil {
				t.Errorf("%s: %q, %v", prefix, out, err)
			}
		}
	}
}

func testTooLong(t *testing.T) {
	_, err := wrap.Start(wrap.Config{Command: []string{"true", strings.Repeat("x", 1<<20)}, KeepOrphans: true})
	if code := reportStart(err); code != 126 || !errors.Is(err, syscall.E2BIG) {
		t.Errorf("%d, %v", code, err)
	}
}

func testNoPath(t *testing.T) {
	cmd := command(wrapped([]string{"echo", "found"}))
	cmd.Env = append(forCoverage(), "HOME=/")
	if out, err := cmd.CombinedOutput(); string(out) != "found\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func testNoCommand(t *testing.T) {
	_, err1 := wrap.Start(wrap.Config{})
	_, err2 := wrap.Exec(nil, nil)
	for _, err := range []error{err1, err2} {
		if code := reportStart(err); code != 127 {
			t.Errorf("%v", err)
		}
	}
}
