package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// BenchmarkPast reads what is remembered of a server of which 350 sessions are stored, as each start does, and makes it of
// the digests, as a start does once if the file is missing.
func BenchmarkPast(b *testing.B) {
	dir, server := b.TempDir(), storetest.Servers()[0]
	for i := range 350 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: server, Client: record.Peer{Name: "claude-code"}, DigestOnly: true,
			Start: time.Now().Add(-time.Duration(i) * time.Hour), Calls: 100, Every: time.Second, Seed: uint64(i),
		}); err != nil {
			b.Fatal(err)
		}
	}
	s := store.Open(dir)
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			if err := os.RemoveAll(filepath.Join(dir, "past")); err != nil {
				b.Fatal(err)
			}
			if _, err := s.Past(b.Context(), server.Name); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if p, err := s.Past(b.Context(), server.Name); err != nil || p.Sessions != 350 {
				b.Fatal(err)
			}
		}
	})
}
