package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// BenchmarkLoad reads a session of 100,000 operations: whole, and its end.
func BenchmarkLoad(b *testing.B) {
	dir := storeDir(b)
	one := makeSession(b, dir, 100_000)
	for name, part := range map[string]store.Range{"whole": {}, "last 50": {Last: 50}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := one.LoadPart(part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("digest", func(b *testing.B) {
		for b.Loop() {
			n := 0
			if err := one.Digest(func(*record.Operation) bool { n++; return true }); err != nil || n < 100_000 {
				b.Fatal(n, err)
			}
		}
	})
}

// BenchmarkSessions lists a store of 5,000 sessions, and finds one in it.
func BenchmarkSessions(b *testing.B) {
	dir := storeDir(b)
	for i := range 5000 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i%4], Client: record.Peer{Name: "claude-code"}, Run: fmt.Sprint(i / 4),
			Start: epoch.Add(time.Duration(i) * time.Minute), Calls: 3, Every: time.Second, Seed: uint64(i), End: storetest.End(i % 3),
		}); err != nil {
			b.Fatal(err)
		}
	}
	s := store.Open(dir)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if all, err := s.Sessions(); err != nil || len(all) != 5000 {
				b.Fatal(len(all), err)
			}
		}
	})
	for _, asked := range []string{"last", "20261126T1"} {
		b.Run("find "+asked, func(b *testing.B) {
			for b.Loop() {
				_, _ = s.Find(asked)
			}
		})
	}
	b.Run("last 20 operations", func(b *testing.B) {
		for b.Loop() {
			_ = s.Follow(b.Context(), store.Following{Last: 20}, func([]store.Event) error { return errEnough })
		}
	})
}
