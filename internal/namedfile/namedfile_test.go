package namedfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// TestRead: a regular file is read as a whole, or not at all. No error names the file.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 2048)), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, mode, err := namedfile.Read(path, 2048); len(text) != 2048 || err != nil || !mode.IsRegular() {
		t.Errorf("%d bytes, mode %v: %v", len(text), mode, err)
	}
	for name, test := range map[string]struct {
		path string
		most int64
		want string
	}{
		"too large":   {path, 1024, "it is larger than 1 KiB"},
		"a directory": {dir, 1024, "it is not a regular file"},
	} {
		if _, _, err := namedfile.Read(test.path, test.most); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, _, err := namedfile.Read(path+"x", 1024); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("without a file: %v", err)
	}
}

// TestWithin: what is there in time has its own result; what hangs is waited for as long as it may take.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 500 * time.Millisecond
		end, start := make(chan struct{}), time.Now()
		defer close(end)
		slow := namedfile.Slow(bound)
		if got, err := namedfile.Within(bound, slow, func() (string, error) { return "text", fs.ErrInvalid }); got != "text" || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q, %v", got, err)
		}
		got, err := namedfile.Within(bound, slow, func() (string, error) { <-end; return "late", nil })
		if got != "" || err == nil || err.Error() != "it could not be read within 500ms" {
			t.Errorf("%q, %v", got, err)
		}
		if passed := time.Since(start); passed != bound {
			t.Errorf("it took %v", passed)
		}
	})
}

// TestWithinPanics: a panic is one of the goroutine that waits, so that what guards a session's telemetry catches it.
func TestWithinPanics(t *testing.T) {
	defer func() {
		if got := recover(); got != "broken" {
			t.Errorf("recovered %v", got)
		}
	}()
	_, _ = namedfile.Within(time.Hour, nil, func() (bool, error) { panic("broken") })
	t.Error("no panic")
}
