package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/spanpipe/spanpipe/internal/store"
)

// TestSubkey: a purpose has the same key each time, and no other purpose has it.
func TestSubkey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "store")
	one, err := store.Open(dir).Subkey("one")
	if err != nil || len(one) < 32 {
		t.Fatal(one, err)
	}
	again, err := store.Open(dir).Subkey("one")
	if err != nil || !bytes.Equal(one, again) {
		t.Errorf("the key has become %x (%v)", again, err)
	}
	if other, err := store.Open(dir).Subkey("other"); err != nil || bytes.Equal(one, other) {
		t.Errorf("two purposes have the key %x (%v)", other, err)
	}
	if elsewhere, err := store.Open(t.TempDir()).Subkey("one"); err != nil || bytes.Equal(one, elsewhere) {
		t.Errorf("two stores have the key %x (%v)", elsewhere, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "key")); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Error(info, err)
	}
}

// TestSubkeyAtOnce: processes that make the key at the same time get the same one. A key that was written only in part is
// made again.
func TestSubkeyAtOnce(t *testing.T) {
	for _, before := range []string{"", "torn"} {
		dir := t.TempDir()
		if before != "" {
			if err := os.WriteFile(filepath.Join(dir, "key"), []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		keys := make([][]byte, 32)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() { // an open file of its own locks like a process of its own
				var err error
				if keys[i], err = store.Open(dir).Subkey("p"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, key := range keys {
			if !bytes.Equal(key, keys[0]) {
				t.Fatalf("keys %x and %x", key, keys[0])
			}
		}
	}
}

// TestSubkeyRefused: a key that another user may know is not used, and a symbolic link is not followed.
func TestSubkeyRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links are Unix'")
	}
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir).Subkey("p"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a symbolic link: %v", err)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the link was followed")
	}
	if err := os.WriteFile(target, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(target, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(target, filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir).Subkey("p"); err == nil || !strings.Contains(err.Error(), "no other user") {
		t.Errorf("a key that others can read: %v", err)
	}
}

// TestReadKey: a fleet's key is the bytes of a file, which may be behind a symbolic link; what cannot be one is refused, and
// never waited for.
func TestReadKey(t *testing.T) {
	dir := t.TempDir()
	file := func(size int) string {
		path := filepath.Join(dir, "key"+strconv.Itoa(size))
		if err := os.WriteFile(path, bytes.Repeat([]byte("k"), size), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file(32)
	key, err := store.ReadKey(good)
	if err != nil || len(key) != 32 {
		t.Fatal(key, err)
	}
	one, _ := key.Subkey("one")
	if other, err := key.Subkey("other"); err != nil || len(one) != 32 || bytes.Equal(one, other) || bytes.Contains(one, key[:8]) {
		t.Errorf("two purposes have the keys %x and %x (%v)", one, other, err)
	}
	if link := filepath.Join(dir, "link"); os.Symlink(good, link) == nil { // Windows may not allow it
		if same, err := store.ReadKey(link); err != nil || !bytes.Equal(same, key) {
			t.Errorf("behind a link the key is %x (%v)", same, err)
		}
	}
	for _, path := range []string{file(0), file(31), file(4097), dir, filepath.Join(dir, "missing"), os.DevNull} {
		if key, err := store.ReadKey(path); err == nil {
			t.Errorf("%s is the key %x", path, key)
		}
	}
}

// TestKnownKey: what only looks for the key does not make one.
func TestKnownKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	if key, err := store.Open(dir).KnownKey(); key != nil || err != nil {
		t.Errorf("the key is %x (%v), want none", key, err)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("the directory was made")
	}
	made, err := store.Open(dir).Key()
	if err != nil {
		t.Fatal(err)
	}
	if key, err := store.Open(dir).KnownKey(); err != nil || !bytes.Equal(key, made) {
		t.Errorf("the key is %x (%v), want %x", key, err, made)
	}
}
