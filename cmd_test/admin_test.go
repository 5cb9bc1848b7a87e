package cmd_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// adminPage is an HTTP client of a session's admin page.
type adminPage struct {
	t       *testing.T
	address string // host:port, or the path of a unix socket
}

// servedPage waits until a session logs the address of its page. The session needs log level info.
func servedPage(t *testing.T, h *mcptest.Host) adminPage {
	t.Helper()
	page := adminPage{t: t}
	mcptest.Eventually(t, "the session logs the address of its metrics", func() bool {
		for line := range strings.Lines(h.Stderr.String()) {
			if address, ok := strings.CutPrefix(line, "spanpipe: serving metrics address="); ok {
				page.address = strings.TrimSuffix(address, "\n")
			}
		}
		return page.address != ""
	})
	return page
}

func (p adminPage) dial(ctx context.Context) (net.Conn, error) {
	network := "tcp"
	if filepath.IsAbs(p.address) {
		network = "unix"
	}
	return new(net.Dialer).DialContext(ctx, network, p.address)
}

// get requests a path, with host as the Host header. The status is 0 if there is no response.
func (p adminPage) get(host, path string) (status int, body string) {
	p.t.Helper()
	conn, err := p.dial(p.t.Context())
	if err != nil {
		return 0, ""
	}
	defer func() { _ = conn.Close() }()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Close = true
	if request.Write(conn) != nil {
		return 0, ""
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return 0, "" // the server closed the connection without a response
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

// status requests a path the way a local tool does.
func (p adminPage) status(path string) int {
	p.t.Helper()
	status, _ := p.get("localhost", path)
	return status
}

// socketPath returns a path for a unix socket in a new directory. It is short because the system limits its length.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "admin")
}

// TestAdminPage requests the page's three paths throughout a session, for each kind of address and next to each kind of
// sink.
func TestAdminPage(t *testing.T) {
	for _, test := range []struct{ name, address, sink string }{
		{"free port", "127.0.0.1:0", "prometheus"},
		{"port of a host name", "localhost:0", "console"},
		{"unix socket", "unix:" + socketPath(t), "prometheus"},
		{"path of a socket", socketPath(t), "otlp"},
		{"address of OpenTelemetry's variables", "", "prometheus"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY="+test.sink, "SPANPIPE_LOG_LEVEL=info",
				"SPANPIPE_ADMIN_ADDR="+test.address,
				"OTEL_EXPORTER_OTLP_ENDPOINT="+otlptest.Start(t, otlptest.Config{}).Endpoint(otlptest.GRPC),
				"OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT=0")
			page := servedPage(t, h)
			if got := page.status("/healthz"); got != http.StatusOK {
				t.Errorf("/healthz of a running server = %d, want 200", got)
			}
			if got := page.status("/readyz"); got != http.StatusServiceUnavailable {
				t.Errorf("/readyz before the handshake = %d, want 503", got)
			}
			if status, text := page.get("localhost", "/"); status != http.StatusOK || !strings.Contains(text, "/metrics") {
				t.Errorf("/ = %d, want 200 and the list of pages: %s", status, text)
			}
			for _, path := range []string{"/index.html", "/debug/pprof/"} {
				if got := page.status(path); got != http.StatusNotFound {
					t.Errorf("%s = %d, want 404", path, got)
				}
			}
			if _, text := page.get("localhost", "/metrics"); sampleValue(text, "spanpipe_session_active", "") != "1" {
				t.Error("before the handshake: the session is not counted as active")
			}
			c := mcptest.Connect(h)
			mcptest.Eventually(t, "/readyz is 200 after the handshake", func() bool {
				return page.status("/readyz") == http.StatusOK
			})
			c.Tool("echo", nil)
			c.Tool("echo", nil)
			mcptest.Eventually(t, "/metrics counts both calls", func() bool {
				_, text := page.get("localhost", "/metrics")
				const count = "mcp_server_operation_duration_seconds_count"
				return sampleValue(text, count, `gen_ai_tool_name="echo"`) == "2"
			})
			_, text := page.get("localhost", "/metrics")
			// The session counts once, under the name from the handshake. The series without a name goes back to 0.
			got := sampleValue(text, "spanpipe_session_active", `spanpipe_server_name="mcptest-server"`)
			if got != "1" {
				t.Errorf("spanpipe_session_active of the server = %q, want 1", got)
			}
			samples := regexp.MustCompile(`(?m)^spanpipe_session_active\{.*\} (\d)$`).FindAllStringSubmatch(text, -1)
			if len(samples) < 2 || slices.IndexFunc(samples, func(s []string) bool { return s[1] == "0" }) < 0 {
				t.Errorf("spanpipe_session_active = %q, want 0 for the series without a name", samples)
			}
			h.CloseInput()
			h.Rest()
			wantExit(t, h, 0)
			if got := page.status("/healthz"); got != 0 {
				t.Errorf("/healthz after the end = %d, want no response", got)
			}
		})
	}
}

// sampleValue returns the value of the one sample with a name and a label, or "" if there is none.
func sampleValue(text, name, label string) string {
	var value string
	for line := range strings.Lines(text) {
		series, sample, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if strings.HasPrefix(series, name+"{") && strings.Contains(series, label) {
			if value != "" {
				return "more than one"
			}
			value = sample
		}
	}
	return value
}

// TestAdminHealthWithOrphan: the server has exited and left a process that ignores TERM. /healthz is about the server
// alone.
func TestAdminHealthWithOrphan(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("spanpipe waits for orphans on Linux only")
	}
	var got int
	for range 3 { // the page stays for one more second, which a busy machine may miss
		if got = healthWithOrphan(t); got != 0 {
			break
		}
	}
	if got != http.StatusServiceUnavailable {
		t.Errorf("/healthz while spanpipe waits for the orphan = %d, want 503", got)
	}
}

// healthWithOrphan returns the first status of /healthz that is not 200, or 0 if the page is gone by then.
func healthWithOrphan(t *testing.T) int {
	t.Helper()
	h := open(t, []string{"sh", "-c", `(trap "" TERM; exec sleep 60) </dev/null >/dev/null 2>&1 & read line`},
		"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")
	page := servedPage(t, h)
	h.CloseInput()
	var got int
	mcptest.Eventually(t, "/healthz is no longer 200", func() bool {
		got = page.status("/healthz")
		return got != http.StatusOK
	})
	h.Wait()
	return got
}

// TestAdminHealthAfterServer: the server has exited and the flush waits for a collector that hangs. /healthz must not
// report a running server.
func TestAdminHealthAfterServer(t *testing.T) {
	hanging := otlptest.Start(t, otlptest.Config{})
	hanging.SetFault(otlptest.Hang())
	h := open(t, cast.As(t, "server"),
		"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+hanging.Endpoint(otlptest.GRPC), "OTEL_EXPORTER_OTLP_TIMEOUT=60000",
		"SPANPIPE_FLUSH_TIMEOUT=60s")
	page := servedPage(t, h)
	mcptest.Connect(h).Ask("tools/call", mcptest.Object{"name": "exit", "arguments": mcptest.Object{"code": 3}})
	h.Rest()
	mcptest.Eventually(t, "/healthz is no longer 200", func() bool { return page.status("/healthz") != http.StatusOK })
	select {
	case <-h.Ended():
		t.Error("the session did not wait for its collector, so there was nothing to test")
	default:
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} { // only the second one cuts the flush short
		if err := h.Cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	wantExit(t, h, 3)
}

// TestAdminIdleClients: clients that connect and send nothing, or half a request, must not take the time of the flush.
func TestAdminIdleClients(t *testing.T) {
	for name, request := range map[string]string{"silent": "", "half a request": "GET /metrics HTTP/1.1\r\nHost: lo"} {
		t.Run(name, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			h := open(t, cast.As(t, "server"),
				"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
				"OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(otlptest.GRPC))
			page := servedPage(t, h)
			mcptest.Connect(h)
			conn, err := page.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			page.status("/healthz") // connections are accepted in order, so ours is accepted now
			h.CloseInput()
			h.Wait()
			if got := r.Value("spanpipe.server.exits", nil); got != 1 {
				t.Errorf("spanpipe.server.exits = %v, want 1; stderr: %s", got, h.Stderr)
			}
			if strings.Contains(h.Stderr.String(), "warning") {
				t.Errorf("stderr has a warning: %s", h.Stderr)
			}
		})
	}
}

// TestAdminSocketFile: a unix socket has mode 0600 and is removed at the end. The socket of another process and
// files of other types stay.
func TestAdminSocketFile(t *testing.T) {
	session := func(t *testing.T, path string) *mcptest.Host {
		t.Helper()
		return open(t, cast.As(t, "server"),
			"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=unix:"+path)
	}
	// serves expects a session to serve path, and to remove it at the end.
	serves := func(t *testing.T, path string) {
		t.Helper()
		h := session(t, path)
		if page := servedPage(t, h); page.status("/healthz") != http.StatusOK {
			t.Error("/healthz is not 200")
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); runtime.GOOS != "windows" && mode != os.ModeSocket|0o600 {
			t.Errorf("mode = %v, want a socket with 0600", mode)
		}
		h.CloseInput()
		h.Wait()
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after the end: Lstat(socket) returned %v, want no such file", err)
		}
	}
	// refuses expects one warning, a session that continues, and a path that is left alone.
	refuses := func(t *testing.T, path string) {
		t.Helper()
		h := session(t, path)
		wantOneWarning(t, h)
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("the existing file is gone: %v", err)
		}
	}
	t.Run("new", func(t *testing.T) { serves(t, socketPath(t)) })
	t.Run("stale socket", func(t *testing.T) {
		path := socketPath(t)
		listenUnix(t, path).Close()
		if _, err := os.Lstat(path); err != nil {
			t.Fatalf("creating a stale socket: %v", err)
		}
		serves(t, path)
	})
	t.Run("in use", func(t *testing.T) {
		path := socketPath(t)
		listener := listenUnix(t, path)
		defer listener.Close()
		refuses(t, path)
		if conn, err := net.Dial("unix", path); err != nil {
			t.Errorf("connecting to the other process: %v", err)
		} else {
			_ = conn.Close()
		}
	})
	t.Run("not a socket", func(t *testing.T) {
		path := socketPath(t)
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, path)
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("the file holds %q (%v), want it unchanged", text, err)
		}
	})
	t.Run("no such directory", func(t *testing.T) {
		wantOneWarning(t, session(t, filepath.Join(t.TempDir(), "none", "admin")))
	})
}

// socket is a unix socket whose file remains after Close, as after a crash.
type socket struct{ *net.UnixListener }

func (s socket) Close() { _ = s.UnixListener.Close() }

// listenUnix listens at a path.
func listenUnix(t *testing.T, path string) socket {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return socket{l}
}

// wantOneWarning expects a session that cannot serve its page to log one warning with a hint, and to continue.
func wantOneWarning(t *testing.T, h *mcptest.Host) {
	t.Helper()
	c := mcptest.Connect(h)
	if got := c.Tool("echo", mcptest.Object{"text": "still here"}).Text(); got != "still here" {
		t.Errorf(`echo("still here") = %q`, got)
	}
	endSession(t, h)
	stderr := h.Stderr.String()
	if strings.Count(stderr, "spanpipe: warning: ") != 1 || !strings.Contains(stderr, "metrics are not served") ||
		!strings.Contains(stderr, "hint: SPANPIPE_ADMIN_ADDR") {
		t.Errorf("stderr = %q, want one warning with a hint", stderr)
	}
}

// TestAdminAddressInvalid: an address that cannot be served leads to one warning.
func TestAdminAddressInvalid(t *testing.T) {
	for name, address := range map[string]string{"no port": "127.0.0.1", "no address": "what is this"} {
		t.Run(name, func(t *testing.T) {
			h := open(t, cast.As(t, "server"), "SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_ADMIN_ADDR="+address)
			wantOneWarning(t, h)
		})
	}
}

// TestAdminHostName: a web page must not read the metrics through a name of its own that resolves to this machine (DNS
// rebinding).
func TestAdminHostName(t *testing.T) {
	h := open(t, cast.As(t, "server"),
		"SPANPIPE_TELEMETRY=prometheus", "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0")
	page := servedPage(t, h)
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:9464": 200, "127.0.0.1": 200, page.address: 200, "127.8.8.8:1": 200,
		"[::1]:9464":       200,
		"attacker.example": 403, "attacker.example:9464": 403, "localhost.attacker.example": 403, "192.0.2.1:9464": 403,
		"127.0.0.1.attacker.example": 403, "0.0.0.0:9464": 403,
	} {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			got, text := page.get(host, path)
			if path == "/readyz" && want == 200 {
				want = 503 // no handshake yet
			}
			if got != want {
				t.Errorf("%s with Host %s = %d, want %d", path, host, got, want)
			}
			if want == 403 && strings.Contains(text, "spanpipe_") {
				t.Errorf("%s with Host %s shows metrics: %.200q", path, host, text)
			}
		}
	}
}

// TestAdminVetoed: a session that may not serve a page never creates a socket.
func TestAdminVetoed(t *testing.T) {
	for _, test := range []struct {
		name      string
		variables []string
	}{
		{"telemetry is off", nil},
		{"off in the list", []string{"SPANPIPE_TELEMETRY=prometheus,off"}},
		{"OTEL_SDK_DISABLED", []string{"SPANPIPE_TELEMETRY=prometheus", "OTEL_SDK_DISABLED=true"}},
		{"DO_NOT_TRACK", []string{"SPANPIPE_TELEMETRY=prometheus,console", "DO_NOT_TRACK=1"}},
		{"DO_NOT_TRACK without another sink", []string{"SPANPIPE_TELEMETRY=prometheus", "DO_NOT_TRACK=1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := socketPath(t)
			before, err := os.Stat(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			variables := append(test.variables, "SPANPIPE_ADMIN_ADDR=unix:"+path, "SPANPIPE_LOG_LEVEL=info")
			h := open(t, cast.As(t, "server"), variables...)
			mcptest.Connect(h).Tool("echo", nil)
			endSession(t, h)
			if strings.Contains(h.Stderr.String(), "metrics") {
				t.Errorf("stderr mentions metrics: %s", h.Stderr)
			}
			after, err := os.Stat(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			if after.ModTime() != before.ModTime() { // creating and removing a socket both change it
				t.Error("the socket's directory has changed")
			}
		})
	}
}
