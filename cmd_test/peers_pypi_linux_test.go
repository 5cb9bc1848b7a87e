package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeersPyPI installs the wheel into a virtual environment in an empty home. The command is the program itself, byte by byte, and
// nothing of it is left after uninstalling.
func TestPeersPyPI(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		peerMissing(t, "python3 is not installed")
	}
	dist := releases(t)
	s := shell{newHome(t), []string{"PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_ROOT_USER_ACTION=ignore"}}
	if out, err := s.try(python, "-m", "venv", s.at("env")); err != nil {
		peerMissing(t, "python3 -m venv, of the Debian package python3-venv, fails: "+out)
	}
	files := func() string {
		return s.run(t, "find", s.at("env"), "-not", "-name", "*.pyc", "-not", "-name", "__pycache__")
	}
	before, pip := files(), []string{s.at("env/bin/python"), "-m", "pip"}
	s.run(t, append(pip, "install", "--no-index", "--find-links", filepath.Join(dist, "pypi"), "--pre", "spanpipe")...)
	command := s.at("env/bin/spanpipe")
	info, err := os.Stat(command)
	if err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Fatalf("the command: %v, %v", info, err)
	}
	if os.Getenv("SPANPIPE_TEST_DIST") == "" && !bytes.Equal(read(t, command), read(t, binary(t))) {
		t.Error("the command is not the program that was packed")
	}
	if got := s.run(t, command, "version"); !strings.HasPrefix(got, "spanpipe ") {
		t.Errorf("spanpipe version: %s", got)
	}
	shown := s.run(t, append(pip, "show", "--files", "spanpipe")...)
	for _, want := range []string{"Name: spanpipe\n", "bin/spanpipe\n", ".dist-info/licenses/LICENSE\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("pip show: no %q in\n%s", want, shown)
		}
	}
	runTestsWith(t, command, lifeTables)
	if os.Getenv(peerNode) != "" {
		runTestsWith(t, command, realSession)
	}
	s.run(t, append(pip, "uninstall", "--yes", "spanpipe")...)
	if after := files(); after != before {
		t.Errorf("files after uninstalling:\n%s\nbefore installing:\n%s", after, before)
	}
}
