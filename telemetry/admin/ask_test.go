package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/admin"
)

// TestAsk asks sessions at addresses of each form, and addresses at which there is none.
func TestAsk(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	socket := "unix:" + socketPath(t)
	for _, address := range []string{"127.0.0.1:0", socket, "0.0.0.0:0"} {
		s := serve(t, address, func() admin.Health { return admin.Health{Version: "1.2.3", Alive: true} })
		if address != socket {
			_, port, _ := net.SplitHostPort(s.Addr().String())
			address = strings.TrimSuffix(address, "0") + port
		}
		for path, want := range map[string]string{admin.HealthPath: "ok", admin.ReadyPath: "failed"} {
			if got, err := admin.Ask(t.Context(), address, path); err != nil || got.Status != want || got.Version != "1.2.3" {
				t.Errorf("%s of %s: %+v, %v; want %s", path, address, got, err, want)
			}
		}
		s.Close(t.Context())
		if _, err := admin.Ask(t.Context(), address, admin.HealthPath); !errors.Is(err, admin.ErrNoAnswer) {
			t.Errorf("%s after the end: %v", address, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := admin.Ask(ctx, silent.Addr().String(), admin.HealthPath); err == nil || errors.Is(err, admin.ErrNoAnswer) {
		t.Errorf("a page that does not answer: %v", err)
	}
	if _, err := admin.Ask(t.Context(), "no address", admin.HealthPath); err == nil {
		t.Error("no address: no error")
	}
}

// TestAskAsLocalhost: whatever name of a loopback address was given, its page sees one that it serves.
func TestAskAsLocalhost(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"status":%q}`, r.Host)
	}))
	defer page.Close()
	if got, err := admin.Ask(t.Context(), page.Listener.Addr().String(), admin.HealthPath); err != nil || got.Status != "localhost" {
		t.Errorf("the page was asked as %q, %v", got.Status, err)
	}
}

// TestSame: what a session lists of an address is not another session.
func TestSame(t *testing.T) {
	for _, test := range []struct {
		setting, listed string
		want            bool
	}{
		{"localhost:9464", "127.0.0.1:9464", true},
		{"localhost:9464", "[::1]:9464", true},
		{"0.0.0.0:9464", "localhost:9464", true},
		{":9464", "localhost:9464", true},
		{"[::]:9464", "localhost:9464", true},
		{"10.0.0.1:9464", "10.0.0.1:9464", true},
		{"localhost:9464", "127.0.0.1:9465", false},
		{"localhost:9464", "10.0.0.1:9464", false},
		{"127.0.0.1:9464", "[::1]:9464", false},
		{"unix:/run/mcp", "localhost:9464", false},
	} {
		if got := admin.Same(test.setting, test.listed); got != test.want {
			t.Errorf("Same(%q, %q) = %t", test.setting, test.listed, got)
		}
	}
}

// TestTargets lists the addresses of sessions that are running, and of no others.
func TestTargets(t *testing.T) {
	dir := t.TempDir()
	one, two := serve(t, "127.0.0.1:0", well), serve(t, "127.0.0.1:0", well)
	for id, s := range map[string]*admin.Server{"one": one, "two": two} {
		if err := s.Announce(dir, id, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{one.Addr().String(), two.Addr().String()}
	got := admin.Targets(dir)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("targets %v, want %v", got, want)
	}
	two.Close(t.Context())
	if got := admin.Targets(dir); !slices.Equal(got, []string{one.Addr().String()}) {
		t.Errorf("targets %v, want those of the one that runs", got)
	}
	if got := admin.Targets(dir + "/none"); got != nil {
		t.Errorf("targets of no directory: %v", got)
	}
}
