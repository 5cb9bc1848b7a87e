package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
)

// handler is a logger's handler that calls a function with each message.
type handler func(message string)

func (handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	h(r.Message)
	return nil
}

func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h handler) WithGroup(string) slog.Handler { return h }

// TestPanic: a panic in the goroutine that writes ends the storing of the session, and nothing else.
func TestPanic(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // it is no directory, which is reported
		t.Fatal(err)
	}
	said := make(chan string, 10)
	w := newWriter(dir, slog.New(handler(func(message string) {
		if said <- message; len(said) == 1 {
			panic("a defect")
		}
	})))
	w.Flush(t.Context())
	play(w, 3)
	w.Close(t.Context(), nil)
	if spans, records := w.Lost(); spans != 3 || records != 3 {
		t.Errorf("%d spans and %d log records are lost", spans, records)
	}
	<-said
	if got := <-said; !strings.Contains(got, "because of a defect") {
		t.Errorf("it has reported %q", got)
	}
}

// TestRetentionPanics: a panic in the retention does not end the process, and the session is stored.
func TestRetentionPanics(t *testing.T) {
	dir := t.TempDir()
	old := newWriter(dir, nil)
	play(old, 1)
	old.Flush(t.Context())
	old.Close(t.Context(), nil)
	back := time.Now().Add(-1000 * time.Hour)
	s := only(t, dir)
	for _, name := range []string{"session.json", "session.lock", "traces.jsonl", "logs.jsonl", "content.jsonl", "metrics.jsonl", "digest"} {
		if err := os.Chtimes(filepath.Join(s.Dir, name), back, back); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(s.Dir, back, back); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 10)
	w := store.Create(store.Config{
		Dir: dir, Origin: origin(), Meta: store.Meta{ID: "id", Launched: time.Now()}, Keep: store.Keep{Age: time.Hour},
		Logger: slog.New(handler(func(message string) {
			if said <- message; message == "old sessions were removed" {
				panic("a defect")
			}
		})),
	})
	mcptest.Eventually(t, "the panic is reported", func() bool {
		select {
		case message := <-said:
			return strings.Contains(message, "because of a defect")
		default:
			return false
		}
	})
	play(w, 1)
	w.Close(t.Context(), nil)
	if spans, _ := w.Lost(); spans != 0 {
		t.Errorf("%d spans are lost", spans)
	}
}

// TestLongWait: what has waited for a slow disk is in lines that the Collector's receiver reads, which are at most 1 MiB.
func TestLongWait(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "link")
	if err := os.Symlink(filepath.Join(base, "later"), dir); err != nil { // to a disk that is not there yet
		t.Skip(err)
	}
	reached, release := make(chan struct{}), make(chan struct{})
	w := newWriter(dir, slog.New(handler(func(message string) {
		if strings.Contains(message, "trying again") {
			close(reached)
			<-release
		}
	})))
	<-reached
	const calls = 3000
	play(w, calls)
	if err := os.Mkdir(filepath.Join(base, "later"), 0o700); err != nil {
		t.Fatal(err)
	}
	close(release)
	w.Flush(t.Context())
	w.Close(t.Context(), nil)
	s, stored := only(t, dir), 0
	if checkFiles(t, s.Dir, false) == 0 {
		t.Error("nothing is stored")
	}
	for _, name := range []string{"traces.jsonl", "logs.jsonl"} {
		text, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		stored += len(text)
		for line := range bytes.Lines(text) {
			if len(line) > 1<<20 {
				t.Errorf("%s has a line of %d bytes", name, len(line))
			}
		}
	}
	if stored < 1<<20 {
		t.Errorf("only %d bytes had waited", stored)
	}
}

// TestKeyOfZeros: zeros, which a power cut leaves of a file that was not synced, are no key.
func TestKeyOfZeros(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir).Subkey("one"); err != nil {
		t.Fatal(err)
	}
	if key, err := os.ReadFile(filepath.Join(dir, "key")); err != nil || bytes.Equal(key, make([]byte, 32)) {
		t.Error("the key is still zeros", err)
	}
}
