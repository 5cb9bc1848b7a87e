package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// TestDefinitionsRoom: of a thousand servers that are known, the one without a change for the longest time makes room for another
// one, with its texts; none of which something was accepted does, nor one whose file cannot be read.
func TestDefinitionsRoom(t *testing.T) {
	k := &texts{t: t, dir: t.TempDir()}
	dir := filepath.Join(k.dir, "definitions")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := func(n int) string { return filepath.Join(dir, fmt.Sprintf("%016x.json", n)) }
	write := func(name, text string, age int) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at := now.Add(-time.Duration(age) * time.Hour)
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 1000 {
		text := `{"version":1,"key":"check","definitions":[{"kind":"tool","name":"a","last":{"name":"a"}}]}`
		switch n {
		case 0:
			text = "damaged"
		case 1:
			text = `{"version":1,"key":"check","definitions":[{"kind":"tool","name":"a","last":{"name":"a"},"accepted":[{"name":"a"}]}]}`
		}
		write(file(n), text, 2000-n)
	}
	oldTexts := filepath.Join(dir, fmt.Sprintf("%016x.texts.json", 2))
	write(oldTexts, "{}", 0)
	k.list(0, "svc", "a:one")
	for n, want := range []bool{true, true, false, true} {
		if _, err := os.Stat(file(n)); (err == nil) != want {
			t.Errorf("the file of the server %d is there: %v, want %v", n, err == nil, want)
		}
	}
	if _, err := os.Stat(oldTexts); err == nil {
		t.Error("the texts of the server that is not known any more are there")
	}
	if all, err := store.Open(k.dir).Defined(); err != nil || len(all) != 1000 {
		t.Errorf("%d servers are known (%v)", len(all), err)
	}
	k.list(0, "svc", "a:two")
	if _, err := os.Stat(file(3)); err != nil {
		t.Error("a server that was known has taken the room of another")
	}
}
