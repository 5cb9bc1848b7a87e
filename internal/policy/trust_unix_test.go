//go:build !windows

package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/policy"
)

// TestTrust: a policy counts only if its owner alone could have written it. Every other one is an error, and none is a policy.
func TestTrust(t *testing.T) {
	const text = "version: 1\n"
	self := uint32(os.Getuid())
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string) // of a directory with a trusted etc/spanpipe/policy.yaml
		uid    uint32
		want   string // the error; empty: it is a policy
	}{
		{name: "as it should be", uid: self},
		{name: "readable by its owner alone", uid: self, change: chmod("etc/spanpipe/policy.yaml", 0o600)},
		{name: "of another user", uid: self + 1, want: "belongs to user"},
		{name: "a group can write it", uid: self, change: chmod("etc/spanpipe/policy.yaml", 0o664), want: "policy.yaml can be written by others"},
		{name: "others can write it", uid: self, change: chmod("etc/spanpipe/policy.yaml", 0o646), want: "policy.yaml can be written by others"},
		{name: "others can write its directory", uid: self, change: chmod("etc/spanpipe", 0o757), want: "spanpipe can be written by others"},
		{name: "a directory above, even with the sticky bit", uid: self, change: chmod("etc", 0o777|os.ModeSticky), want: "etc can be written by others"},
		{name: "a link to a trusted file", uid: self, change: func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/etc/spanpipe/policy.yaml", dir+"/etc/real.yaml"))
			must(t, os.Symlink("../real.yaml", dir+"/etc/spanpipe/policy.yaml"))
		}},
		{name: "a directory that is a link", uid: self, change: func(t *testing.T, dir string) {
			must(t, os.Rename(dir+"/etc/spanpipe", dir+"/etc/real"))
			must(t, os.Symlink(dir+"/etc/real", dir+"/etc/spanpipe"))
		}},
		{name: "a link into a directory that others can write", uid: self, change: func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir+"/tmp", 0o700))
			must(t, os.Rename(dir+"/etc/spanpipe/policy.yaml", dir+"/tmp/policy.yaml"))
			must(t, os.Chmod(dir+"/tmp", 0o777|os.ModeSticky))
			must(t, os.Symlink("../../tmp/policy.yaml", dir+"/etc/spanpipe/policy.yaml"))
		}, want: "tmp can be written by others"},
		{name: "a link through a directory that others can write", uid: self, change: func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir+"/tmp", 0o700))
			must(t, os.Rename(dir+"/etc/spanpipe/policy.yaml", dir+"/etc/real.yaml"))
			must(t, os.Symlink("../etc/real.yaml", dir+"/tmp/link"))
			must(t, os.Chmod(dir+"/tmp", 0o777))
			must(t, os.Symlink(dir+"/tmp/link", dir+"/etc/spanpipe/policy.yaml"))
		}, want: "tmp can be written by others"},
		{name: "a directory that is a link to nothing", uid: self, change: func(t *testing.T, dir string) {
			must(t, os.RemoveAll(dir+"/etc/spanpipe"))
			must(t, os.Symlink("../not-mounted", dir+"/etc/spanpipe"))
		}, want: "no such file"},
		{name: "a link to nothing", uid: self, change: replaced(func(path string) error { return os.Symlink("gone", path) }),
			want: "no such file"},
		{name: "a link to itself", uid: self, change: replaced(func(path string) error { return os.Symlink(path, path) }),
			want: "too many symbolic links"},
		{name: "a directory", uid: self, change: replaced(func(path string) error { return os.Mkdir(path, 0o700) }),
			want: "is not a regular file"},
		{name: "a pipe that is not written", uid: self, change: replaced(func(path string) error { return unix.Mkfifo(path, 0o600) }),
			want: "is not a regular file"},
		{name: "too large", uid: self, change: replaced(func(path string) error {
			return os.WriteFile(path, []byte(text+strings.Repeat("#", policy.MaxFile)), 0o600)
		}), want: "larger than 64 KiB"},
		{name: "a mistake", uid: self, change: replaced(func(path string) error { return os.WriteFile(path, []byte("version: 2"), 0o600) }),
			want: "1:10: want version: 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			must(t, os.MkdirAll(dir+"/etc/spanpipe", 0o755))
			path := dir + "/etc/spanpipe/policy.yaml"
			must(t, os.WriteFile(path, []byte(text), 0o644))
			if test.change != nil {
				test.change(t, dir)
			}
			p, err := policy.ReadOwned(path, dir, test.uid)
			if test.want == "" && (err != nil || p == nil) {
				t.Errorf("%v, %v", p, err)
			} else if test.want != "" && (p != nil || err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, %v, want %s", p, err, test.want)
			}
		})
	}
}

// TestTrustOfOthers: what a way to the policy leads through belongs to its owner: a directory, the file, and a link, which another user
// could lead elsewhere.
func TestTrustOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users")
	}
	for _, given := range []string{"etc", "etc/spanpipe", "etc/real", "etc/real/policy.yaml", "etc/real/file.yaml"} {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		must(t, err)
		must(t, os.MkdirAll(dir+"/etc/real", 0o755))
		must(t, os.WriteFile(dir+"/etc/real/file.yaml", []byte("version: 1\n"), 0o644))
		must(t, os.Symlink("file.yaml", dir+"/etc/real/policy.yaml"))
		must(t, os.Symlink("real", dir+"/etc/spanpipe"))
		path := dir + "/etc/spanpipe/policy.yaml"
		if p, err := policy.ReadOwned(path, dir, 0); p == nil || err != nil {
			t.Fatalf("%v, %v", p, err)
		}
		must(t, os.Lchown(filepath.Join(dir, given), 1, 1))
		if p, err := policy.ReadOwned(path, dir, 0); p != nil || err == nil || !strings.Contains(err.Error(), "belongs to user 1 and not to root") {
			t.Errorf("with %s of another user: %v, %v", given, p, err)
		}
	}
}

// TestUnreadable: a policy that this user may not read is an error, and not none.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	path := filepath.Join(dir, "policy.yaml")
	must(t, os.WriteFile(path, []byte("version: 1\n"), 0o200))
	if p, err := policy.ReadOwned(path, dir, uint32(os.Getuid())); p != nil || err == nil {
		t.Errorf("%v, %v", p, err)
	}
}

// TestAbsent: no file is no policy, wherever it is missing.
func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for _, path := range []string{"policy.yaml", "a/b/policy.yaml", "file/policy.yaml"} {
		if p, err := policy.ReadOwned(filepath.Join(dir, path), dir, uint32(os.Getuid())); p != nil || err != nil {
			t.Errorf("%s: %v, %v", path, p, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func chmod(path string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, path), mode)) }
}

func replaced(write func(path string) error) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		path := dir + "/etc/spanpipe/policy.yaml"
		must(t, os.Remove(path))
		must(t, write(path))
	}
}
