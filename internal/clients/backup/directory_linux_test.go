package backup_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadOnlyDirectory: where no file can be made beside a file, the error is that file's.
func TestReadOnlyDirectory(t *testing.T) {
	m := newMachine(t, original)
	dir := filepath.Dir(m.path)
	e := m.install()
	if err := os.MkdirAll(m.store.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	obeyModes(t, filepath.Dir(dir), dir, m.path, filepath.Dir(m.store.Dir), m.store.Dir) // the first is the parent of what TempDir made
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	_, err := m.store.Write(e)
	if inner, ok := errors.AsType[*fs.PathError](err); !ok || inner.Path != e.Path || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the error is %v", err)
	}
	if m.text() != original || len(m.kept()) != 0 {
		t.Errorf("the file is\n%s\nkept is %v", m.text(), m.kept())
	}
}

// obeyModes makes the test's thread another user, who owns the paths, if it is root, who can write everywhere.
func obeyModes(t *testing.T, paths ...string) {
	if os.Geteuid() != 0 {
		return
	}
	const other = 1234
	for _, path := range paths {
		if err := os.Chown(path, other, other); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	if err := unix.Setfsuid(other); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Setfsuid(0) // which never fails for root
		runtime.UnlockOSThread()
	})
}
