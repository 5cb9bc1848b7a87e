package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// remembered stores a session of a server, a number of hours ago, and adds it to what is remembered.
func remembered(t *testing.T, dir string, server, hoursAgo int, end storetest.End) {
	t.Helper()
	_, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[server], Client: record.Peer{Name: "claude-code"}, DigestOnly: true, Past: true,
		Start: time.Now().Add(-time.Duration(hoursAgo) * time.Hour), Calls: 20, Every: time.Second, Seed: uint64(hoursAgo), End: end,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pastOf returns what is remembered of a server, which must be readable.
func pastOf(t *testing.T, dir string, server int) *past.Past {
	t.Helper()
	p, err := store.Open(dir).Past(t.Context(), storetest.Servers()[server].Name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pastFiles returns the files about servers.
func pastFiles(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "past", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// text returns a Past as it is stored.
func text(t *testing.T, p *past.Past) string {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPast: at its end each session is added to what is remembered of its server. To read that takes one file.
func TestPast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 5 {
		remembered(t, dir, 0, 9-i, storetest.Closed)
	}
	remembered(t, dir, 1, 1, storetest.Crashed)
	if err := os.Rename(filepath.Join(dir, "sessions"), filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	p, other := pastOf(t, dir, 0), pastOf(t, dir, 1)
	if p.Sessions != 5 || p.Calls != 100 || len(p.Listed) == 0 || p.Clients["claude-code"].Sessions != 5 || other.Sessions != 1 {
		t.Errorf("%+v", p)
	}
	for _, file := range pastFiles(t, dir) {
		if info, err := os.Stat(file); err != nil || info.Size() > past.MaxSize || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
}

// TestPastIsMadeAgain: without its file, and with one that is damaged, it is made of the digests.
func TestPastIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(file string) error{
		"missing": os.Remove,
		"torn":    func(file string) error { return os.Truncate(file, 100) },
		"empty":   func(file string) error { return os.Truncate(file, 0) },
		"null":    func(file string) error { return os.WriteFile(file, []byte("null"), 0o600) },
		"hollow": func(file string) error {
			return os.WriteFile(file, []byte(`{"format":1,"targets":{"tool a":null}}`), 0o600)
		},
		"another's": func(file string) error {
			return os.WriteFile(file, []byte(`{"format":1,"service":"another"}`), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i := range 3 {
				remembered(t, dir, 0, 9-i, storetest.Closed)
			}
			want := text(t, pastOf(t, dir, 0))
			if err := damage(pastFiles(t, dir)[0]); err != nil {
				t.Fatal(err)
			}
			p, err := store.Open(dir).Past(t.Context(), storetest.Servers()[0].Name)
			if p == nil || (err != nil) != (name != "missing") {
				t.Fatalf("%v, %v", p, err)
			}
			if got := text(t, p); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if got := text(t, pastOf(t, dir, 0)); got != want { // it warns once
				t.Errorf("the second time: got\n%s", got)
			}
		})
	}
}

// TestPastOfKilled: what a session that was killed could not add, the retention adds, once.
func TestPastOfKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	remembered(t, dir, 0, 9, storetest.Closed)
	remembered(t, dir, 0, 8, storetest.Killed)
	if p := pastOf(t, dir, 0); p.Sessions != 1 {
		t.Fatalf("%d sessions", p.Sessions)
	}
	for range 2 {
		prune(t, dir, store.Plan{Now: time.Now()})
		if p := pastOf(t, dir, 0); p.Sessions != 2 || p.Calls != 40 {
			t.Errorf("%d sessions, %d calls", p.Sessions, p.Calls)
		}
	}
}

// TestPastIsPruned: of sessions that the user removes nothing is left.
func TestPastIsPruned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	remembered(t, dir, 0, 9, storetest.Closed)
	remembered(t, dir, 0, 8, storetest.Closed)
	remembered(t, dir, 1, 7, storetest.Closed)
	first := ""
	prune(t, dir, store.Plan{Now: time.Now(), DryRun: true, Whole: all})
	prune(t, dir, store.Plan{Now: time.Now(), Whole: func(p store.Pruned) bool {
		if first == "" {
			first = p.Name
		}
		return p.Name == first
	}})
	if p := pastOf(t, dir, 0); p.Sessions != 1 || p.Has(first) || p.Calls != 20 {
		t.Errorf("after one was removed: %d sessions, %d calls", p.Sessions, p.Calls)
	}
	prune(t, dir, store.Plan{Now: time.Now(), Whole: func(p store.Pruned) bool { return p.Server == storetest.Servers()[0].Name }})
	if files := pastFiles(t, dir); len(files) != 1 {
		t.Errorf("after all sessions of one server were removed: %v", files)
	}
	prune(t, dir, store.Plan{Now: time.Now(), Whole: all})
	if left, _ := filepath.Glob(filepath.Join(dir, "past", "*")); len(left) > 0 {
		t.Errorf("after all sessions were removed: %v", left)
	}
}

// TestPastAges: with the last digest of a server, what is remembered of it goes.
func TestPastAges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	remembered(t, dir, 0, 9, storetest.Closed)
	for _, file := range pastFiles(t, dir) {
		if err := os.Chtimes(file, epoch, epoch); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(store.DigestAge + 48*time.Hour)
	if _, err := store.Open(dir).Prune(t.Context(), store.Plan{Now: later, Keep: store.Keep{Age: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	if files := pastFiles(t, dir); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}

// TestPastAtOnce: of sessions that end at once, each is added.
func TestPastAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const n = 8
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { remembered(t, dir, 0, 20-i, storetest.Closed) })
	}
	wait.Wait()
	prune(t, dir, store.Plan{Now: time.Now()}) // on a busy machine, one may have had no time
	if p := pastOf(t, dir, 0); p.Sessions != n || p.Calls != 20*n {
		t.Errorf("%d sessions, %d calls", p.Sessions, p.Calls)
	}
}

// TestPastServers: of very many servers, some are remembered.
func TestPastServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 210 {
		if _, err := store.Open(dir).Past(t.Context(), fmt.Sprint("server-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if files := pastFiles(t, dir); len(files) != 200 {
		t.Errorf("%d files", len(files))
	}
}

// TestPastElsewhere: a link in the place of the file, or of the directory, is not followed, and a directory that cannot be
// written to is no reason to fail.
func TestPastElsewhere(t *testing.T) {
	t.Parallel()
	needsUnix(t)
	dir, target := t.TempDir(), t.TempDir()
	if err := os.Symlink(target, filepath.Join(dir, "past")); err != nil {
		t.Fatal(err)
	}
	if p, err := store.Open(dir).Past(t.Context(), "server"); p != nil || err == nil {
		t.Errorf("%v, %v", p, err)
	}
	var said bytes.Buffer
	w := store.Create(store.Config{
		Dir: dir, Past: true, Origin: origin(), Logger: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Meta: store.Meta{ID: "id", Version: "1", Launched: time.Now(), Service: "server"},
	})
	play(w, 3)
	w.Noted(record.Exit{Time: time.Now(), EndedBy: record.ByClient})
	w.Close(context.Background(), nil)
	if entries, _ := os.ReadDir(target); len(entries) > 0 || said.Len() > 0 {
		t.Errorf("%v, %s", entries, &said)
	}
	one := only(t, dir)
	if one.State != store.Ended || one.Totals.Operations != 3 {
		t.Errorf("%+v", one)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := store.Open(file).Past(t.Context(), "server"); p != nil || err == nil {
		t.Errorf("of a file: %v, %v", p, err)
	}
}

// TestPastGivesUp: a context that is done ends the making of it, and what is stored stays whole.
func TestPastGivesUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	remembered(t, dir, 0, 9, storetest.Closed)
	for _, file := range pastFiles(t, dir) {
		_ = os.Remove(file)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := store.Open(dir).Past(ctx, storetest.Servers()[0].Name); err != nil || p.Sessions != 0 {
		t.Errorf("%v, %v", p, err)
	}
	prune(t, dir, store.Plan{Now: time.Now()})
	if p := pastOf(t, dir, 0); p.Sessions != 1 {
		t.Errorf("%d sessions", p.Sessions)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "past", "*.tmp")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestPastRemembersFindings: what was reported in a session is remembered, so that it is not reported for ever.
func TestPastRemembersFindings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := store.Create(store.Config{
		Dir: dir, Past: true, Origin: origin(),
		Meta: store.Meta{ID: "id", Version: "1", Launched: time.Now(), Service: "server"},
	})
	play(w, 3)
	f := record.Finding{Kind: record.Slow, Tool: "search"}
	w.Noted(f)
	w.Noted(record.Finding{Kind: record.Loop, Tool: "search"})
	w.Noted(record.Exit{Time: time.Now(), EndedBy: record.ByClient})
	w.Close(context.Background(), nil)
	p, err := store.Open(dir).Past(t.Context(), "server")
	if err != nil || len(p.Told) != 1 || p.Told[past.Topic(&f)] == nil {
		t.Errorf("%+v, %v", p, err)
	}
	if strings.Contains(text(t, p), "secret") {
		t.Error("content is remembered")
	}
	if _, err := store.Open(filepath.Join(dir, "nowhere", "at all")).Past(t.Context(), "x"); errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a store that does not exist: %v", err)
	}
}
