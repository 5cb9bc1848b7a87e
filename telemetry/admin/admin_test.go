package admin_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/spanpipe/spanpipe/telemetry/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves a page at an address, until the end of the test.
func serve(t *testing.T, address string, health func() admin.Health) *admin.Server {
	t.Helper()
	s, err := admin.Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "things_total"})
	counter.Add(3)
	registry.MustRegister(counter)
	s.Serve(registry, health)
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func well() admin.Health { return admin.Health{Alive: true, Answered: true} }

// get asks for a path by a host name of its own choosing. The status is 0 if nothing answers.
func get(t *testing.T, s *admin.Server, host, path string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		return 0, ""
	}
	defer func() { _ = conn.Close() }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	if err := request.Write(conn); err != nil {
		return 0, ""
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// socketPath returns a path for a unix socket: short, because the system limits its length, in a directory of its own.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "admin")
}

// TestPage asks for the page's paths wherever it is served.
func TestPage(t *testing.T) {
	for name, address := range map[string]string{
		"free port": "127.0.0.1:0", "port of a name": "localhost:0", "unix socket": "unix:" + socketPath(t), "path": socketPath(t),
	} {
		t.Run(name, func(t *testing.T) {
			var alive, ready atomic.Bool
			s := serve(t, address, func() admin.Health { return admin.Health{Alive: alive.Load(), Answered: ready.Load()} })
			for _, test := range []struct {
				alive, ready    bool
				healthz, readyz int
			}{{false, false, 503, 503}, {true, false, 200, 503}, {true, true, 200, 200}, {false, true, 503, 503}} {
				alive.Store(test.alive)
				ready.Store(test.ready)
				for path, want := range map[string]int{
					"/healthz": test.healthz, "/health": test.healthz, "/readyz": test.readyz, "/ready": test.readyz,
				} {
					if got, _ := get(t, s, "localhost", path); got != want {
						t.Errorf("%s: %d, want %d", path, got, want)
					}
				}
			}
			if got, text := get(t, s, "localhost", "/metrics"); got != 200 || !strings.Contains(text, "things_total 3") {
				t.Errorf("/metrics: %d %s", got, text)
			}
			if got, text := get(t, s, "localhost", "/"); got != 200 || !strings.Contains(text, "/metrics") || !strings.Contains(text, "/readyz") {
				t.Errorf("/: %d %s", got, text)
			}
			for _, path := range []string{"/healthz/", "/index.html", "/debug/pprof/"} {
				if got, _ := get(t, s, "localhost", path); got != http.StatusNotFound {
					t.Errorf("%s: %d", path, got)
				}
			}
			s.Close(t.Context())
			if got, _ := get(t, s, "localhost", "/healthz"); got != 0 {
				t.Errorf("/healthz after the end: %d", got)
			}
		})
	}
}

// TestHostName is a web page's attempt to read the metrics by a name of its own that leads to this machine.
func TestHostName(t *testing.T) {
	s := serve(t, "127.0.0.1:0", well)
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:9464": 200, "127.0.0.1": 200, s.Addr().String(): 200, "127.8.8.8:1": 200, "[::1]:9464": 200,
		"attacker.example": 403, "attacker.example:9464": 403, "localhost.attacker.example": 403, "192.0.2.1:9464": 403,
		"127.0.0.1.attacker.example": 403, "0.0.0.0:9464": 403,
	} {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			got, text := get(t, s, host, path)
			if got != want || want == 403 && strings.Contains(text, "things") {
				t.Errorf("%s by the name %s: %d %s, want %d", path, host, got, text, want)
			}
		}
	}
}

// TestSocketFile is about the file of a unix socket: for the user alone, removed at the end, and never another's.
func TestSocketFile(t *testing.T) {
	// serves expects a page at the path that leaves nothing there.
	serves := func(t *testing.T, path string) {
		t.Helper()
		s := serve(t, "unix:"+path, well)
		if got, _ := get(t, s, "localhost", "/healthz"); got != 200 {
			t.Errorf("/healthz: %d", got)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); runtime.GOOS != "windows" && mode != os.ModeSocket|0o600 {
			t.Errorf("the socket's mode is %v", mode)
		}
		s.Close(t.Context())
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after the end the socket is still there (%v)", err)
		}
	}
	refuses := func(t *testing.T, path string) {
		t.Helper()
		if s, err := admin.Listen("unix:" + path); err == nil {
			s.Close(t.Context())
			t.Error("it is served")
		}
	}
	t.Run("new", func(t *testing.T) { serves(t, socketPath(t)) })
	t.Run("left behind", func(t *testing.T) {
		path := socketPath(t)
		_ = listenUnix(t, path).Close()
		serves(t, path)
	})
	t.Run("in use", func(t *testing.T) {
		path := socketPath(t)
		l := listenUnix(t, path)
		defer func() { _ = l.Close() }()
		refuses(t, path)
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatalf("its owner has lost it: %v", err)
		}
		_ = conn.Close()
	})
	t.Run("not a socket", func(t *testing.T) {
		path := socketPath(t)
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, path)
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("the file holds %q (%v)", text, err)
		}
	})
	t.Run("no such directory", func(t *testing.T) { refuses(t, filepath.Join(t.TempDir(), "none", "admin")) })
}

// listenUnix returns a listener whose socket stays when it is closed, as that of a killed process does.
func listenUnix(t *testing.T, path string) net.Listener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return l
}

func TestListenFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, address := range []string{taken.Addr().String(), "127.0.0.1", "what is this"} {
		if s, err := admin.Listen(address); err == nil {
			s.Close(t.Context())
			t.Errorf("%s can be listened on", address)
		}
	}
}

// TestCloseWithoutServe ends a session that never started its server.
func TestCloseWithoutServe(t *testing.T) {
	s, err := admin.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Close(t.Context())
	if conn, err := net.Dial("tcp", s.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

// TestIdleClients has clients that are connected and send nothing, or half a request. Close must not wait for them.
func TestIdleClients(t *testing.T) {
	for name, question := range map[string]string{"silent": "", "half a request": "GET /metrics HTTP/1.1\r\nHost: lo"} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1:0", well)
			conn, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, question); err != nil {
				t.Fatal(err)
			}
			get(t, s, "localhost", "/healthz") // connections are accepted in order, so the server has the idle one now
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s.Close(ctx)
			if ctx.Err() != nil {
				t.Error("the end waited for the client")
			}
		})
	}
}

func TestDefaultAddress(t *testing.T) {
	env := map[string]string{}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	if got := admin.DefaultAddress(lookup); got != "localhost:9464" {
		t.Errorf("got %s", got)
	}
	env["OTEL_EXPORTER_PROMETHEUS_HOST"], env["OTEL_EXPORTER_PROMETHEUS_PORT"] = "::1", "1"
	if got := admin.DefaultAddress(lookup); got != "[::1]:1" {
		t.Errorf("got %s", got)
	}
}
