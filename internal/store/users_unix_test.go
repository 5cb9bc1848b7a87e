//go:build unix

package store_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/store"
)

// Users that exist as numbers alone.
const (
	alice = 40_001
	bob   = 40_002
)

// asUser makes a process one of another user, who must be able to run the test binary.
func asUser(t *testing.T, uid uint32) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be several users")
	}
	binary := filepath.Join(openDir(t), "store.test")
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	counters := openDir(t)
	if err := os.Chmod(counters, 0o777); err != nil {
		t.Fatal(err)
	}
	return func(c *exec.Cmd) {
		c.Path, c.Dir = binary, "/"
		c.Env = append(c.Environ(), "GOCOVERDIR="+counters) // with -cover: that of the test is not the user's
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
}

// openDir returns a directory that all users can enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// refused runs a session in a directory that it cannot use: it loses everything, reports that in one line with the path and
// what to do, and ends as usual.
func refused(t *testing.T, dir, path string, change func(*exec.Cmd)) {
	t.Helper()
	p := start(t, dir, change)
	p.say("call 10", "flush", "call 10", "flush", "close")
	p.hear(t)
	p.hear(t)
	if line := p.hear(t); line != "closed 20 20" {
		t.Error(line)
	}
	stderr := p.end()
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, path) || !strings.Contains(stderr, "hint=") {
		t.Error(stderr)
	}
}

// TestReadOnly: nothing can be written to the directory, or to the one in which it would be.
func TestReadOnly(t *testing.T) {
	var change func(*exec.Cmd)
	parent := openDir(t)
	if os.Geteuid() == 0 { // whom permissions do not stop
		change = asUser(t, alice)
	} else if err := os.Chmod(parent, 0o500); err != nil {
		t.Fatal(err)
	}
	refused(t, parent, parent, change)
	refused(t, filepath.Join(parent, "new"), filepath.Join(parent, "new"), change)
}

// TestTwoUsers: a store that two users name is the first one's. The other gets a warning, and its session goes on.
func TestTwoUsers(t *testing.T) {
	parent := openDir(t)
	if err := os.Chmod(parent, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "store")
	p := start(t, dir, asUser(t, alice))
	p.say("call 10", "close")
	if line := p.hear(t); line != "closed 0 0" {
		t.Error(line)
	}
	if stderr := p.end(); stderr != "" {
		t.Error(stderr)
	}
	before := tree(t, dir)
	refused(t, dir, dir, asUser(t, bob))
	if after := tree(t, dir); after != before {
		t.Errorf("%s\nhas become\n%s", before, after)
	}
}

// TestAfterSudo: root has stored a session in a user's store, which is then root's. The user's sessions are not disturbed.
func TestAfterSudo(t *testing.T) {
	home := openDir(t)
	change := asUser(t, alice)
	if err := os.Chown(home, alice, alice); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "store")
	p := start(t, dir, nil) // as root
	p.say("call 10", "close")
	p.hear(t)
	p.end()
	refused(t, dir, dir, change)

	// In a store that exists, only root's session is root's.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*exec.Cmd){change, nil, change} {
		p := start(t, dir, change)
		p.say("call 10", "close")
		if line := p.hear(t); line != "closed 0 0" {
			t.Error(line)
		}
		if stderr := p.end(); stderr != "" {
			t.Error(stderr)
		}
	}
	if all, err := store.Open(dir).Sessions(); err != nil || len(all) != 3 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}
