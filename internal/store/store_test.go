package store_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestStored: what was stored is read again.
func TestStored(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	for i, server := range storetest.Servers() {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: server, Client: record.Peer{Name: "claude-code", Version: "2.1.240"}, Run: "r1",
			Start: start.Add(time.Duration(i) * time.Second), Calls: 50, Every: time.Minute, Seed: uint64(i + 1),
			Open: i == 2, End: storetest.End(i % 3),
		}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 4 {
		t.Fatal(all, err)
	}
	for _, s := range all {
		s.Sum()
		r, err := s.Load()
		if err != nil || r.Damaged > 0 {
			t.Fatal(err, r.Damaged)
		}
		t.Logf("%s %s %s %s: %d calls, %d failed, %v; %d operations, %d bytes", s.Name, s.ServerName(), s.Client.Name, s.State,
			s.Totals.Calls, s.Totals.Failed, s.Totals.P95, len(r.Operations), s.Size)
		rows := 0
		if err := s.Digest(func(op *record.Operation) bool { rows++; return true }); err != nil || rows != s.Totals.Operations {
			t.Errorf("%d rows, %v", rows, err)
		}
	}
}

// makeSession stores a session that has ended.
func makeSession(t testing.TB, dir string, calls int) store.Session {
	t.Helper()
	_, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Client: record.Peer{Name: "claude-code", Version: "2.1.240"}, Run: "r1",
		Start: epoch, Calls: calls, Every: time.Second, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	one, err := store.Open(dir).Find("last")
	if err != nil {
		t.Fatal(err)
	}
	return one
}
