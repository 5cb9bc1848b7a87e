package backup_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

// TestOpenElsewhere: a file that another process has open, and lets no other open, is written when that has closed it.
func TestOpenElsewhere(t *testing.T) {
	m := newMachine(t, original)
	e := m.install()
	name, err := windows.UTF16PtrFromString(m.path)
	if err != nil {
		t.Fatal(err)
	}
	const alone = 0 // shared with no other
	h, err := windows.CreateFile(name, windows.GENERIC_READ, alone, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		t.Fatal(err)
	}
	closed := time.AfterFunc(200*time.Millisecond, func() { _ = windows.CloseHandle(h) })
	defer closed.Stop()
	m.write(e)
	if !strings.Contains(m.text(), "spanpipe") || len(m.beside()) != 0 {
		t.Errorf("beside it are %v, and the file is\n%s", m.beside(), m.text())
	}
}
