package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/web"
)

// fill stores sessions of the last week: runs of five servers each, of some clients. The newest ones have their detail.
func fill(b *testing.B, dir string, sessions, calls, detailed int) {
	b.Helper()
	servers, clients := storetest.Servers(), storetest.Clients()
	all := make([]storetest.Session, sessions)
	for n := range all {
		all[n] = storetest.Session{
			Server: servers[n%len(servers)], Client: clients[n/5%len(clients)],
			Run: fmt.Sprintf("%016x", n/5), Start: time.Now().Add(-time.Duration(n+1) * 7 * 24 * time.Hour / time.Duration(sessions+1)),
			Calls: calls - 2, Every: time.Second, Seed: uint64(n), DigestOnly: n >= detailed,
		}
	}
	if err := storetest.Fill(dir, all); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFirstView measures the first reply of a server, with 1,000 sessions of 100 operations stored: as it is for a browser
// that was opened with a link, for which the store is read meanwhile; for a request that comes at once; and while the store is
// followed.
func BenchmarkFirstView(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir, 1000, 100, 50)
	ask := func(s *web.Server) {
		w := httptest.NewRecorder()
		s.Routes().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/sessions?since=8d", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
	start := func() *web.Server {
		s, err := web.New(web.Config{
			Store: store.Open(dir), HangAfter: 30 * time.Second, Zone: time.UTC, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	for name, prepare := range map[string]func(s *web.Server){
		"opened": func(s *web.Server) {
			s.NewCode(func() {})
			s.Read()
		},
		"at once": func(*web.Server) {},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := start()
				prepare(s)
				b.StartTimer()
				ask(s)
				b.StopTimer()
				s.Close()
				b.StartTimer()
			}
		})
	}
	b.Run("again", func(b *testing.B) {
		s := start()
		defer s.Close()
		ask(s)
		for b.Loop() {
			ask(s)
		}
	})
	b.Run("memory", func(b *testing.B) {
		var m runtime.MemStats
		for b.Loop() {
			s := start()
			ask(s)
			runtime.GC()
			runtime.ReadMemStats(&m)
			s.Close()
		}
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB")
	})
}
