//go:build unix

package backup_test

import (
	"os"
	"syscall"
	"testing"
)

// TestOwner: a file of another user stays that user's.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	m := newMachine(t, original)
	if err := os.Chown(m.path, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	m.write(m.install())
	info, err := os.Stat(m.path)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 1234 || s.Gid != 2345 {
		t.Errorf("it belongs to %+v", info.Sys())
	}
}

// TestHardLink: another name of a file keeps the old text, which is reported.
func TestHardLink(t *testing.T) {
	m := newMachine(t, original)
	other := m.path + ".other"
	if err := os.Link(m.path, other); err != nil {
		t.Fatal(err)
	}
	if linked, err := m.store.Write(m.install()); !linked || err != nil {
		t.Errorf("linked: %v, %v", linked, err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != original {
		t.Errorf("its other name has %s, %v", text, err)
	}
	if linked, err := m.store.Write(m.undo(everything)); linked || err != nil { // it has one name now
		t.Errorf("linked: %v, %v", linked, err)
	}
}
