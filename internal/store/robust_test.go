package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// valid reports whether a line of a file is whole, and counts its spans.
func valid(name, line string, spans *int) bool {
	if name == "traces.jsonl" {
		_, all, err := otlpfile.ReadTraces([]byte(line))
		*spans += len(all)
		return err == nil
	}
	return json.Valid([]byte(line))
}

func countDigest(t *testing.T, s *store.Session) (n int) {
	t.Helper()
	err := s.Digest(func(op *record.Operation) bool {
		if op.Target != "search" || op.Duration != time.Millisecond {
			t.Errorf("the digest has %+v", op)
		}
		n++
		return true
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// TestSixteen: sixteen processes store their sessions at once, each in a directory of its own, and nothing is missing.
func TestSixteen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by the first")
	const processes, calls = 16, 300
	all := make([]*process, processes)
	for i := range all {
		all[i] = start(t, dir, nil)
	}
	for _, p := range all {
		p.say(fmt.Sprint("call ", calls), "close")
	}
	for _, p := range all {
		if line := p.hear(t); line != "closed 0 0" {
			t.Error(line)
		}
		if stderr := p.end(); stderr != "" {
			t.Error(stderr)
		}
	}
	sessions, err := store.Open(dir).Sessions()
	if err != nil || len(sessions) != processes {
		t.Fatal(len(sessions), err)
	}
	for _, s := range sessions {
		if s.State != store.Ended || s.Totals.Calls != calls || len(s.Lost) > 0 {
			t.Errorf("%s is %s with %d calls, lost %v", s.Name, s.State, s.Totals.Calls, s.Lost)
		}
		if spans := checkFiles(t, s.Dir, false); spans != calls {
			t.Errorf("%d spans", spans)
		}
		if rows := countDigest(t, &s); rows != calls {
			t.Errorf("%d operations in the digest", rows)
		}
	}
}

// TestKilledAnywhere: whenever a process is killed, each line that it has ended is whole, and only a last line may be torn.
func TestKilledAnywhere(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	seen := 0
	for i := range kills {
		dir := t.TempDir()
		p := start(t, dir, nil)
		p.say("call 20", "flush")
		if i%2 == 1 { // else it is killed while it starts, as a rule
			p.hear(t)
		}
		go p.say("call 3000", "flush", "call 10000", "close") // it may be killed before it reads them
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		_ = p.Process.Kill()
		p.end()
		sessions, err := store.Open(dir).Sessions()
		if err != nil || len(sessions) > 1 {
			t.Fatal(sessions, err)
		}
		for _, s := range sessions {
			if s.State != store.Killed && s.State != store.Ended {
				t.Errorf("it is %s", s.State)
			}
			spans := checkFiles(t, s.Dir, true)
			if rows := countDigest(t, &s); rows > spans {
				t.Errorf("%d operations in the digest, %d spans", rows, spans)
			}
			seen += spans
		}
	}
	if seen < kills/2*20 {
		t.Errorf("%d spans in all", seen)
	}
}

// TestFullDisk: while files cannot grow, what comes waits in memory. It is written when there is room again, and no line is
// damaged. That is reported once.
func TestFullDisk(t *testing.T) {
	needsLimit(t)
	dir := t.TempDir()
	p := start(t, dir, nil)
	p.say("call 10", "flush")
	p.hear(t)
	p.say("limit 50000", "call 100", "flush", "flush", "flush")
	for range 3 {
		if line := p.hear(t); line != "flushed 0 0" {
			t.Error(line)
		}
	}
	s := only(t, dir)
	if spans := checkFiles(t, s.Dir, true); spans < 10 || spans >= 110 {
		t.Errorf("%d spans fit", spans)
	}
	p.say("call 20", fmt.Sprint("limit ", 1<<30), "flush")
	p.hear(t)
	if spans := checkFiles(t, s.Dir, false); spans != 130 {
		t.Errorf("%d spans", spans)
	}
	p.say("close")
	if line := p.hear(t); line != "closed 0 0" {
		t.Error(line)
	}
	stderr := p.end()
	if n := strings.Count(stderr, "cannot be stored now"); n != 1 || !strings.Contains(stderr, "file too large") {
		t.Errorf("reported %d times: %s", n, stderr)
	}
	s = only(t, dir)
	if rows := countDigest(t, &s); rows != 130 || s.State != store.Ended {
		t.Errorf("%d operations in the digest, %s", rows, s.State)
	}
}

// TestDiskStaysFull: what does not fit into memory either is lost, and counted.
func TestDiskStaysFull(t *testing.T) {
	needsLimit(t)
	dir := t.TempDir()
	p := start(t, dir, nil)
	p.say("flush")
	p.hear(t)
	p.say("limit 20000", "call 20000", "flush", "close")
	p.hear(t)
	var spans, records int
	if _, err := fmt.Sscanf(p.hear(t), "closed %d %d", &spans, &records); err != nil {
		t.Fatal(err)
	}
	p.end()
	s := only(t, dir)
	if stored := checkFiles(t, s.Dir, true); stored+spans != 20000 || spans < 10000 {
		t.Errorf("%d spans are stored and %d lost", stored, spans)
	}
	if s.Lost["stored_span"] != int64(spans) || s.Lost["stored_log_record"] != int64(records) || s.State != store.Ended {
		t.Errorf("session.json has %v, %s; lost are %d and %d", s.Lost, s.State, spans, records)
	}
}

// TestDeleted: the user removes the store while a session runs. The rest is lost, and the directory is not made again.
func TestDeleted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	p := start(t, dir, nil)
	p.say("call 10", "flush")
	p.hear(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	p.say("call 20", "flush", "call 30", "flush", "close")
	p.hear(t)
	p.hear(t)
	if line := p.hear(t); line != "closed 50 50" {
		t.Error(line)
	}
	if stderr := p.end(); strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "removed") {
		t.Error(stderr)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the store was made again")
	}
}

// TestLinks: a symbolic link is not followed, wherever it is, and what it leads to stays as it was.
func TestLinks(t *testing.T) {
	needsUnix(t)
	for _, name := range []string{"sessions", "dangling"} {
		t.Run(name, func(t *testing.T) {
			dir, elsewhere := t.TempDir(), t.TempDir()
			if name == "dangling" {
				elsewhere = filepath.Join(elsewhere, "none")
			}
			if err := os.Symlink(elsewhere, filepath.Join(dir, "sessions")); err != nil {
				t.Fatal(err)
			}
			p := start(t, dir, nil)
			p.say("call 10", "flush", "close")
			p.hear(t)
			if line := p.hear(t); line != "closed 10 10" {
				t.Error(line)
			}
			if stderr := p.end(); strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "symbolic link") {
				t.Error(stderr)
			}
			if files, err := os.ReadDir(elsewhere); name == "sessions" && err != nil || len(files) > 0 {
				t.Errorf("%v was written, %v", files, err)
			}
		})
	}
}

// TestHardLinks: a file of the store that is also another file is not written to.
func TestHardLinks(t *testing.T) {
	needsUnix(t)
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "precious")
	for _, err := range []error{
		os.WriteFile(elsewhere, []byte("precious"), 0o600), // shorter than a key
		os.Link(elsewhere, filepath.Join(dir, "key")), os.Link(elsewhere, filepath.Join(dir, "prune.lock")),
		os.Link(elsewhere, filepath.Join(dir, "listing")), os.Mkdir(filepath.Join(dir, "sessions"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &store.Store{Dir: dir, Keep: store.Keep{Age: time.Hour}}
	if key, err := s.Subkey("p"); err == nil {
		t.Errorf("the key is %x", key)
	}
	if _, err := s.Retain(context.Background(), time.Now()); err != nil {
		t.Error(err)
	}
	if err := s.List([]store.Session{{Name: "20261126T100000Z-aaaaaa"}}); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(elsewhere); string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestModes: files are for the user alone whatever the umask is, and can be used by them.
func TestModes(t *testing.T) {
	needsUnix(t)
	for _, mask := range []string{"0", "022", "0177", "0777"} {
		t.Run(mask, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			p := start(t, dir, nil)
			p.say("mask "+mask, "call 10", "flush", "close")
			p.hear(t)
			if line := p.hear(t); line != "closed 0 0" {
				t.Error(line)
			}
			if stderr := p.end(); stderr != "" {
				t.Error(stderr)
			}
			checkFiles(t, only(t, dir).Dir, false)
			checkModes(t, filepath.Dir(dir))
		})
	}
}

func checkModes(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		n++
		return nil
	})
	if err != nil || n < 9 {
		t.Errorf("%d files, %v", n, err)
	}
}

// TestYears: a clock that is very wrong makes no directory that cannot be read again.
func TestYears(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(-1e9, 0), time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<62, 0), time.Unix(-1<<62, 0),
	} {
		dir := t.TempDir()
		w := store.Create(store.Config{Dir: dir, Origin: origin(), Meta: store.Meta{ID: "id", Launched: at}})
		w.Noted(record.Session{Started: at, PID: 1})
		w.Noted(record.Exit{Time: at})
		w.Close(t.Context(), nil)
		s := only(t, dir)
		if s.Problem != "" || s.State != store.Ended || len(s.Name) != len("20060102T150405Z-000000") {
			t.Errorf("%v: %s is %s; %s", at, s.Name, s.State, s.Problem)
		}
		if r, err := store.Open(dir).Prune(t.Context(), store.Plan{
			Whole: func(store.Pruned) bool { return true }, Now: time.Now(),
		}); err != nil || len(r.Removed) != 1 {
			t.Errorf("%v: %+v, %v", at, r, err)
		}
	}
}
