//go:build unix

package backup_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReadOnlyDirectory: where no file can be made beside a file, the error is that file's.
func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root can write everywhere")
	}
	m := newMachine(t, original)
	e := m.install()
	if err := errors.Join(os.MkdirAll(m.store.Dir, 0o700), os.Chmod(filepath.Dir(m.path), 0o500)); err != nil {
		t.Fatal(err)
	}
	_, err := m.store.Write(e)
	if inner, ok := errors.AsType[*fs.PathError](err); !ok || inner.Path != e.Path || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the error is %v", err)
	}
	if m.text() != original || len(m.kept()) != 0 {
		t.Errorf("the file is\n%s\nkept is %v", m.text(), m.kept())
	}
	_ = os.Chmod(filepath.Dir(m.path), 0o700)
}
